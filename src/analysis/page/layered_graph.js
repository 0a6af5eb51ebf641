// Draws a layered graph: layers are columns, units marks in them, links bands or, where edges are few, the edges.
//
//        ▪▪▪ ╲___ ▪▪ ___ ▪       All columns use the same size of mark, the largest with which the widest layer fits,
//        ▪▪▪      ▪▪     ▪       so a column's area is its number of units. A link that passes layers by, such as a
//        ▪▪▪ ╱‾‾‾ ▪▪ ‾‾‾         shortcut, is an arc above them.
'use strict';

window.layered_graph = (() => {
  const {element, colour, faded, number, shortened} = window.page;

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
      path.moveTo(x + half, y); path.lineTo(x + size, y + half); path.lineTo(x + half, y + size); path.lineTo(x, y + half);
      path.closePath();
    } else if (shape === 'triangle') {
      path.moveTo(x + half, y); path.lineTo(x + size, y + size); path.lineTo(x, y + size); path.closePath();
    } else if (shape === 'bar') {
      path.rect(x, y + size * 0.3, size, size * 0.4);
    } else if (shape === 'circle' || shape === 'ring') {
      path.moveTo(x + size * 0.95, y + half);
      path.arc(x + half, y + half, size * 0.45, 0, 2 * Math.PI);
    } else if (shape === 'cross') {
      path.moveTo(x, y); path.lineTo(x + size, y + size); path.moveTo(x + size, y); path.lineTo(x, y + size);
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
    const margin = 46, room = width - 2 * margin;
    const pitch = Math.min(Math.max(room / layers.length, narrowest_pitch), (widest_canvas - 2 * margin) / layers.length);
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
      path.moveTo(x0, from.y); path.lineTo(x1, to.y); path.lineTo(x1, to.y + to.height); path.lineTo(x0, from.y + from.height);
      path.closePath();
    } else {
      const x0 = from.x + from.width / 2, x1 = to.x + to.width / 2;
      const above = place.top - 10 - Math.min(62, 10 + 9 * (link.to - link.from));
      path.moveTo(x0, from.y - 3);
      path.bezierCurveTo(x0, above, x1, above, x1, to.y - 3);
    }
    return path;
  }

  function draw_links(pen, place, links, edges) {
    for (const link of links) {
      const path = link_path(link, place);
      link.path = path;
      pen.setLineDash(link.fixed ? [4, 3] : []);
      if (link.arc) {
        pen.lineWidth = link.fixed ? 1.2 : 1 + 2.5 * strength(link.density);
        pen.strokeStyle = link.collapsed ? colour('stub') : faded('soft', link.fixed ? 0.7 : 0.9);
        pen.stroke(path);
      } else if (link.collapsed) {
        const from = place.columns[link.from], to = place.columns[link.to];
        pen.setLineDash([3, 3]);
        pen.lineWidth = 1.5;
        pen.strokeStyle = colour('stub');
        pen.stroke(path);
        pen.setLineDash([]);
        pen.lineWidth = 3;
        const x = (from.x + from.width + to.x) / 2, y = (place.top + place.bottom) / 2;
        const arm = Math.min(7, (to.x - from.x - from.width) / 2 - 2);
        pen.beginPath();
        pen.moveTo(x - arm, y - arm); pen.lineTo(x + arm, y + arm); pen.moveTo(x + arm, y - arm); pen.lineTo(x - arm, y + arm);
        pen.stroke();
      } else if (edges) {
        draw_edges(pen, place, link, edges[link.index]);
      } else {
        pen.fillStyle = faded('soft', shade(strength(link.density)));
        pen.fill(path);
      }
      pen.setLineDash([]);
    }
  }

  function centre(column, index) {
    const {cell, per_row} = column;
    return [column.x + (index % per_row + 0.5) * cell, column.y + (Math.floor(index / per_row) + 0.5) * cell];
  }

  /** Edges on a path, whose ends are both on one, stand out; a dense link's are the fainter. */
  function draw_edges(pen, place, link, list) {
    const from = place.columns[link.from], to = place.columns[link.to];
    for (const wanted of [false, true]) {
      pen.beginPath();
      for (const [source, target] of list) {
        if ((link.on_path[0][source] && link.on_path[1][target]) !== wanted) continue;
        const [x0, y0] = centre(from, link.order[0][source]), [x1, y1] = centre(to, link.order[1][target]);
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
        const x = column.x + (at % column.per_row) * column.cell, y = column.y + Math.floor(at / column.per_row) * column.cell;
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
   * Draws into `box`. `structure` has layers and links; `mask` units {state, in, out} and edges; `links` by name of
   * weighted links: {kept, prunable, density, effective_density}.
   */
  function draw(box, structure, mask, link_values) {
    const canvas = element('canvas', {role: 'img', tabindex: '0',
      'aria-label': 'The layered graph; its values are in the table below.'});
    const tip = element('div', {class: 'tip', hidden: true});
    const holder = element('div', {class: 'graph'}, canvas, tip);
    const pen = canvas.getContext('2d');
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    let weighted = 0;
    const links = structure.links.map((link, index) => {
      const values = link.fixed ? {} : link_values[weighted++];
      return {...link, ...values, index, arc: link.fixed || link.to - link.from > 1, collapsed: values.kept === 0};
    });
    const place = layout(structure.layers, links.some((link) => link.arc), box.clientWidth || 1100);
    pen.font = font;
    const names = labels(pen, place, structure.layers);
    place.height = place.bottom + names.height;
    const counts = {};
    for (const layer of mask.units.state) for (const state of layer) counts[state] = (counts[state] ?? 0) + 1;
    const grouped = element('input', {type: 'checkbox', onchange: () => paint()});
    let only = null;
    const buttons = Object.keys(states).filter((state) => counts[state]).map((state) => element('button', {
      type: 'button', 'aria-pressed': 'false', 'data-state': state, title: 'Bring out these units',
      onclick: () => { only = only === state ? null : state; paint(); }},
      sample(state), `${states[state].name} (${number(counts[state])})`));
    const drawn_edges = mask.edges && place.columns.every((column) => !column.shares) ? mask.edges : null;
    const scale = element('canvas', {width: '96', height: '12', 'aria-hidden': 'true'});
    const several = structure.layers.some((layer) => layer.units > 1);
    box.append(element('div', {class: 'legend'}, ...buttons,
      several && element('label', {}, grouped, ' group units by state'),
      !drawn_edges && element('span', {class: 'scale'}, 'density of a link: 0.01 %', scale, '100 %')),
      element('div', {class: 'scroll', tabindex: '0'}, holder));

    const on_path = mask.units.state.map((layer) => Array.from(layer, (state) => 'pct'.includes(state)));
    let shown = [];  // by layer: {states, units} in the order drawn

    function paint() {
      for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.state === only));
      const ratio = Math.min(window.devicePixelRatio || 1, 16000 / place.width);
      canvas.width = Math.round(place.width * ratio);
      canvas.height = Math.round(place.height * ratio);
      canvas.style.width = `${place.width}px`;
      canvas.style.height = `${place.height}px`;
      pen.scale(ratio, ratio);
      pen.font = font;
      shown = mask.units.state.map((layer) => {
        const units = Array.from(layer, (_, i) => i);
        const order = Object.keys(states).join('');
        if (grouped.checked) units.sort((a, b) => order.indexOf(layer[a]) - order.indexOf(layer[b]) || a - b);
        return {states: units.map((i) => layer[i]), units};
      });
      const places = shown.map(({units}) => {
        const at = [];
        units.forEach((unit, i) => { at[unit] = i; });
        return at;
      });
      for (const link of links) {
        link.order = [places[link.from], places[link.to]];
        link.on_path = [on_path[link.from], on_path[link.to]];
      }
      draw_links(pen, place, links, drawn_edges);
      place.columns.forEach((column, i) => (column.shares ? draw_shares : draw_units)(pen, column, shown[i].states, only));
      draw_labels(pen, place, structure.layers, names);
      const ink = scale.getContext('2d');
      ink.clearRect(0, 0, 96, 12);
      for (let x = 0; x < 96; ++x) {
        ink.fillStyle = faded('soft', shade(x / 95));
        ink.fillRect(x, 0, 1, 12);
      }
    }

    function unit_text(i, x, y) {
      const column = place.columns[i], layer = structure.layers[i];
      const at = Math.floor((y - column.y) / column.cell) * column.per_row + Math.floor((x - column.x) / column.cell);
      if (column.shares || at >= layer.units) return layer_text(i);
      const unit = shown[i].units[at];
      const edges = [!layer.input && `${number(mask.units.in[i][unit])} kept edges in`,
        !layer.output && `${number(mask.units.out[i][unit])} out`].filter(Boolean).join(', ');
      return `${layer.name}[${unit}]\n${states[mask.units.state[i][unit]].name}\n${edges}`;
    }
    function layer_text(i) {
      const layer = structure.layers[i], found = {};
      for (const state of mask.units.state[i]) found[state] = (found[state] ?? 0) + 1;
      return [`${layer.name}: ${units_text(layer.units)}`,
        ...Object.keys(states).filter((s) => found[s]).map((s) => `${number(found[s])} ${states[s].name}`)].join('\n');
    }
    function link_text(link) {
      const ends = `${structure.layers[link.from].name} → ${structure.layers[link.to].name}`;
      if (link.fixed) return `${ends}\nfixed: no parameters`;
      return `link ${link.name}: ${ends}\n${number(link.kept)} of ${number(link.prunable)} kept\n` +
        `density ${number(link.density)}, effective ${number(link.effective_density)}${link.collapsed ? '\ncollapsed' : ''}`;
    }
    function text_at(x, y) {
      const ratio = canvas.width / place.width;
      for (let i = 0; i < place.columns.length; ++i) {
        const c = place.columns[i];
        if (x >= c.x && x < c.x + c.width && y >= c.y && y < c.y + c.height) return unit_text(i, x, y);
        if (Math.abs(x - c.x - c.width / 2) < place.pitch / 2 && y > place.bottom && y < place.bottom + 40) return layer_text(i);
      }
      for (const link of links) {
        pen.lineWidth = 8;
        if (link.arc ? pen.isPointInStroke(link.path, x * ratio, y * ratio) : pen.isPointInPath(link.path, x * ratio, y * ratio))
          return link_text(link);
      }
      return null;
    }
    canvas.addEventListener('pointermove', (event) => {
      const text = text_at(event.offsetX, event.offsetY);
      tip.hidden = text === null;
      if (text === null) return;
      tip.textContent = text;
      const left = event.offsetX + 14 + tip.offsetWidth > place.width ? event.offsetX - tip.offsetWidth - 10 : event.offsetX + 14;
      tip.style.left = `${left}px`;
      tip.style.top = `${Math.min(event.offsetY + 12, place.height - tip.offsetHeight)}px`;
    });
    canvas.addEventListener('pointerleave', () => { tip.hidden = true; });
    paint();
  }

  return {draw, states};
})();
