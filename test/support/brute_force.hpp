// BruteForce: every path of a small layered graph, one by one, and what follows from the list. Slow, plain, and
// independent of the block kernels: it reads a graph's structure, single mask bits and single weights only.
#pragma once

#include "graph/layered_graph.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

namespace phew::test {

/// One kept parameter as an edge between two vertices, or a fixed edge (parameter none, value 1).
struct ParameterEdge {
  std::int64_t from = 0, to = 0;
  std::size_t parameter = Network::no_parameter;
  std::int64_t row = 0, column = 0;
  double value = 1;  ///< |w|; 1 without weights
  std::size_t link = 0;
};

/// All kept parameters of a graph's links, and its fixed edges. Tied tensors: one edge a link.
[[nodiscard]] std::vector<ParameterEdge> parameter_edges(const LayeredGraph& graph);
/// The same with one edge for each kernel, of value Σ|w| (1 without weights), at its first kept parameter's place.
[[nodiscard]] std::vector<ParameterEdge> kernel_edges(const LayeredGraph& graph);

/// What the list of all input–output paths says. A path names one kept parameter per kernel.
struct BruteForce {
  std::int64_t paths = 0;
  std::int64_t zero_paths = 0;   ///< of EWP 0
  double ewp_total = 0;          ///< Σ over paths of Π|w|
  std::vector<double> log_ewp;   ///< ln Π|w| of each path where that is above 0
  std::vector<double> unit_ewp;  ///< by vertex: Σ over the paths through the unit
  std::vector<double> link_ewp;  ///< by link: Σ over the paths over it
  double path_kernel_trace = 0;  ///< Σ over paths, over weighted edges i of the path, of Π over the others of w²
  std::vector<std::uint8_t> on_path;                                        ///< by vertex
  std::set<std::tuple<std::size_t, std::int64_t, std::int64_t>> effective;  ///< (parameter, row, column) on a path
  std::set<std::vector<std::int64_t>> unit_paths;                           ///< each path as its vertices
};

/// Enumerates them depth first; none if there are more than `limit`.
[[nodiscard]] std::optional<BruteForce> enumerate_paths(const LayeredGraph& graph, std::int64_t limit);
/// Of these edges only, which are of `graph`.
[[nodiscard]] std::optional<BruteForce> enumerate_paths(const LayeredGraph& graph, std::vector<ParameterEdge> edges,
                                                        std::int64_t limit);

/// The stub rule of graph/reach.hpp, by searching along fixed edges from the unit each way. O(edges) a call.
[[nodiscard]] bool is_stub_by_search(const LayeredGraph& graph, const std::vector<ParameterEdge>& edges,
                                     std::int64_t vertex);

/// The size of the smallest set of hidden units, not copies, that every path meets, by trying all sets in order of
/// size; none if some path has no such unit. Only for few units on paths: O(2^units · paths).
[[nodiscard]] std::optional<std::int64_t> smallest_cut_by_subsets(const LayeredGraph& graph, const BruteForce& all);

}  // namespace phew::test
