// The page of `phew-train report`: what runs learned, epoch by epoch, side by side.
'use strict';

(() => {
  const {data, main, element, colour, number, figure, log_tick} = window.page;
  const {runs} = data;

  // Colours and dashes that many runs tell themselves apart by.
  const colours = ['first', 'second', 'third', 'unused', 'off', 'accent'];
  const dashes = [[], [7, 4], [2, 3]];
  const look = (i) => {
    const shade = colour(colours[i % colours.length]);
    return {borderColor: shade, backgroundColor: shade, borderWidth: 2, pointRadius: 0, pointHitRadius: 8,
      pointStyle: 'line', borderDash: dashes[Math.floor(i / colours.length) % dashes.length]};
  };
  const axis = (title, more = {}) => ({title: {display: true, text: title}, ...more});
  const last_epoch = Math.max(1, ...runs.flatMap((run) => run.document.epochs.map(({epoch}) => epoch)));

  // --- The runs ---
  const columns = ['run', 'network', 'density', 'data', 'status', 'epochs', 'final test accuracy', 'best test accuracy',
    'in epoch', 'final test loss', 'gradient norm at start'];
  const row_of = ({name, document: of}) => [name, of.network, of.density, of.data, of.status, of.epochs.length,
    of.final?.test_accuracy ?? null, of.best?.test_accuracy ?? null, of.best?.epoch ?? null, of.final?.test_loss ?? null,
    of.initial_gradient_norm];
  const runs_figure = (parent) => figure(parent, {
    id: 'runs', title: 'Runs', wide: true, draw_free: true,
    note: 'Each run as its folder has it. Accuracies are shares of the test examples; the paper reports the best epoch.',
    content: () => {
      const table = {columns, rows: runs.map(row_of)};
      return {table, draw: (box) => box.append(element('div', {class: 'scroll'}, element('table', {},
        element('thead', {}, element('tr', {}, ...columns.map((text) => element('th', {scope: 'col'}, text)))),
        element('tbody', {}, ...table.rows.map((row) => element('tr', {}, ...row.map((value) =>
          element('td', typeof value === 'string' ? {class: 'text'} : {}, number(value)))))))))};
    },
  });

  // --- Curves ---
  function curves(parent, {id, title, note, value, label, best}) {
    const points = ({document: of}) => of.epochs.map((epoch) => ({x: epoch.epoch, y: value(epoch)}))
      .filter(({y}) => y !== null && y !== undefined);
    if (runs.every((run) => points(run).length === 0)) return;
    figure(parent, {
      id, title, note, controls: [{label: 'Scale', options: ['linear', 'logarithmic'], value: 0}],
      content: ([logarithmic]) => ({
        table: {columns: ['run', 'epoch', label],
          rows: runs.flatMap((run) => points(run).map(({x, y}) => [run.name, x, y]))},
        chart: {type: 'line',
          data: {datasets: runs.map((run, i) => {
            const line = points(run).filter(({y}) => !logarithmic || y > 0);
            return {label: run.name, data: line, ...look(i), pointRadius: line.length < 2 ? 3 : 0};
          })},
          options: {parsing: false, interaction: {mode: 'nearest', axis: 'x', intersect: false},
            plugins: {tooltip: {callbacks: {title: ([item]) => `epoch ${item.parsed.x}`}}},
            scales: {x: axis('epoch', {type: 'linear', min: 0, max: last_epoch, ticks: {precision: 0}}),
              y: logarithmic ? axis(label, {type: 'logarithmic', ticks: {callback: log_tick, autoSkip: false}})
                : axis(label)}}}}),
    });
  }

  main.append(element('header', {}, element('div', {}, element('h1', {}, data.title),
    element('p', {class: 'soft'}, `${number(runs.length)} run${runs.length === 1 ? '' : 's'}`)), window.page.switcher));
  const figures = element('div', {class: 'figures'});
  main.append(figures);
  runs_figure(figures);
  curves(figures, {id: 'test_accuracy', title: 'Test accuracy', label: 'test accuracy',
    note: 'Share of the test examples whose class is right, after each epoch.', value: (e) => e.test_accuracy});
  curves(figures, {id: 'train_error', title: 'Training error', label: 'training error',
    note: 'Share of the training examples whose class was wrong as each was seen: how fast a run converges.',
    value: (e) => e.train_accuracy === null || e.train_accuracy === undefined ? null : 1 - e.train_accuracy});
  curves(figures, {id: 'test_loss', title: 'Test loss', label: 'test loss', note: 'Mean loss over the test examples.',
    value: (e) => e.test_loss});
  curves(figures, {id: 'train_loss', title: 'Training loss', label: 'training loss',
    note: 'Mean loss over the training examples as each was seen.', value: (e) => e.train_loss});
  curves(figures, {id: 'learning_rate', title: 'Learning rate', label: 'learning rate',
    note: 'The schedule, without the warm-up.', value: (e) => e.learning_rate});
  curves(figures, {id: 'images_per_second', title: 'Speed', label: 'images/s',
    note: 'Training examples a second, without the test pass.', value: (e) => e.images_per_second});
  main.append(element('footer', {}, element('p', {},
    'Made by phew-train. Charts: Chart.js (MIT). This page asks no network for anything.')));
  window.page.ready();
})();
