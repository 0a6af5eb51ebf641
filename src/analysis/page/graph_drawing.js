// Draws a layered graph on a canvas: layers are columns, units marks in them, links bands or, where few, the edges.
//
//   ▪▪▪ ╲___ ▪▪ ___ ▪     All columns have marks of one size, the largest with which the widest layer fits, so that a
//   ▪▪▪      ▪▪     ▪     column's area is its number of units. A link that passes layers by, such as a shortcut, is an
//   ▪▪▪ ╱‾‾‾ ▪▪ ‾‾‾       arc above them.
'use strict';

window.graph_drawing = (() => {
  const {colour, faded, number, shortened} = window.page;

  /** What a unit can be, in the order of the legend. Marks differ in shape, too, where they are large enough. */
  const states = {
    p: {name: 'on a path', colour: 'path', shape: 'square'},
    c: {name: 'in the minimum cut', colour: 'cut', shape: 'diamond'},
    t: {name: 'dead, passed by a shortcut', colour: 'through', shape: 'bar'},
    s: {name: 'stub', colour: 'stub', shape: 'triangle'},
    o: {name: 'on no path', colour: 'off', shape: 'cross'},
    d: {name: 'dead', colour: 'dead', shape: 'ring'},
    u: {name: 'unused input or output', colour: 'unused', shape: 'circle'},
  };

  const column_height = 440, smallest_mark = 2, largest_mark = 14, narrowest_pitch = 24, widest_canvas = 12000;
  const slant = Math.PI / 3.2;

  /** The outline of a mark in a square of this size; true if it is to be stroked, not filled. */
  function trace(path, shape, x, y, size) {
    const half = size / 2;
    if (shape === 'diamond') {
      path.moveTo(x + half, y);
      path.lineTo(x + size, y + half);
      path.lineTo(x + half, y + size);
      path.lineTo(x, y + half);
      path.closePath();
    } else if (shape === 'triangle') {
      path.moveTo(x + half, y);
      path.lineTo(x + size, y + size);
      path.lineTo(x, y + size);
      path.closePath();
    } else if (shape === 'bar') {
      path.rect(x, y + size * 0.3, size, size * 0.4);
    } else if (shape === 'circle' || shape === 'ring') {
      path.moveTo(x + size * 0.95, y + half);
      path.arc(x + half, y + half, size * 0.45, 0, 2 * Math.PI);
    } else if (shape === 'cross') {
      path.moveTo(x, y);
      path.lineTo(x + size, y + size);
      path.moveTo(x + size, y);
      path.lineTo(x, y + size);
    } else {
      path.rect(x, y, size, size);
    }
    return shape === 'ring' || shape === 'cross';
  }

  /** A mark as a picture of its own, for the legend. */
  function sample(state) {
    const {shape, colour: name} = states[state];
    const drawing = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    drawing.setAttribute('viewBox', '0 0 12 12');
    drawing.setAttribute('aria-hidden', 'true');
    const steps = [];
    const recorder = {
      moveTo: (x, y) => steps.push(`M${x} ${y}`), lineTo: (x, y) => steps.push(`L${x} ${y}`),
      closePath: () => steps.push('Z'), rect: (x, y, w, h) => steps.push(`M${x} ${y}h${w}v${h}h${-w}Z`),
      arc: (x, y, r) => steps.push(`A${r} ${r} 0 1 1 ${x - r} ${y}A${r} ${r} 0 1 1 ${x + r} ${y}`)};
    const stroked = trace(recorder, shape, 1, 1, 10);
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', steps.join(''));
    path.setAttribute('fill', stroked ? 'none' : colour(name));
    if (stroked) path.setAttribute('stroke', colour(name));
    if (stroked) path.setAttribute('stroke-width', '2');
    drawing.append(path);
    return drawing;
  }

  /** Where everything stands: columns [{x, y, width, height, rows, per_row, cell}], by layer. */
  function layout(layers, passing, width) {
    const margin = 46, pitch_in = (room) => (room - 2 * margin) / layers.length;
    const pitch = Math.min(Math.max(pitch_in(width), narrowest_pitch), pitch_in(widest_canvas));
    const strip = Math.max(2, Math.min(pitch * 0.62, 110));  // the widest column
    const most = Math.max(...layers.map((layer) => layer.units));
    const columns_of = (cell) => Math.ceil(most / Math.floor(column_height / cell));
    let cell = largest_mark;
    while (cell > smallest_mark && columns_of(cell) * cell > strip) cell -= 1;
    // Beyond what fits even so, a column shows shares of states instead of units.
    const fits = Math.max(1, Math.floor(strip / cell)) * Math.floor(column_height / cell);
    const height = Math.min(column_height, Math.max(120, cell * Math.ceil(most / Math.max(1, columns_of(cell)))));
    const top = passing ? 78 : 16;
    const columns = layers.map((layer, i) => {
      const rows_at_most = Math.floor(height / cell);
      const shares = layer.units > fits;
      const per_row = shares ? 1 : Math.max(1, Math.ceil(layer.units / rows_at_most));
      const rows = Math.ceil(layer.units / per_row);
      const size = shares ? {width: strip, height} : {width: per_row * cell, height: rows * cell};
      return {...size, per_row, rows, cell, shares, x: margin + pitch * (i + 0.5) - size.width / 2,
        y: top + (height - size.height) / 2};
    });
    const total = Math.max(width, 2 * margin + pitch * layers.length);
    return {columns, pitch, top, bottom: top + height, width: total};
  }

  /** 0 for a density of 1e-4 or less, 1 for 1. */
  const strength = (density) => Math.min(1, Math.max(0, 1 + Math.log10(Math.max(density, 1e-9)) / 4));

  const shade = (strong) => 0.05 + 0.5 * strong;

  /** The line or area of a link that is not drawn edge by edge. */
  function link_path(link, place) {
    const from = place.columns[link.from], to = place.columns[link.to], path = new Path2D();
    if (!link.arc) {
      const x0 = from.x + from.width + 2, x1 = to.x - 2;
      path.moveTo(x0, from.y);
      path.lineTo(x1, to.y);
      path.lineTo(x1, to.y + to.height);
      path.lineTo(x0, from.y + from.height);
      path.closePath();
    } else {
      const x0 = from.x + from.width / 2, x1 = to.x + to.width / 2;
      const above = place.top - 10 - Math.min(62, 10 + 9 * (link.to - link.from));
      path.moveTo(x0, from.y - 3);
      path.bezierCurveTo(x0, above, x1, above, x1, to.y - 3);
    }
    return path;
  }

  /** A band without anything in it: its outline, dashed, and a cross. */
  function draw_collapsed(pen, place, link, path) {
    const from = place.columns[link.from], to = place.columns[link.to];
    pen.setLineDash([3, 3]);
    pen.lineWidth = 1.5;
    pen.strokeStyle = colour('stub');
    pen.stroke(path);
    pen.setLineDash([]);
    pen.lineWidth = 3;
    const gap = to.x - from.x - from.width, x = from.x + from.width + gap / 2, y = (place.top + place.bottom) / 2;
    const arm = Math.max(2, Math.min(7, gap / 2 - 2));
    pen.beginPath();
    pen.moveTo(x - arm, y - arm);
    pen.lineTo(x + arm, y + arm);
    pen.moveTo(x + arm, y - arm);
    pen.lineTo(x - arm, y + arm);
    pen.stroke();
  }

  function draw_arc(pen, link, path) {
    pen.setLineDash(link.fixed ? [4, 3] : []);
    pen.lineWidth = link.fixed ? 1.2 : 1 + 2.5 * strength(link.density);
    pen.strokeStyle = link.collapsed ? colour('stub') : faded('soft', link.fixed ? 0.7 : 0.9);
    pen.stroke(path);
    pen.setLineDash([]);
  }

  /** Leaves each link's path in link.path, for the pointer to be found on. */
  function draw_links(pen, place, links, shown, edges) {
    for (const link of links) {
      link.path = link_path(link, place);
      if (link.arc) {
        draw_arc(pen, link, link.path);
      } else if (link.collapsed) {
        draw_collapsed(pen, place, link, link.path);
      } else if (edges) {
        draw_edges(pen, place, link, shown, edges[link.index]);
      } else {
        pen.fillStyle = faded('soft', shade(strength(link.density)));
        pen.fill(link.path);
      }
    }
  }

  function centre(column, index) {
    const {cell, per_row} = column;
    return [column.x + (index % per_row + 0.5) * cell, column.y + (Math.floor(index / per_row) + 0.5) * cell];
  }

  /** Edges on a path, whose ends are both on one, stand out; a dense link's are the fainter. */
  function draw_edges(pen, place, link, shown, list) {
    const from = place.columns[link.from], to = place.columns[link.to];
    const sources = shown[link.from], targets = shown[link.to];
    const on_path = (layer, unit) => 'pct'.includes(layer.states[layer.place_of[unit]]);
    for (const wanted of [false, true]) {
      pen.beginPath();
      for (const [source, target] of list) {
        if ((on_path(sources, source) && on_path(targets, target)) !== wanted) continue;
        const [x0, y0] = centre(from, sources.place_of[source]);
        const [x1, y1] = centre(to, targets.place_of[target]);
        pen.moveTo(x0 + from.cell / 2, y0);
        pen.lineTo(x1 - to.cell / 2, y1);
      }
      const faint = Math.min(1, 300 / Math.max(1, list.length));
      pen.lineWidth = 1;
      pen.strokeStyle = wanted ? faded('path', 0.15 + 0.55 * faint) : faded('soft', 0.1 + 0.3 * faint);
      pen.stroke();
    }
  }

  /** Marks of one layer; `only`: the state to bring out, or none. */
  function draw_units(pen, column, shown, only) {
    const gap = column.cell >= 4 ? 1 : 0, size = column.cell - gap;
    for (const [state, {shape, colour: name}] of Object.entries(states)) {
      const path = new Path2D();
      const shape_drawn = size >= 5 ? shape : 'square';
      let stroked = false, any = false;
      for (let at = 0; at < shown.length; ++at) {
        if (shown[at] !== state) continue;
        const x = column.x + (at % column.per_row) * column.cell;
        const y = column.y + Math.floor(at / column.per_row) * column.cell;
        stroked = trace(path, shape_drawn, x + gap / 2, y + gap / 2, size);
        any = true;
      }
      if (!any) continue;
      pen.globalAlpha = only && only !== state ? 0.12 : 1;
      pen.fillStyle = pen.strokeStyle = colour(name);
      pen.lineWidth = 1.5;
      if (stroked) pen.stroke(path);
      else pen.fill(path);
      pen.globalAlpha = 1;
    }
  }

  /** A layer with too many units for marks: its states' shares, from the top. */
  function draw_shares(pen, column, shown, only) {
    let y = column.y;
    for (const [state, {colour: name}] of Object.entries(states)) {
      const part = column.height * [...shown].filter((s) => s === state).length / shown.length;
      pen.globalAlpha = only && only !== state ? 0.12 : 1;
      pen.fillStyle = colour(name);
      pen.fillRect(column.x, y, column.width, part);
      y += part;
    }
    pen.globalAlpha = 1;
  }

  const units_text = (units) => `${number(units)} unit${units === 1 ? '' : 's'}`;

  /** Names below the columns, slanted where they would touch. */
  function labels(pen, place, layers) {
    const texts = layers.map((layer) => shortened(layer.name));
    const widths = layers.map((layer, i) =>
      Math.max(pen.measureText(texts[i]).width, pen.measureText(units_text(layer.units)).width));
    const slanted = Math.max(...widths) + 10 > place.pitch;
    return {texts, slanted, height: slanted ? 24 + Math.sin(slant) * Math.max(...widths) : 46};
  }

  function draw_labels(pen, place, layers, {texts, slanted}) {
    const every = Math.ceil(13 / place.pitch);
    pen.fillStyle = colour('soft');
    layers.forEach((layer, i) => {
      if (i % every !== 0) return;
      const column = place.columns[i];
      pen.save();
      pen.translate(column.x + column.width / 2, place.bottom + (slanted ? 12 : 18));
      if (slanted) pen.rotate(-slant);
      pen.textAlign = slanted ? 'right' : 'center';
      pen.fillText(texts[i], 0, 4);
      if (!slanted) pen.fillText(units_text(layer.units), 0, 20);
      pen.restore();
    });
  }

  /**
   * The whole picture. `shown`: by layer {states, place_of}: states in the order drawn, and of each unit its place in
   * that order; `edges`: null, or by link [[source, target], …]; `only`: the state to bring out, or null.
   */
  function draw(pen, place, layers, links, shown, edges, only, names) {
    draw_links(pen, place, links, shown, edges);
    place.columns.forEach((column, i) =>
      (column.shares ? draw_shares : draw_units)(pen, column, shown[i].states, only));
    draw_labels(pen, place, layers, names);
  }

  return {states, sample, layout, labels, draw, shade, units_text};
})();
