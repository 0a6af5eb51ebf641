// A program that uses an installed phew-graph: how far is each unit from the first input, in the dense network and in a
// PHEW ticket of it?
#include <boost/graph/breadth_first_search.hpp>

#include <graph/io/weights_file.hpp>
#include <graph/layered_graph_bgl.hpp>
#include <graph/zoo.hpp>
#include <iostream>
#include <walks/phew.hpp>

std::vector<int> steps_from_first_input(const phew::LayeredGraph& graph) {
  std::vector<int> steps(num_vertices(graph));
  boost::breadth_first_search(
      graph, 0, visitor(boost::make_bfs_visitor(boost::record_distances(steps.data(), boost::on_tree_edge()))));
  return steps;
}

int main() {
  const phew::Network network = phew::make_network("mlp:4-3-2");
  const phew::TensorFile file = phew::read_tensor_file("weights.safetensors");
  const phew::LayeredGraph dense(network, phew::match_weights(network, file.tensors, "weights.safetensors", {}));
  const phew::LayeredGraph ticket = dense.masked(phew::phew_mask(dense, {.density = 0.5, .seed = 0}).mask);
  for (const auto& graph : {dense, ticket}) {
    for (const int steps : steps_from_first_input(graph)) std::cout << steps << ' ';
    std::cout << num_edges(graph) << " edges\n";
  }
}
