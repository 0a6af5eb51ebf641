// Put at the end of a copy of a report page by page_test.sh: uses the page as a reader would, and writes what it found
// into an element of its own, #probe, a line each.
'use strict';

(() => {
  const lines = [];
  const say = (...words) => lines.push(words.join(' '));
  const all = (selector) => [...document.querySelectorAll(selector)];

  /** Share of a canvas' pixels that something was drawn on. */
  function drawn(canvas) {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let inked = 0;
    for (let i = 3; i < pixels.length; i += 4) inked += pixels[i] > 0;
    return inked / (pixels.length / 4);
  }

  /** Whether a figure shows anything: ink on its canvas and, of a chart, values inside the axes. */
  function shows(canvas) {
    const sets = Chart.getChart(canvas)?.data.datasets ?? null;
    const values = sets?.flatMap((set) => set.data.map((point) => point?.y ?? point)).filter(Number.isFinite);
    return drawn(canvas) > 0.005 && (sets === null || values.length > 0);
  }

  /** What the buttons save, [file name, text] each, instead of saving it. */
  function saved_files() {
    const texts = [], names = [];
    window.Blob = function (parts) { texts.push(parts.join('')); };
    URL.createObjectURL = () => 'blob:none';
    HTMLAnchorElement.prototype.click = function () { names.push(this.download); };
    for (const button of all('button[data-csv]')) button.click();
    return names.map((name, i) => [name, texts[i]]);
  }

  /** The texts that appear over the graph, wherever the pointer is. */
  function hover_texts() {
    const canvas = document.querySelector('#graph .graph canvas'), tip = document.querySelector('#graph .tip');
    const texts = new Set();
    const {width, height} = canvas.getBoundingClientRect();
    const step = Math.sqrt(width * height / 10000);
    for (let x = 0; x < width; x += step)
      for (let y = 0; y < height; y += step) {
        const event = new PointerEvent('pointermove', {bubbles: true});
        Object.defineProperties(event, {offsetX: {value: x}, offsetY: {value: y}});
        canvas.dispatchEvent(event);
        if (!tip.hidden) texts.add(tip.textContent.replaceAll('\n', ' | '));
      }
    return [...texts].sort();
  }

  async function probe() {
    say('state', document.body.dataset.state);
    say('theme', document.documentElement.dataset.theme);
    say('severity', document.getElementById('verdict').dataset.severity);
    say('verdict', document.getElementById('verdict').textContent);
    say('hostile', all('#hostile').length);
    for (const figure of all('figure')) {
      const canvases = [...figure.querySelectorAll('.plot canvas, .graph canvas')];
      say('figure', figure.id, ...canvases.map((canvas) => shows(canvas) ? 'drawn' : 'EMPTY'));
    }
    for (const [name, text] of saved_files()) {
      say('csv', name, text.trimEnd().split('\r\n').length);
      if (['density.csv', 'graph.csv'].includes(name)) text.trimEnd().split('\r\n').forEach((line) => say(name, line));
    }
    for (const text of hover_texts()) say('hover', text);
    all('figure details').forEach((details) => { details.open = true; });
    await new Promise((done) => setTimeout(done, 50));
    for (const figure of all('figure')) say('table', figure.id, figure.querySelectorAll('details tbody tr').length);

    // Another mask, one state brought out, the other theme: everything is drawn anew.
    all('#masks td button')[1]?.click();
    say('second', document.getElementById('verdict').textContent);
    const before = document.querySelector('#graph .graph canvas').toDataURL();
    document.querySelector('#graph .legend button').click();
    say('brought out', document.querySelector('#graph .graph canvas').toDataURL() !== before ? 'changed' : 'SAME');
    const chart = document.querySelector('#density canvas').toDataURL();
    document.querySelector('header button').click();
    say('theme', document.documentElement.dataset.theme);
    say('chart', document.querySelector('#density canvas').toDataURL() !== chart ? 'changed' : 'SAME');
    say('figures', all('figure').length, 'canvases', all('.plot canvas').filter(shows).length);
    say('state', document.body.dataset.state);
  }

  const output = document.createElement('pre');
  output.id = 'probe';
  function start() {
    if (document.body.dataset.state === 'loading') return setTimeout(start, 20);
    return probe().catch((error) => say('ERROR', error.stack)).finally(() => {
      output.textContent = lines.join('\n');
      document.body.append(output);
    });
  }
  start();
})();
