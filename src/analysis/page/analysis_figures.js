// The figures of the page of `phew-graph analyze`: of one mask, and of several.
'use strict';

window.analysis_figures = (() => {
  const {data, element, colour, faded, number, figure, dots, bars, line, axis, counts_axis, log_axis, names_axis,
    chart_by_name} = window.page;
  const {structure, theory, similarity, masks} = data;
  const {states} = window.layered_graph;
  const layers = structure.layers, kinds = Object.keys(states);
  const count_text = (n, what) => `${number(n)} ${what}${n === 1 ? '' : 's'}`;
  const file_name = (path) => path.split('/').pop().replace(/\.(safetensors|npz|pt|pth)$/, '');

  const height = layers.length > 20 ? 360 : 300;  // many names are written aslant

  // --- Figures of one mask ---

  /** By layer: how many units of each state. */
  function state_counts(mask) {
    return mask.units.state.map((layer) => {
      const counts = Object.fromEntries(kinds.map((state) => [state, 0]));
      for (const state of layer) counts[state] += 1;
      return counts;
    });
  }

  const state_table = (counts) => ({
    columns: ['layer', 'units', ...kinds.map((k) => states[k].name)],
    rows: layers.map((layer, i) => [layer.name, layer.units, ...kinds.map((k) => counts[i][k])])});

  function graph_figure(parent, mask) {
    const unit_rows = () => layers.flatMap((layer, i) => Array.from(mask.units.state[i],
      (state, u) => [layer.name, u, states[state].name, mask.units.in[i][u], mask.units.out[i][u]]));
    figure(parent, {
      id: 'graph', title: 'The layered graph', wide: true, draw_free: true,
      note: 'Layers from left to right, a mark for each unit' +
        (mask.edges ? ', a line for each kept edge, blue on a path. ' : '; the denser a link, the stronger its shade. ') +
        'Point at a unit or a link for its values; the CSV lists all units.',
      content: () => ({
        table: state_table(state_counts(mask)),
        csv: {columns: ['layer', 'unit', 'state', 'edges_in', 'edges_out'], rows: unit_rows()},
        draw: (box) => window.layered_graph.draw(box, structure, mask, mask.document.links)}),
    });
  }

  function density_figure(parent, {document: {links}}) {
    // What is 0 stands at the foot of the logarithmic axis, marked apart.
    const positive = links.flatMap((l) => [l.density, l.effective_density]).filter((d) => d > 0);
    const foot = 10 ** Math.floor(Math.log10(Math.min(...positive, 1)) - 0.05);
    const series = (label, key, name, shape, more = {}) => ({
      ...dots(label, links.map((l) => Math.max(l[key], foot)), name, links.map((l) => l[key] > 0 ? shape : 'crossRot')),
      values: links.map((l) => l[key]), ...more});
    const hollow = {borderDash: [4, 3], pointRadius: 7, pointBackgroundColor: 'transparent', pointBorderWidth: 2};
    figure(parent, {
      id: 'density', title: 'Density by link', height,
      note: 'Kept and effective parameters of each link as shares of all its parameters' +
        (links.some((l) => l.effective === 0) ? '; a cross at the foot is 0.' : '.'),
      content: () => ({
        table: {
          columns: ['link', 'prunable', 'kept', 'density', 'effective', 'effective_density'],
          rows: links.map((l) => [l.name, l.prunable, l.kept, l.density, l.effective, l.effective_density])},
        chart: chart_by_name('line', links.map((l) => l.name), [
          series('density', 'density', 'first', 'circle'),
          series('effective density', 'effective_density', 'second', 'triangle', hollow)],
        {x: names_axis('link'), y: log_axis('share of the link’s parameters', {min: foot, max: 1})})}),
    });
  }

  function unit_figure(parent, mask) {
    const counts = state_counts(mask);
    const present = kinds.filter((k) => counts.some((c) => c[k] > 0));
    figure(parent, {
      id: 'units', title: 'Units by layer', height,
      note: 'What the units of each layer are, as shares: how wide the network still is.',
      content: () => ({
        table: state_table(counts),
        chart: chart_by_name('bar', layers.map((l) => l.name), present.map((k) => ({
          ...bars(states[k].name, counts.map((c, i) => c[k] / Math.max(1, layers[i].units)), states[k].colour),
          values: counts.map((c) => c[k]), categoryPercentage: 0.9})),
        {x: {...names_axis('layer'), stacked: true},
          y: axis('share of the layer’s units', {stacked: true, min: 0, max: 1})})}),
    });
  }

  /** By Stirling's series. */
  function log_factorial(n) {
    if (n >= 20) return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + 1 / (12 * n) - 1 / (360 * n ** 3);
    let product = 1;
    for (let i = 2; i <= n; ++i) product *= i;
    return Math.log(product);
  }

  /** Chance of k hits of n, each with chance p. */
  function binomial(n, p, k) {
    if (p <= 0 || p >= 1) return Number(k === (p <= 0 ? 0 : n));
    const choices = log_factorial(n) - log_factorial(k) - log_factorial(n - k);
    return Math.exp(choices + k * Math.log(p) + (n - k) * Math.log1p(-p));
  }

  const most_degree_bars = 60;
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

  /** [degree, units, units expected if edges fell at random] in bars of several degrees where there are many. */
  function degree_bars(degrees) {
    const units = sum(degrees.units), most = degrees.units.length - 1, {possible, mean, least} = degrees;
    const rows = degrees.units.map((n, d) => [d, n, units * binomial(possible, mean / possible, d)]);
    const step = Math.ceil((most + 1) / most_degree_bars);
    const found = [];
    for (let d = step === 1 ? 0 : Math.floor(least / step) * step; d <= most; d += step) {
      const part = rows.slice(d, d + step);
      found.push({name: part.length === 1 ? String(d) : `${d}–${d + part.length - 1}`,
        found: sum(part.map((row) => row[1])), chance: sum(part.map((row) => row[2]))});
    }
    return {rows, found};
  }

  function degree_figure(parent, {document: {links}}) {
    const content = ([at, side]) => {
      const link = links[at], degrees = side === 0 ? link.in_degree : link.out_degree;
      const {rows, found} = degree_bars(degrees);
      return {
        note: `Edges that ${side === 0 ? 'enter the target' : 'leave the source'} units of link ${link.name}: mean ` +
          `${number(degrees.mean)} of ${number(degrees.possible)} possible, standard deviation ` +
          `${number(degrees.std)}; ${number(degrees.underloaded)} underloaded, ${number(degrees.overloaded)} overloaded.`,
        table: {columns: ['degree', 'units', 'expected_at_random'], rows},
        chart: chart_by_name('bar', found.map((bar) => bar.name), [
          {...line('edges at random (binomial)', found.map((bar) => bar.chance), 'second'), type: 'line'},
          bars('units', found.map((bar) => bar.found), 'first')],
        {x: names_axis('degree'), y: counts_axis('units')})};
    };
    const largest = links.reduce((a, b) => b.prunable > a.prunable ? b : a);
    figure(parent, {id: 'degrees', title: 'Degrees', content,
      controls: [{label: 'link', options: links.map((l) => l.name), value: links.indexOf(largest)},
        {label: 'of', options: ['targets (in)', 'sources (out)'], value: 0}]});
  }

  /** Chance of a normal variable between a and b, by Simpson's rule: for a curve to look at. */
  function normal_share(mean, std, a, b) {
    const density = (x) => Math.exp(-(((x - mean) / std) ** 2) / 2) / (std * Math.sqrt(2 * Math.PI));
    return (b - a) / 6 * (density(a) + 4 * density((a + b) / 2) + density(b));
  }

  function ewp_figure(parent, {ewp}) {
    const tens = (log) => log / Math.LN10;
    const bins = ewp.paths.map((paths, i) => {
      const low = ewp.first + i * ewp.width, high = low + ewp.width;
      return {low: tens(low), high: tens(high), paths, share: paths / ewp.sampled,
        normal: ewp.std > 0 ? normal_share(ewp.mean, ewp.std, low, high) : null};
    });
    figure(parent, {
      id: 'ewp', title: 'Edge-weight products of paths',
      note: `${number(ewp.sampled)} paths, sampled uniformly. Of all paths, exactly: log10 EWP has mean ` +
        `${number(tens(ewp.mean))}, standard deviation ${number(tens(ewp.std))}, and lies between ` +
        `${number(tens(ewp.least))} and ${number(tens(ewp.most))}.`,
      content: () => ({
        table: {
          columns: ['log10_ewp_from', 'log10_ewp_to', 'paths_sampled', 'share', 'normal_share'],
          rows: bins.map((b) => [b.low, b.high, b.paths, b.share, b.normal])},
        chart: chart_by_name('bar', bins.map((b) => ((b.low + b.high) / 2).toFixed(2)), [
          {...line('normal, of the exact mean and deviation', bins.map((b) => b.normal), 'second'), type: 'line'},
          bars('share of paths', bins.map((b) => b.share), 'first')],
        {x: names_axis('log10 EWP'), y: axis('share of paths', {min: 0})})}),
    });
  }

  /** Few units that carry most of the EWP make a layer narrow, however many there are. */
  function width_figure(parent, {document: of}) {
    const values = (key) => of.layers.map((l) => l[key] || null);
    figure(parent, {
      id: 'width', title: 'Width by layer', height,
      note: 'Units, units on a path, and the effective width: as many units as would share the layer’s EWP equally.',
      content: () => ({
        table: {
          columns: ['layer', 'units', 'units_on_path', 'effective_width', 'largest_ewp_share'],
          rows: of.layers.map((l) => [l.name, l.units, l.units_on_path, l.effective_width, l.ewp_share_max])},
        chart: chart_by_name('line', of.layers.map((l) => l.name), [
          dots('effective width', values('effective_width'), 'second', 'triangle'),
          {...dots('on a path', values('units_on_path'), 'first', 'circle'), borderDash: [5, 3]},
          dots('units', values('units'), 'muted', 'rect')],
        {x: names_axis('layer'), y: log_axis('units', {min: 1})})}),
    });
  }

  function stub_layers_figure(parent, {document: of}) {
    const hidden = of.layers.filter((l) => !l.input && !l.output && !l.copy);
    if (hidden.length === 0) return;
    figure(parent, {
      id: 'stub_layers', title: 'Stub units by layer', height,
      note: 'Found, beside what random pruning would leave on average at the same link densities (Eq. 5–6).',
      content: () => ({
        table: {
          columns: ['layer', 'units', 'stub_units', 'expected_stub_units'],
          rows: hidden.map((l) => [l.name, l.units, l.stub_units, l.expected_stub_units])},
        chart: chart_by_name('bar', hidden.map((l) => l.name), [
          {...bars('found', hidden.map((l) => l.stub_units), 'stub'), categoryPercentage: 0.8},
          {...bars('expected at random', hidden.map((l) => l.expected_stub_units), 'muted'), categoryPercentage: 0.8,
            backgroundColor: faded('muted', 0.35), borderColor: colour('muted'), borderWidth: 1}],
        {x: names_axis('layer'), y: counts_axis('units')})}),
    });
  }

  /** Expected stub units over all densities, with the masks' own numbers as points. */
  function theory_chart(mask) {
    const curve = (key) => theory.density.map((x, i) => ({x, y: theory[key][i]}));
    const found = masks.filter((m) => m.document.network.density > 0);
    const points = (label, of, key, name, shape, radius = 7) => ({
      ...dots(label, of.map(({document: {network: n}}) => ({x: n.density, y: n[key]})), name, shape), showLine: false,
      pointRadius: radius, borderWidth: 2, clip: false});
    const here = found.filter((m) => m === mask), others = found.filter((m) => m !== mask);
    return {
      type: 'scatter',
      data: {datasets: [
        points('this mask', here, 'stub_units', 'stub', 'rectRot', 8),
        ...(others.length > 0 ? [points('the other masks', others, 'stub_units', 'muted', 'circle', 4)] : []),
        points('expected at this mask’s link densities', here, 'expected_stub_units', 'second', 'crossRot'),
        line('expected stub units', curve('expected_stub_units'), 'first'),
        {...line('chance of any', curve('any_stub'), 'muted', [5, 4]), yAxisID: 'chance'}]},
      options: {
        scales: {x: log_axis('density'), y: counts_axis('stub units'),
          chance: axis('chance of any stub', {position: 'right', min: 0, max: 1, grid: {drawOnChartArea: false}})},
        plugins: {tooltip: {callbacks: {label: ({dataset, parsed}) =>
          `${dataset.label}: ${number(parsed.y)} at density ${number(parsed.x)}`}}}}};
  }

  function theory_figure(parent, mask) {
    const networks = masks.map((m) => m.document.network);
    figure(parent, {
      id: 'theory', title: 'Stub units against density', wide: true,
      note: 'What pruning this network at random would leave on average if all links had the same density (Eq. 5–6), ' +
        'and, on the right, the chance of any stub unit if units were independent (Eq. 7–8).',
      content: () => ({
        table: {
          columns: ['density', 'expected_stub_units', 'chance_of_any_stub', 'found'],
          rows: [...theory.density.map((d, i) => [d, theory.expected_stub_units[i], theory.any_stub[i], null]),
            ...networks.map((n) => [n.density, n.expected_stub_units_global, null, n.stub_units])]},
        chart: theory_chart(mask)}),
    });
  }

  // --- Figures of several masks ---

  function jaccard_figure(parent) {
    const summary = similarity.groups.within_a, links = summary.links, values = (key) => links.map((l) => l[key]);
    const interval = links.some((l) => l.low !== null) ? [
      {...line('95 % interval', values('low'), 'first', [2, 2]), borderWidth: 1, fill: '+1',
        backgroundColor: faded('first', 0.15)},
      {...line('to', values('high'), 'first', [2, 2]), borderWidth: 1}] : [];
    figure(parent, {
      id: 'jaccard', title: 'Similarity of the masks by link', wide: true,
      note: `Mean Jaccard index over ${count_text(summary.pairs, 'pair')} of masks, with the 95 % jackknife interval ` +
        'over masks where there are three or more, beside independent random masks of the same densities. ' +
        `The whole: ${number(summary.mean)}, chance ${number(summary.chance)}.`,
      content: () => ({
        table: {
          columns: ['link', 'jaccard', 'low', 'high', 'chance', 'corrected'],
          rows: [{...summary, name: 'whole'}, ...links].map(
            (l) => [l.name, l.mean, l.low, l.high, l.chance, l.corrected])},
        chart: chart_by_name('line', values('name'), [
          dots('Jaccard index', values('mean'), 'first', 'circle'),
          {...dots('chance', values('chance'), 'muted', 'crossRot'), borderDash: [4, 3]}, ...interval],
        {x: names_axis('link'), y: axis('Jaccard index', {min: 0, suggestedMax: 0.1})})}),
    });
  }

  const most_in_matrix = 40;

  /** The Jaccard index of each pair in its cell, the higher the darker. */
  function draw_matrix(box) {
    const names = similarity.masks.a.map((m) => file_name(m.file));
    if (names.length > most_in_matrix) {
      box.append(element('p', {class: 'note'}, `${names.length} masks are too many to draw; the table has them.`));
      return;
    }
    const largest = Math.max(1e-12, ...similarity.pairs.map((pair) => pair.jaccard ?? 0));
    const cells = names.map((first) => names.map((second) => element('td', {title: `${first}, ${second}`})));
    // Pairs come in the order (0, 1), (0, 2), …, (1, 2), …
    const pairs = names.flatMap((_, i) => names.slice(i + 1).map((_, j) => [i, i + 1 + j]));
    pairs.forEach(([i, j], at) => {
      const value = similarity.pairs[at].jaccard;
      for (const cell of [cells[i][j], cells[j][i]]) {
        cell.textContent = number(value, 3);
        cell.style.backgroundColor = faded('first', 0.05 + 0.5 * (value ?? 0) / largest);
      }
    });
    const heading = (scope) => (name) => element('th', {scope, class: scope === 'row' && 'text'}, name);
    box.append(element('div', {class: 'scroll', tabindex: '0'}, element('table', {class: 'matrix'},
      element('thead', {}, element('tr', {}, element('th'), ...names.map(heading('col')))),
      element('tbody', {}, ...cells.map((row, i) => element('tr', {}, heading('row')(names[i]), ...row))))));
  }

  function pairs_figure(parent) {
    figure(parent, {
      id: 'pairs', title: 'Similarity of each pair', wide: true, draw_free: true,
      note: 'Jaccard index of the whole masks.',
      content: () => ({
        table: {
          columns: ['first', 'second', 'jaccard', 'chance', 'corrected'],
          rows: similarity.pairs.map((p) => [p.first, p.second, p.jaccard, p.chance, p.corrected])},
        draw: draw_matrix}),
    });
  }

  /** All figures of one mask. */
  function of_mask(parent, mask) {
    graph_figure(parent, mask);
    density_figure(parent, mask);
    unit_figure(parent, mask);
    degree_figure(parent, mask);
    if (mask.ewp) ewp_figure(parent, mask);
    if (mask.ewp) width_figure(parent, mask);
    stub_layers_figure(parent, mask);
    theory_figure(parent, mask);
  }

  /** Those that compare all masks. */
  function of_masks(parent) {
    jaccard_figure(parent);
    pairs_figure(parent);
  }

  return {of_mask, of_masks, count_text, file_name};
})();
