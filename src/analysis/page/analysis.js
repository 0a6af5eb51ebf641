// The page of `phew-graph analyze`: of several masks a table to choose from; of one its verdict, key figures, charts.
'use strict';

(() => {
  const {data, main, element, number, power_of_ten} = window.page;
  const {of_mask, of_masks, count_text, file_name} = window.analysis_figures;
  const {masks} = data;
  const several = masks.length > 1;
  const mask_name = (mask) => mask.document.mask === null ? 'dense' : file_name(mask.document.mask);
  const definition = (key) => {
    const {text, source} = data.definitions.analyze[key];
    return `${text} [${source}]`;
  };

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
    const one = where.length === 1;
    const named = where.length > 4 ? `${where.length} layers` : `layer${one ? '' : 's'} ${where.join(', ')}`;
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
      tile('Dead units', number(n.dead_units),
        `${count_text(n.unused_inputs, 'unused input')}, ${count_text(n.unused_outputs, 'output')}`,
        'network.dead_units'),
      tile('Paths', n.paths_log10 === null ? 'none' : `10^${n.paths_log10.toFixed(2)}`,
        weights === null ? 'weights not read' :
          `EWP: all ${power_of_ten(n.ewp_log_total)}, mean ${power_of_ten(n.ewp_mean_log)}`, 'network.paths_log10'),
      tile('Minimum hidden cut', number(n.min_hidden_cut), 'hidden units', 'network.min_hidden_cut'),
      tile('Components', number(n.components),
        `largest ${number(n.largest_component)}, ${number(n.isolated_units)} isolated`, 'network.components'),
      tile('FLOPs', number(n.flops), 'one example, forward', 'network.flops'));
  }

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
    return element('section', {class: 'card masks'},
      element('h2', {}, `${masks.length} masks; choose one to see it below`),
      element('div', {class: 'scroll', tabindex: '0'}, element('table', {id: 'masks'},
        element('thead', {}, element('tr', {}, ...head.map((name) => element('th', {scope: 'col'}, name)))),
        element('tbody', {}, ...rows))));
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
    about.replaceChildren(element('p', {class: 'source soft'},
      'mask: ', element('code', {}, of.mask ?? 'none, the dense network'),
      ' · weights: ', element('code', {}, of.weights ?? 'none read')));
    const figures = element('div', {class: 'figures'});
    chosen.replaceChildren(verdict(mask), tiles(of), figures);
    of_mask(figures, mask);
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
    of_masks(across);
  }
  main.append(element('footer', {}, definitions(), element('p', {},
    'Made by phew-graph. Charts: Chart.js (MIT). This page asks no network for anything.')));
  show(0);
  window.page.ready();
})();
