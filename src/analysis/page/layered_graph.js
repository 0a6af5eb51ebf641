// A layered graph to look at: the drawing, a legend that brings out one kind of unit, and the values under the pointer.
'use strict';

window.layered_graph = (() => {
  const {element, faded, number} = window.page;
  const {states, sample, layout, labels, shade, units_text} = window.graph_drawing;
  const order = Object.keys(states).join('');
  const widest_bitmap = 16000;  // pixels; browsers refuse wider ones

  /** How many of each state. */
  function count(units) {
    const counts = {};
    for (const state of units) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  }

  /** One mask's graph in `box`; arguments as in draw(). */
  class View {
    constructor(box, structure, mask, link_values) {
      this.layers = structure.layers;
      this.mask = mask;
      this.links = structure.links.map((link, index) => ({...link, index, arc: link.fixed || link.to - link.from > 1}));
      this.links.filter((link) => !link.fixed).forEach((link, i) =>
        Object.assign(link, link_values[i], {collapsed: link_values[i].kept === 0}));
      this.canvas = element('canvas', {role: 'img', 'aria-label': 'The layered graph. The table has its values.'});
      this.pen = this.canvas.getContext('2d');
      this.pen.font = this.font = `12px ${getComputedStyle(document.body).fontFamily}`;
      this.place = layout(this.layers, this.links.some((link) => link.arc), box.clientWidth || 1100);
      this.names = labels(this.pen, this.place, this.layers);
      this.place.height = this.place.bottom + this.names.height;
      this.edges = this.place.columns.every((column) => !column.shares) ? mask.edges : null;
      this.only = null;
      this.tip = element('div', {class: 'tip', hidden: true});
      box.append(this.legend(), element('div', {class: 'scroll', tabindex: '0'},
        element('div', {class: 'graph'}, this.canvas, this.tip)));
      this.canvas.addEventListener('pointermove', (event) => this.point(event.offsetX, event.offsetY));
      this.canvas.addEventListener('pointerleave', () => { this.tip.hidden = true; });
      this.paint();
    }

    legend() {
      const counts = count(this.mask.units.state.join(''));
      this.buttons = [...order].filter((state) => counts[state]).map((state) => element('button', {
        type: 'button', 'aria-pressed': 'false', 'data-state': state, title: 'Bring out these units',
        onclick: () => {
          this.only = this.only === state ? null : state;
          this.paint();
        }}, sample(state), `${states[state].name} (${number(counts[state])})`));
      this.grouped = element('input', {type: 'checkbox', onchange: () => this.paint()});
      return element('div', {class: 'legend'}, ...this.buttons,
        element('label', {}, this.grouped, ' group units by state'),
        !this.edges && element('span', {class: 'scale'}, 'density of a link: 0.01 %', density_scale(), '100 %'));
    }

    /** Units of a layer in the order drawn. */
    arrange(layer) {
      const units = Array.from(layer, (_, unit) => unit);
      if (this.grouped.checked) units.sort((a, b) => order.indexOf(layer[a]) - order.indexOf(layer[b]) || a - b);
      const place_of = [];
      units.forEach((unit, place) => { place_of[unit] = place; });
      return {units, place_of, states: units.map((unit) => layer[unit])};
    }

    paint() {
      for (const button of this.buttons)
        button.setAttribute('aria-pressed', String(button.dataset.state === this.only));
      const {canvas, pen, place} = this;
      this.ratio = Math.min(window.devicePixelRatio || 1, widest_bitmap / place.width);
      canvas.width = Math.round(place.width * this.ratio);
      canvas.height = Math.round(place.height * this.ratio);
      canvas.style.width = `${place.width}px`;
      canvas.style.height = `${place.height}px`;
      pen.scale(this.ratio, this.ratio);
      pen.font = this.font;
      this.shown = this.mask.units.state.map((layer) => this.arrange(layer));
      window.graph_drawing.draw(pen, place, this.layers, this.links, this.shown, this.edges, this.only, this.names);
    }

    unit_text(i, x, y) {
      const column = this.place.columns[i], layer = this.layers[i];
      const at = Math.floor((y - column.y) / column.cell) * column.per_row + Math.floor((x - column.x) / column.cell);
      if (column.shares || at >= layer.units) return this.layer_text(i);
      const unit = this.shown[i].units[at], {state, in: enter, out: leave} = this.mask.units;
      const edges = [!layer.input && `${number(enter[i][unit])} kept edges in`,
        !layer.output && `${number(leave[i][unit])} out`].filter(Boolean);
      return `${layer.name}[${unit}]\n${states[state[i][unit]].name}\n${edges.join(', ')}`;
    }

    layer_text(i) {
      const counts = count(this.mask.units.state[i]);
      return [`${this.layers[i].name}: ${units_text(this.layers[i].units)}`,
        ...[...order].filter((s) => counts[s]).map((s) => `${number(counts[s])} ${states[s].name}`)].join('\n');
    }

    link_text(link) {
      const ends = `${this.layers[link.from].name} → ${this.layers[link.to].name}`;
      if (link.fixed) return `${ends}\nfixed: no parameters`;
      return `link ${link.name}: ${ends}\n${number(link.kept)} of ${number(link.prunable)} kept\n` +
        `density ${number(link.density)}, effective ${number(link.effective_density)}` +
        (link.collapsed ? '\ncollapsed' : '');
    }

    /** What stands at a place of the drawing; null where nothing does. */
    text_at(x, y) {
      const {place, pen, ratio} = this;
      for (const [i, c] of place.columns.entries()) {
        if (x >= c.x && x < c.x + c.width && y >= c.y && y < c.y + c.height) return this.unit_text(i, x, y);
        const below = y > place.bottom && y < place.bottom + 40;
        if (below && Math.abs(x - c.x - c.width / 2) < place.pitch / 2) return this.layer_text(i);
      }
      pen.lineWidth = 8;  // an arc is easier to hit than it is thick
      const hit = this.links.find(({arc, path}) =>
        arc ? pen.isPointInStroke(path, x * ratio, y * ratio) : pen.isPointInPath(path, x * ratio, y * ratio));
      return hit ? this.link_text(hit) : null;
    }

    point(x, y) {
      const {tip, place} = this, text = this.text_at(x, y);
      tip.hidden = text === null;
      if (text === null) return;
      tip.textContent = text;
      const right = x + 14 + tip.offsetWidth <= place.width;
      tip.style.left = `${right ? x + 14 : Math.max(0, x - tip.offsetWidth - 10)}px`;
      tip.style.top = `${Math.min(y + 12, place.height - tip.offsetHeight)}px`;
    }
  }

  /** The shades of links from the lowest density to the highest. */
  function density_scale() {
    const scale = element('canvas', {width: '96', height: '12', 'aria-hidden': 'true'});
    const pen = scale.getContext('2d');
    for (let x = 0; x < scale.width; ++x) {
      pen.fillStyle = faded('soft', shade(x / (scale.width - 1)));
      pen.fillRect(x, 0, 1, scale.height);
    }
    return scale;
  }

  /**
   * Draws into `box`. `structure`: {layers, links}; `mask`: {units: {state, in, out}, edges}; `link_values`, of the
   * weighted links in their order: {kept, prunable, density, effective_density}.
   */
  const draw = (box, structure, mask, link_values) => new View(box, structure, mask, link_values);
  return {draw, states};
})();
