// The frame of all report pages: the theme, and figures, each a chart with its values as a table and as CSV.
// A page's own scripts run after this one and use window.page. No script here asks the network for anything, and texts
// come into the page as text nodes only: names may come from untrusted files.
'use strict';

window.page = (() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const main = document.getElementById('page');
  const redraws = new Set();  // what a change of the theme draws anew

  const is_there = (value) => value !== false && value !== null && value !== undefined;

  /** element('p', {class: 'note'}, 'text', child, …); listeners as {onclick: f}; false and null are left out. */
  function element(name, attributes = {}, ...children) {
    const result = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith('on')) result.addEventListener(key.slice(2), value);
      else if (is_there(value)) result.setAttribute(key, value === true ? '' : value);
    }
    result.append(...children.filter(is_there));
    return result;
  }

  /** A colour of the style sheet, as it is in the theme of the moment. */
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  /** The same, see-through: alpha 0 … 1. */
  function faded(name, alpha) {
    const hex = colour(name);
    return hex + Math.round(alpha * 255).toString(16).padStart(2, '0');
  }

  // --- Numbers ---
  const grouped = new Intl.NumberFormat('en-US', {maximumFractionDigits: 0});
  /** For people: 12,345; 0.0213; 1.3e-7; "–" for what does not exist. */
  function number(x, digits = 4) {
    if (x === null || x === undefined || Number.isNaN(x)) return '–';
    if (typeof x !== 'number') return String(x);
    if (Number.isInteger(x) && Math.abs(x) < 1e15) return grouped.format(x);
    const size = Math.abs(x);
    if (size >= 1e6 || size < 1e-4) return Number(x.toPrecision(digits - 1)).toExponential();
    return String(Number(x.toPrecision(digits)));
  }
  /** A name's end, which tells more than its beginning, where it is long. */
  const shortened = (name, longest = 18) => (name.length > longest ? `…${name.slice(1 - longest)}` : name);
  /** 10^3.19, of a natural logarithm. */
  const power_of_ten = (log) => log === null || log === undefined ? '–' : `10^${(log / Math.LN10).toFixed(2)}`;

  // --- CSV ---
  /** A text that a spreadsheet would take for a formula gets an apostrophe before it. */
  function csv_field(value) {
    if (value === null || value === undefined) return '';
    if (typeof value === 'number') return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
  const csv = ({columns, rows}) => [columns, ...rows].map((row) => row.map(csv_field).join(',') + '\r\n').join('');

  function download(name, text) {
    const address = URL.createObjectURL(new Blob([text], {type: 'text/csv'}));
    const link = element('a', {href: address, download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  // --- Tables ---
  const most_rows = 2000;
  function table({columns, rows}) {
    const head = element('tr', {}, ...columns.map((name) => element('th', {scope: 'col'}, name)));
    const body = rows.slice(0, most_rows).map((row) => element('tr', {}, ...row.map(
      (value) => element('td', typeof value === 'string' ? {class: 'text'} : {}, number(value, 6)))));
    const more = rows.length - most_rows;
    return element('div', {class: 'scroll', tabindex: '0'},
      element('table', {}, element('thead', {}, head), element('tbody', {}, ...body)),
      more > 0 && element('p', {class: 'note'}, `${number(more)} more rows in the CSV.`));
  }

  // --- Charts ---
  function chart_defaults() {
    Chart.defaults.animation = false;
    Chart.defaults.maintainAspectRatio = false;
    Chart.defaults.color = colour('soft');
    Chart.defaults.borderColor = colour('grid');
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.plugins.legend.labels.usePointStyle = true;
    Chart.defaults.plugins.legend.labels.boxHeight = 7;
    Object.assign(Chart.defaults.plugins.tooltip, {
      backgroundColor: colour('ink'), titleColor: colour('paper'), bodyColor: colour('paper'), usePointStyle: true,
      multiKeyBackground: colour('ink')});
    Chart.defaults.plugins.tooltip.callbacks.label =
      (item) => `${item.dataset.label}: ${number(item.dataset.values?.[item.dataIndex] ?? item.parsed.y)}`;
  }

  /** For a logarithmic axis: ticks at the powers of ten; where there are few of these, at 2 and 5 times them, too. */
  function keep_round_ticks(scale) {
    const decades = Math.log10(scale.max / scale.min);
    scale.ticks = scale.ticks.filter(({value}) => {
      const digit = Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));
      return digit === 1 || (decades < 1.6 && (digit === 2 || digit === 5));
    });
  }

  // Parts of chart configurations: series, of a colour's name, …
  const dots = (label, values, name, shape) => ({
    label, data: values, borderColor: colour(name), backgroundColor: colour(name), pointStyle: shape, pointRadius: 4,
    pointHoverRadius: 6, borderWidth: 1.5});
  const bars = (label, values, name) => ({
    label, data: values, backgroundColor: colour(name), categoryPercentage: 1, barPercentage: 0.94});
  const line = (label, points, name, dash = []) => ({
    label, data: points, borderColor: colour(name), backgroundColor: colour(name), borderDash: dash, borderWidth: 2,
    pointRadius: 0, pointHitRadius: 8, pointStyle: 'line', showLine: true});
  // … axes, …
  const axis = (title, more = {}) => ({title: {display: true, text: title}, ...more});
  const counts_axis = (title) => axis(title, {min: 0, suggestedMax: 1, ticks: {precision: 0}});
  const log_axis = (title, more = {}) =>
    axis(title, {type: 'logarithmic', afterBuildTicks: keep_round_ticks,
      ticks: {callback: (value) => number(value), autoSkip: false, maxRotation: 0}, ...more});
  const names_axis = (title) => axis(title, {grid: {display: false}, ticks: {maxRotation: 60, font: {size: 11},
    callback(value) { return shortened(this.getLabelForValue(value), 14); }}});
  /** … and a chart of series over names, whose tip tells all series at once. */
  const chart_by_name = (type, labels, datasets, scales) =>
    ({type, data: {labels, datasets}, options: {interaction: {mode: 'index', intersect: false}, scales}});

  /**
   * Adds a figure. `of` has
   *   id, title, note   texts; the id names the CSV file, too
   *   wide              whether it takes the page's whole width
   *   draw_free         whether content has draw instead of chart
   *   height            of the chart, in pixels
   *   controls          selects: [{label, options: [text], value: index}]
   *   content(choice)   → {table: {columns, rows}, csv: the same for the file (default: table), note (default: that
   *                     above), chart: a Chart.js configuration, or draw(box)}; choice: the controls' indices
   */
  function figure(parent, of) {
    const box = element('div', of.draw_free ? {} : {class: 'plot'});
    if (!of.draw_free) box.style.height = `${of.height ?? 300}px`;
    const selects = (of.controls ?? []).map(({label, options, value}) => {
      const select = element('select', {'aria-label': label, onchange: () => update()},
        ...options.map((text, i) => element('option', {value: String(i), selected: i === value}, text)));
      return element('label', {}, `${label} `, select);
    });
    const fallback = element('details', {ontoggle: () => fill_table()}, element('summary', {}, 'Values as a table'));
    const note = element('figcaption', {}, of.note ?? '');
    let content = null, chart = null;
    const save = element('button', {type: 'button', 'data-csv': of.id, title: `Save these values as ${of.id}.csv`,
      onclick: () => download(`${of.id}.csv`, csv(content.csv ?? content.table))}, 'CSV');
    const whole = element('figure', {id: of.id, class: of.wide ? 'wide' : false},
      element('div', {class: 'head'}, element('h2', {}, of.title),
        element('div', {class: 'controls'}, ...selects, save)),
      note, box, fallback);

    function fill_table() {
      fallback.querySelector('.scroll')?.remove();
      if (fallback.open) fallback.append(table(content.table));
    }
    function update() {
      content = of.content(selects.map((label) => Number(label.querySelector('select').value)));
      if (content.note !== undefined) note.textContent = content.note;
      chart?.destroy();
      box.replaceChildren();
      if (content.chart) {
        const canvas = element('canvas', {role: 'img', 'aria-label': `${of.title}. ${note.textContent}`});
        box.append(canvas);
        chart = new Chart(canvas, content.chart);
      } else {
        content.draw(box);
      }
      fill_table();
    }
    parent.append(whole);
    update();
    redraws.add({whole, update});
    return update;
  }

  // --- Theme ---
  const dark_system = window.matchMedia('(prefers-color-scheme: dark)');
  function set_theme(dark) {
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    switcher.textContent = dark ? 'Light' : 'Dark';
    switcher.title = `Show this page ${dark ? 'dark on light' : 'light on dark'}`;
    chart_defaults();
    for (const drawn of redraws) {
      if (drawn.whole.isConnected) drawn.update();
      else redraws.delete(drawn);
    }
  }
  const switcher = element('button', {type: 'button',
    onclick: () => set_theme(document.documentElement.dataset.theme !== 'dark')});
  dark_system.addEventListener('change', () => set_theme(dark_system.matches));
  set_theme(dark_system.matches);

  // --- State ---
  function failed(message) {
    document.body.dataset.state = 'failed';
    main.prepend(element('p', {class: 'failed', role: 'alert'}, `This page could not be drawn: ${message}`));
  }
  window.addEventListener('error', (event) => failed(event.message));
  /** The last call of a page's script: the page is there once the browser has painted it. */
  function ready() {
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (document.body.dataset.state === 'loading') document.body.dataset.state = 'ready';
    }));
  }

  return {data, main, element, colour, faded, number, shortened, power_of_ten, figure, dots, bars, line, axis,
    counts_axis, log_axis, names_axis, chart_by_name, switcher, ready};
})();
