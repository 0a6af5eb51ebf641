#!/usr/bin/env python3
"""Draws layered-graph.svg, the README's picture: one small network, pruned at random and by walks.

Usage: layered_graph.py > layered-graph.svg
"""

import random

LAYERS = [5, 6, 6, 4]
DENSITY = 0.22
SEED = 8
LAYER_GAP, UNIT_GAP, RADIUS, PANEL = 100, 34, 8, 430

STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #24292f }
  .small { font-size: 12px; fill: #57606a }
  .pruned { stroke: #8b949e; stroke-opacity: .16 }
  .kept { stroke: #57606a; stroke-width: 1.6 }
  .wasted { stroke: #d1242f; stroke-width: 1.6; stroke-dasharray: 4 3 }
  .forward { stroke: #0969da; stroke-width: 3 }
  .reverse { stroke: #bf8700; stroke-width: 3 }
  .unit { fill: #57606a }
  .stub { fill: #d1242f }
  .off { fill: none; stroke: #8b949e; stroke-dasharray: 3 2 }
  .blue { fill: #0969da } .amber { fill: #9a6700 } .red { fill: #d1242f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9da7b1 }
    .kept { stroke: #9da7b1 } .unit { fill: #9da7b1 }
    .forward { stroke: #58a6ff } .reverse { stroke: #d29922 } .wasted { stroke: #ff7b72 } .stub { fill: #ff7b72 }
    .blue { fill: #58a6ff } .amber { fill: #d29922 } .red { fill: #ff7b72 }
  }"""


def all_edges():
    return [(l, s, t) for l in range(len(LAYERS) - 1) for s in range(LAYERS[l]) for t in range(LAYERS[l + 1])]


def walk(weights, number):
    """Walk `number`: even ones forward from an input, odd ones in reverse from an output, starts round-robin."""
    forward = number % 2 == 0
    links = range(len(LAYERS) - 1)
    unit = number // 2 % LAYERS[0 if forward else -1]
    path = []
    for l in links if forward else reversed(links):
        ends = range(LAYERS[l + 1] if forward else LAYERS[l])
        choices = [(l, unit, e) if forward else (l, e, unit) for e in ends]
        edge = rng.choices(choices, [abs(weights[c]) for c in choices])[0]
        path.append(edge)
        unit = edge[2] if forward else edge[1]
    return path


def reached(kept):
    """Units that a path from an input reaches, and units from which one to an output leads."""
    from_input, to_output = ({(0, u) for u in range(LAYERS[0])}, {(len(LAYERS) - 1, u) for u in range(LAYERS[-1])})
    for l, s, t in sorted(kept):
        if (l, s) in from_input:
            from_input.add((l + 1, t))
    for l, s, t in sorted(kept, reverse=True):
        if (l + 1, t) in to_output:
            to_output.add((l, s))
    return from_input, to_output


def position(panel, layer, unit):
    return 40 + panel * PANEL + layer * LAYER_GAP, 150 + (unit - (LAYERS[layer] - 1) / 2) * UNIT_GAP


def line(panel, edge, kind):
    (x1, y1), (x2, y2) = position(panel, edge[0], edge[1]), position(panel, edge[0] + 1, edge[2])
    return f'<line class="{kind}" x1="{x1}" y1="{y1:g}" x2="{x2}" y2="{y2:g}"/>'


def draw(panel, kept, highlighted):
    """Prints the network's edges and units; returns the numbers of stub units and of wasted edges."""
    from_input, to_output = reached(kept)
    wasted = {e for e in kept if (e[0], e[1]) not in from_input or (e[0] + 1, e[2]) not in to_output}
    for kind, edges in [("pruned", set(all_edges()) - kept), ("kept", kept - wasted), ("wasted", wasted)] + highlighted:
        for edge in sorted(edges):
            print(line(panel, edge, kind))
    stubs = 0
    for layer, units in enumerate(LAYERS):
        for unit in range(units):
            entered = layer == 0 or any(e[0] == layer - 1 and e[2] == unit for e in kept)
            left = layer == len(LAYERS) - 1 or any(e[0] == layer and e[1] == unit for e in kept)
            hidden = 0 < layer < len(LAYERS) - 1
            stub = hidden and entered != left
            stubs += stub
            kind = "stub" if stub else "unit" if entered and left else "off"
            x, y = position(panel, layer, unit)
            print(f'<circle class="{kind}" cx="{x}" cy="{y:g}" r="{RADIUS}"/>')
    return stubs, len(wasted)


rng = random.Random(SEED)
weights = {edge: rng.gauss(0, 1) for edge in all_edges()}
target = round(DENSITY * len(weights))
tickets, walks = set(), []
while len(tickets) < target:
    walks.append(walk(weights, len(walks)))
    tickets |= set(walks[-1])
pruned_at_random = set(rng.sample(all_edges(), len(tickets)))

print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * PANEL - 30} 320" role="img">')
print("<title>A layered graph with the same number of weights kept at random and by PHEW's walks</title>")
print(f"<style>{STYLE}\n</style>")
stubs, wasted = draw(0, pruned_at_random, [])
walk_stubs, walk_wasted = draw(1, tickets, [("forward", walks[0]), ("reverse", walks[1])])
assert (walk_stubs, walk_wasted) == (0, 0)
print(f'<text x="32" y="24">Weights kept at random</text>')
print(f'<text x="{PANEL + 32}" y="24">As many weights, kept by PHEW’s walks</text>')
print(f'<text class="small" x="32" y="286">{len(tickets)} of {len(weights)} weights; '
      f'<tspan class="red">{stubs} stub units</tspan>,</text>')
print(f'<text class="small" x="32" y="304"><tspan class="red">{wasted} weights</tspan> on no path from input to output</text>')
print(f'<text class="small" x="{PANEL + 32}" y="286"><tspan class="blue">a forward walk</tspan>, '
      f'<tspan class="amber">a reverse walk</tspan>, and the rest;</text>')
print(f'<text class="small" x="{PANEL + 32}" y="304">no stub unit, every weight on a path</text>')
print("</svg>")
