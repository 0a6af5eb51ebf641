// The page of `phew-graph analyze`: the verdict, the graph, and a figure for each analysis, of the mask chosen.
'use strict';

(() => {
  const {data, main, element, colour, faded, number, power_of_ten, figure, keep_round_ticks, shortened} = window.page;
  const {structure, theory, similarity, masks} = data;
  const {states} = window.layered_graph;
  const several = masks.length > 1;
  const layers = structure.layers;

  const file_name = (path) => path.split('/').pop().replace(/\.(safetensors|npz|pt|pth)$/, '');
  const mask_name = (mask) => mask.document.mask === null ? 'dense' : file_name(mask.document.mask);
  const definition = (key) => {
    const found = data.definitions.analyze[key] ?? data.definitions.similarity[key];
    return found ? `${found.text} [${found.source}]` : '';
  };
  const count_text = (n, what) => `${number(n)} ${what}${n === 1 ? '' : 's'}`;

  // --- Parts of charts ---
  const dots = (label, values, name, shape) => ({
    label, data: values, borderColor: colour(name), backgroundColor: colour(name), pointStyle: shape, pointRadius: 4,
    pointHoverRadius: 6, borderWidth: 1.5});
  const line = (label, points, name, dash = []) => ({
    label, data: points, borderColor: colour(name), backgroundColor: colour(name), borderDash: dash, borderWidth: 2,
    pointRadius: 0, pointHitRadius: 8, pointStyle: 'line', showLine: true});
  const axis = (title, more = {}) => ({title: {display: true, text: title}, ...more});
  const counts_axis = (title) => axis(title, {min: 0, suggestedMax: 1, ticks: {precision: 0}});
  const logarithmic = (title, more = {}) =>
    axis(title, {type: 'logarithmic', afterBuildTicks: keep_round_ticks,
      ticks: {callback: (value) => number(value), autoSkip: false, maxRotation: 0}, ...more});
  const names_axis = (title) => axis(title, {grid: {display: false}, ticks: {maxRotation: 60, font: {size: 11},
    callback(value) { return shortened(this.getLabelForValue(value), 14); }}});
  const by_index = {mode: 'index', intersect: false};

  // --- Verdict and key figures ---
  function severity({network}) {
    if (!network.connected || network.stub_units > 0 || network.collapsed_links.length > 0) return 'bad';
    if (network.effective < network.kept) return 'bad';
    return network.dead_units + network.unused_inputs + network.unused_outputs > 0 ? 'caution' : 'good';
  }

  function bottleneck_text({network, layers: profiles}) {
    if (!network.connected) return 'No bottleneck to speak of: there is no path.';
    if (network.min_hidden_cut === null) return 'No bottleneck: some path has no hidden unit.';
    const where = profiles.filter((layer) => layer.cut_units > 0).map((layer) => layer.name);
    const named = where.length > 4 ? `${where.length} layers` : `layer${where.length === 1 ? '' : 's'} ${where.join(', ')}`;
    return `Bottleneck of ${count_text(network.min_hidden_cut, 'unit')} at ${named}.`;
  }

  function verdict(mask) {
    const kind = severity(mask.document);
    const [first, ...rest] = mask.verdict.split('; ');
    const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
    const collapsed = mask.document.network.collapsed_links;
    return element('section', {class: `verdict ${kind}`, id: 'verdict', 'data-severity': kind},
      element('span', {class: 'mark', 'aria-hidden': 'true'}, {good: '✓', caution: '!', bad: '✕'}[kind]),
      element('div', {},
        element('p', {class: 'first'}, capital(first)),
        rest.length > 0 && element('p', {}, capital(rest.join('; '))),
        collapsed.length > 1 && element('p', {}, `Collapsed: ${collapsed.join(', ')}`),
        element('p', {}, bottleneck_text(mask.document)),
        ...mask.warnings.map((text) => element('p', {}, `Warning: ${text}`))));
  }

  function tile(title, value, beside, key) {
    return element('div', {class: 'tile', title: definition(key)}, element('dt', {}, title),
      element('dd', {}, value, element('span', {class: 'beside'}, beside)));
  }

  function tiles({network: n, weights}) {
    return element('dl', {class: 'tiles'},
      tile('Density', number(n.density), `${number(n.kept)} of ${number(n.prunable)} kept`, 'network.density'),
      tile('Effective density', number(n.effective_density), `${number(n.kept - n.effective)} kept on no path`,
        'network.effective_density'),
      tile('Stub units', number(n.stub_units),
        `${number(n.expected_stub_units)} expected at random`, 'network.stub_units'),
      tile('Dead units', number(n.dead_units), `${count_text(n.unused_inputs, 'unused input')}, ${count_text(n.unused_outputs, 'output')}`,
        'network.dead_units'),
      tile('Paths', n.paths_log10 === null ? 'none' : `10^${n.paths_log10.toFixed(2)}`,
        weights === null ? 'without weights' : `EWP of all: ${power_of_ten(n.ewp_log_total)}`, 'network.paths_log10'),
      tile('Minimum hidden cut', number(n.min_hidden_cut), 'hidden units', 'network.min_hidden_cut'),
      tile('Components', number(n.components), `largest ${number(n.largest_component)}, ${number(n.isolated_units)} isolated`,
        'network.components'),
      tile('FLOPs', number(n.flops), 'one example, forward', 'network.flops'));
  }

  // --- Figures of one mask ---
  function state_counts(mask) {
    return mask.units.state.map((layer) => {
      const counts = Object.fromEntries(Object.keys(states).map((state) => [state, 0]));
      for (const state of layer) counts[state] += 1;
      return counts;
    });
  }

  function graph_figure(parent, mask) {
    const counts = state_counts(mask), kinds = Object.keys(states);
    const unit_rows = () => layers.flatMap((layer, i) => Array.from(mask.units.state[i], (state, u) =>
      [layer.name, u, states[state].name, mask.units.in[i][u], mask.units.out[i][u]]));
    figure(parent, {
      id: 'graph', title: 'The layered graph', wide: true, draw_free: true,
      note: `Layers from left to right, a mark for each unit${mask.edges ? ', a line for each kept edge' :
        '; links the darker the denser'}. Point at a unit or a link for its values; the CSV lists all units.`,
      content: () => ({
        table: {columns: ['layer', 'units', ...kinds.map((k) => states[k].name)],
          rows: layers.map((layer, i) => [layer.name, layer.units, ...kinds.map((k) => counts[i][k])])},
        csv: {columns: ['layer', 'unit', 'state', 'edges_in', 'edges_out'], rows: unit_rows()},
        draw: (box) => window.layered_graph.draw(box, structure, mask, mask.document.links)}),
    });
  }

  function density_figure(parent, {document: of}) {
    const links = of.links;
    // A collapsed link stands at the foot of a logarithmic axis, marked apart.
    const positive = links.flatMap((l) => [l.density, l.effective_density]).filter((d) => d > 0);
    const floor = 10 ** Math.floor(Math.log10(Math.min(...positive, 1)) - 0.05);
    const shown = (key) => ({data: links.map((l) => Math.max(l[key], floor)), values: links.map((l) => l[key])});
    figure(parent, {
      id: 'density', title: 'Density by link',
      note: `Kept and effective parameters of each link as shares of all its parameters${links.some((l) => l.effective === 0) ?
        '; a cross at the foot is 0' : ''}.`,
      content: () => {
        const series = (label, key, name, shape) => ({...dots(label, [], name, shape), ...shown(key),
          pointStyle: links.map((l) => l[key] > 0 ? shape : 'crossRot')});
        return {
          table: {columns: ['link', 'prunable', 'kept', 'density', 'effective', 'effective_density'],
            rows: links.map((l) => [l.name, l.prunable, l.kept, l.density, l.effective, l.effective_density])},
          chart: {type: 'line',
            data: {labels: links.map((l) => l.name), datasets: [series('density', 'density', 'first', 'circle'),
              {...series('effective density', 'effective_density', 'second', 'triangle'), borderDash: [4, 3], pointRadius: 7,
                pointBackgroundColor: 'transparent', pointBorderWidth: 2}]},
            options: {interaction: by_index, scales: {x: names_axis('link'),
              y: logarithmic('share of the link’s parameters', {min: floor, max: 1})}}}};
      },
    });
  }

  function unit_figure(parent, mask) {
    const counts = state_counts(mask);
    const kinds = Object.keys(states).filter((k) => counts.some((c) => c[k] > 0));
    figure(parent, {
      id: 'units', title: 'Units by layer', note: 'What the units of each layer are, as shares: how wide the network still is.',
      content: () => ({
        table: {columns: ['layer', 'units', ...kinds.map((k) => states[k].name)],
          rows: layers.map((layer, i) => [layer.name, layer.units, ...kinds.map((k) => counts[i][k])])},
        chart: {type: 'bar',
          data: {labels: layers.map((l) => l.name), datasets: kinds.map((k) => ({
            label: states[k].name, backgroundColor: colour(states[k].colour), values: counts.map((c) => c[k]),
            data: counts.map((c, i) => c[k] / Math.max(1, layers[i].units)), categoryPercentage: 0.9, barPercentage: 1}))},
          options: {interaction: by_index, scales: {x: {...names_axis('layer'), stacked: true},
            y: axis('share of the layer’s units', {stacked: true, min: 0, max: 1})}}}}),
    });
  }

  /** ln of the binomial coefficient, by Stirling's series. */
  const log_factorial = (n) => {
    if (n < 20) { let f = 1; for (let i = 2; i <= n; ++i) f *= i; return Math.log(f); }
    return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + 1 / (12 * n) - 1 / (360 * n ** 3);
  };
  function binomial(n, p, k) {
    if (p <= 0 || p >= 1) return (p <= 0 ? k === 0 : k === n) ? 1 : 0;
    return Math.exp(log_factorial(n) - log_factorial(k) - log_factorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
  }

  function degree_figure(parent, {document: of}) {
    const content = ([at, side]) => {
      const link = of.links[at], degrees = side === 0 ? link.in_degree : link.out_degree;
      const units = degrees.units.reduce((a, b) => a + b, 0);
      const most = degrees.units.length - 1, step = Math.max(1, Math.ceil((most + 1) / 60));
      const first = step === 1 ? 0 : Math.max(0, Math.floor(degrees.least / step) * step);
      const rows = degrees.units.map((n, d) => [d, n, units * binomial(degrees.possible, degrees.mean / degrees.possible, d)]);
      const bins = [];
      for (let d = first; d <= most; d += step) {
        const part = rows.slice(d, d + step);
        bins.push({name: step === 1 ? String(d) : `${d}–${Math.min(d + step - 1, most)}`,
          found: part.reduce((a, r) => a + r[1], 0), chance: part.reduce((a, r) => a + r[2], 0)});
      }
      return {
        note: `Edges that ${side === 0 ? 'enter the target' : 'leave the source'} units of link ${link.name}: ` +
          `mean ${number(degrees.mean)} of ${number(degrees.possible)} possible, standard deviation ${number(degrees.std)}; ` +
          `${number(degrees.underloaded)} underloaded, ${number(degrees.overloaded)} overloaded.`,
        table: {columns: ['degree', 'units', 'expected_at_random'], rows},
        chart: {type: 'bar',
          data: {labels: bins.map((b) => b.name), datasets: [
            {...line('edges at random (binomial)', bins.map((b) => b.chance), 'second'), type: 'line', pointRadius: 0},
            {label: 'units', data: bins.map((b) => b.found), backgroundColor: colour('first'), categoryPercentage: 1,
              barPercentage: 0.92}]},
          options: {interaction: by_index, scales: {x: names_axis('degree'), y: counts_axis('units')}}}};
    };
    figure(parent, {id: 'degrees', title: 'Degrees', content,
      controls: [{label: 'link', options: of.links.map((l) => l.name), value: 0},
        {label: 'units', options: ['in-degree of targets', 'out-degree of sources'], value: 0}]});
  }

  function stub_layers_figure(parent, {document: of}) {
    const hidden = of.layers.filter((l) => !l.input && !l.output && !l.copy);
    if (hidden.length === 0) return;
    figure(parent, {
      id: 'stub_layers', title: 'Stub units by layer', note: 'Found, beside what random pruning would leave on average at the same link densities (Eq. 5–6).',
      content: () => ({
        table: {columns: ['layer', 'units', 'stub_units', 'expected_stub_units'],
          rows: hidden.map((l) => [l.name, l.units, l.stub_units, l.expected_stub_units])},
        chart: {type: 'bar',
          data: {labels: hidden.map((l) => l.name), datasets: [
            {label: 'found', data: hidden.map((l) => l.stub_units), backgroundColor: colour('stub')},
            {label: 'expected at random', data: hidden.map((l) => l.expected_stub_units), backgroundColor: faded('muted', 0.35),
              borderColor: colour('muted'), borderWidth: 1}]},
          options: {interaction: by_index, scales: {x: names_axis('layer'), y: counts_axis('units')}}}}),
    });
  }

  function theory_figure(parent, mask) {
    const points = (key) => theory.density.map((x, i) => ({x, y: theory[key][i]}));
    const here = (m) => ({x: m.document.network.density, y: m.document.network.stub_units});
    const others = masks.filter((m) => m !== mask && m.document.network.density > 0);
    const n = mask.document.network;
    const spot = (label, list, name, shape, more = {}) => ({label, data: list, showLine: false, borderColor: colour(name),
      backgroundColor: colour(name), pointStyle: shape, pointRadius: 7, pointHoverRadius: 9, borderWidth: 2, ...more});
    figure(parent, {
      id: 'theory', title: 'Stub units against density', wide: !mask.ewp,
      note: 'What pruning this network at random would leave if every link had the same density (Eq. 5–6), and the chance of any stub if units were independent (Eq. 7–8, right axis); this mask marked.',
      content: () => ({
        table: {columns: ['density', 'expected_stub_units', 'chance_of_any_stub', 'found'],
          rows: [...theory.density.map((d, i) => [d, theory.expected_stub_units[i], theory.any_stub[i], null]),
            ...masks.map((m) => [m.document.network.density, m.document.network.expected_stub_units_global, null, m.document.network.stub_units])]},
        chart: {type: 'scatter',
          data: {datasets: [
            spot('this mask', n.density > 0 ? [here(mask)] : [], 'stub', 'rectRot', {pointRadius: 8, clip: false}),
            ...(others.length > 0 ? [spot('the other masks', others.map(here), 'muted', 'circle', {pointRadius: 4})] : []),
            spot('expected at this mask’s link densities', n.density > 0 ? [{x: n.density, y: n.expected_stub_units}] : [], 'second', 'crossRot'),
            line('expected stub units', points('expected_stub_units'), 'first'),
            {...line('chance of any', points('any_stub'), 'muted', [5, 4]), yAxisID: 'chance'}]},
          options: {scales: {x: logarithmic('density'),
            y: counts_axis('stub units'),
            chance: axis('chance of any stub', {position: 'right', min: 0, max: 1, grid: {drawOnChartArea: false}})},
          plugins: {tooltip: {callbacks: {label: (item) =>
            `${item.dataset.label}: ${number(item.parsed.y)} at density ${number(item.parsed.x)}`}}}}}}),
    });
  }

  // --- Figures of several masks ---
  function masks_card() {
    const rows = masks.map((mask, i) => {
      const n = mask.document.network;
      const cells = [number(n.density), number(n.effective_density), number(n.stub_units), number(n.dead_units),
        number(n.collapsed_links.length), n.connected ? 'yes' : 'no',
        n.paths_log10 === null ? '–' : n.paths_log10.toFixed(2), number(n.min_hidden_cut)];
      return element('tr', {'data-mask': String(i)},
        element('td', {class: 'text'}, element('button', {type: 'button', onclick: () => show(i)}, mask_name(mask))),
        ...cells.map((cell) => element('td', {}, cell)));
    });
    const head = ['mask', 'density', 'effective', 'stub', 'dead', 'collapsed', 'connected', 'log10 paths', 'cut'];
    return element('section', {class: 'card masks'}, element('h2', {}, `${masks.length} masks; choose one to see it below`),
      element('div', {class: 'scroll', tabindex: '0'}, element('table', {id: 'masks'},
        element('thead', {}, element('tr', {}, ...head.map((name, i) => element('th', {class: i === 0 && 'text'}, name)))),
        element('tbody', {}, ...rows))));
  }

  function jaccard_figure(parent) {
    const summary = similarity.groups.within_a, links = summary.links;
    figure(parent, {
      id: 'jaccard', title: 'Similarity of the masks by link', wide: true,
      note: `Mean Jaccard index over ${count_text(summary.pairs, 'pair')} of masks, with 95 % jackknife intervals over masks from three masks on, beside ` +
        `independent random masks of the same densities. The whole: ${number(summary.mean)}, chance ${number(summary.chance)}.`,
      content: () => ({
        table: {columns: ['link', 'jaccard', 'low', 'high', 'chance', 'corrected'],
          rows: [['whole', summary.mean, summary.low, summary.high, summary.chance, summary.corrected],
            ...links.map((l) => [l.name, l.mean, l.low, l.high, l.chance, l.corrected])]},
        chart: {type: 'line',
          data: {labels: links.map((l) => l.name), datasets: [
            dots('Jaccard index', links.map((l) => l.mean), 'first', 'circle'),
            {...dots('chance', links.map((l) => l.chance), 'muted', 'crossRot'), borderDash: [4, 3]},
            {...line('95 % interval', links.map((l) => l.low), 'first', [2, 2]), borderWidth: 1, fill: '+1', backgroundColor: faded('first', 0.15)},
            {...line('95 % interval, high', links.map((l) => l.high), 'first', [2, 2]), borderWidth: 1}]},
          options: {interaction: by_index, scales: {x: names_axis('link'), y: axis('Jaccard index', {min: 0, suggestedMax: 0.1})},
            plugins: {legend: {labels: {filter: (item) => !item.text.endsWith('high') && (summary.low !== null || item.text !== '95 % interval')}}}}}}),
    });
  }

  const most_in_matrix = 40;
  function pairs_figure(parent) {
    const files = similarity.masks.a.map((m) => m.file), at = new Map(files.map((file, i) => [file, i]));
    const values = files.map(() => files.map(() => null));
    for (const pair of similarity.pairs)
      values[at.get(pair.first)][at.get(pair.second)] = values[at.get(pair.second)][at.get(pair.first)] = pair.jaccard;
    const largest = Math.max(1e-12, ...values.flat().filter((v) => v !== null));
    function matrix(box) {
      if (files.length > most_in_matrix) {
        box.append(element('p', {class: 'note'}, `${files.length} masks are too many for a picture: the table and the CSV have all pairs.`));
        return;
      }
      const rows = values.map((row, i) => element('tr', {}, element('th', {class: 'text', scope: 'row'}, file_name(files[i])),
        ...row.map((value, j) => {
          const cell = element('td', {title: `${file_name(files[i])}, ${file_name(files[j])}: ${number(value)}`},
            i === j ? '' : number(value, 3));
          if (value !== null) cell.style.backgroundColor = faded('first', 0.05 + 0.5 * value / largest);
          return cell;
        })));
      box.append(element('div', {class: 'scroll', tabindex: '0'}, element('table', {class: 'matrix'},
        element('thead', {}, element('tr', {}, element('th', {}), ...files.map((file) => element('th', {scope: 'col'}, file_name(file))))),
        element('tbody', {}, ...rows))));
    }
    figure(parent, {
      id: 'pairs', title: 'Similarity of each pair', wide: true, draw_free: true, note: 'Jaccard index of the whole masks.',
      content: () => ({
        table: {columns: ['first', 'second', 'jaccard', 'chance', 'corrected'],
          rows: similarity.pairs.map((p) => [p.first, p.second, p.jaccard, p.chance, p.corrected])},
        draw: matrix}),
    });
  }

  // --- The page ---
  const about = element('div', {});
  const chosen = element('div', {});

  function show(i) {
    const mask = masks[i], {document: of} = mask;
    for (const row of document.querySelectorAll('#masks tr[data-mask]')) {
      const here = row.dataset.mask === String(i);
      row.className = here ? 'chosen' : '';
      row.querySelector('button').setAttribute('aria-pressed', String(here));
    }
    about.replaceChildren(
      element('p', {class: 'source soft'}, 'mask: ', element('code', {}, of.mask ?? 'none, the dense network'), ' · weights: ',
        element('code', {}, of.weights ?? 'none read')));
    const figures = element('div', {class: 'figures'});
    chosen.replaceChildren(verdict(mask), tiles(of), figures);
    graph_figure(figures, mask);
    density_figure(figures, mask);
    unit_figure(figures, mask);
    degree_figure(figures, mask);
    stub_layers_figure(figures, mask);
    theory_figure(figures, mask);
  }

  function definitions() {
    const entries = Object.entries(data.definitions.analyze);
    return element('details', {}, element('summary', {}, 'What the numbers mean'),
      element('dl', {class: 'definitions'}, ...entries.flatMap(([key, {text, source}]) =>
        [element('dt', {}, key), element('dd', {}, `${text} [${source}]`)])));
  }

  main.append(
    element('header', {}, element('div', {}, element('h1', {}, data.network), about), window.page.switcher));
  if (several) main.append(masks_card());
  main.append(chosen);
  if (several) {
    const across = element('div', {class: 'figures'});
    main.append(across);
    jaccard_figure(across);
    pairs_figure(across);
  }
  main.append(element('footer', {}, definitions(), element('p', {},
    'Made by phew-graph. Charts: Chart.js (MIT). This page asks no network for anything.')));
  show(0);
  window.page.ready();
})();
