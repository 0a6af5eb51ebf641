// SynapticFlow: the surviving parameters of a network and the flow of paths through each.
#pragma once

#include "graph/layered_graph.hpp"
#include "walks/surviving_tensor.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phew {

class SynapticFlow {
 public:
  /// All kept parameters of `graph`, which must outlive this. Throws Error(data) naming the tensor if one is NaN or
  /// infinite.
  SynapticFlow(const LayeredGraph& graph, PathValue value);

  [[nodiscard]] std::vector<SurvivingTensor>& tensors() { return tensors_; }
  [[nodiscard]] const std::vector<SurvivingTensor>& tensors() const { return tensors_; }
  [[nodiscard]] std::int64_t survivors() const;

  /// Sums over the paths of surviving parameters: two passes over them.
  void sweep();

  /// Scores of a row's entries as of the last sweep: value · F(source) · B(target), summed over the links that share
  /// the tensor, to be multiplied by 2^exponent(parameter). Valid until the next call; that of a gap is −0.
  [[nodiscard]] std::span<const float> scores(std::size_t parameter, std::int64_t row);
  /// The same of one entry.
  [[nodiscard]] float score(std::size_t parameter, std::int64_t row, std::size_t entry) const;
  [[nodiscard]] std::int64_t exponent(std::size_t parameter) const { return exponents_[parameter]; }

 private:
  /// A link's part in its parameter's scores.
  struct LinkFlow {
    std::vector<float> sources;  ///< F by position within the row, group after group
    std::vector<float> targets;  ///< B by target
    std::int64_t exponent = 0;
    float scale = 1;  ///< from this exponent to the parameter's
  };

  void forward(const Link& link, const std::vector<double>& f, std::vector<double>& part) const;
  void backward(const Link& link, const std::vector<double>& b, std::vector<double>& part) const;
  void align_exponents();
  [[nodiscard]] const float* sources(std::size_t link, std::int64_t row) const;

  const LayeredGraph& graph_;
  std::vector<SurvivingTensor> tensors_;            ///< by parameter
  std::vector<std::vector<std::size_t>> links_of_;  ///< by parameter
  std::vector<std::int64_t> exponents_;             ///< by parameter
  std::vector<LinkFlow> flows_;                     ///< by link
  std::vector<float> row_, part_;
};

}  // namespace phew
