#include "analysis/spectrum.hpp"

#include "graph/error.hpp"
#include "graph/random_stream.hpp"

#include <Eigen/SVD>
#include <Eigen/SparseCore>

#include <Spectra/SymEigsSolver.h>
#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace phew {
namespace {

using Matrix = Eigen::SparseMatrix<double, Eigen::RowMajor>;

constexpr Eigen::Index dense_below = 64;  ///< units of the smaller side

/// Numbers the indices that occur from 0 on.
class Compact {
 public:
  explicit Compact(std::int64_t indices) : number_(static_cast<std::size_t>(indices), -1) {}
  Eigen::Index operator()(std::int64_t index) {
    Eigen::Index& number = number_[static_cast<std::size_t>(index)];
    if (number < 0) number = count_++;
    return number;
  }
  [[nodiscard]] Eigen::Index count() const { return count_; }

 private:
  std::vector<Eigen::Index> number_;
  Eigen::Index count_ = 0;
};

/// The edge matrix without rows and columns of zeros; their order is of no account to singular values.
Matrix edge_matrix(const LayeredGraph& graph, const Link& link) {
  Compact targets(graph.layers()[link.to].units), sources(graph.layers()[link.from].units);
  std::vector<Eigen::Triplet<double>> edges;
  for (std::int64_t t = 0; t < graph.layers()[link.to].units; ++t)
    for_each_in_edge(graph, link, t, [&](std::int64_t column, std::int64_t, std::int64_t) {
      edges.emplace_back(targets(t), sources(link.first_source(t) + column), 1.0);
    });
  Matrix matrix(targets.count(), sources.count());
  matrix.setFromTriplets(edges.begin(), edges.end());
  return matrix;
}

/// y = (B + shift · I − Σ σ u uᵀ) x with B = [0 Aᵀ; A 0], whose largest eigenvalues are A's singular values, and the
/// pairs (σ, u) found so far. With a shift above twice the largest singular value all eigenvalues are far from 0, where
/// relative tolerances mean nothing: A may well be rank-deficient.
class DeflatedOperator {
 public:
  using Scalar = double;

  DeflatedOperator(const Matrix& matrix, double shift) : matrix_(matrix), shift_(shift) {}
  void deflate(double value, Eigen::VectorXd vector) { found_.emplace_back(value, std::move(vector)); }

  [[nodiscard]] std::size_t deflated() const { return found_.size(); }

  [[nodiscard]] Eigen::Index rows() const { return matrix_.rows() + matrix_.cols(); }
  [[nodiscard]] Eigen::Index cols() const { return rows(); }
  void perform_op(const double* in, double* out) const {
    const Eigen::Map<const Eigen::VectorXd> x(in, rows());
    Eigen::Map<Eigen::VectorXd> y(out, rows());
    y.head(matrix_.cols()).noalias() = matrix_.transpose() * x.tail(matrix_.rows());
    y.tail(matrix_.rows()).noalias() = matrix_ * x.head(matrix_.cols());
    y += shift_ * x;
    for (const auto& [value, vector] : found_) y -= value * vector.dot(x) * vector;
  }

 private:
  const Matrix& matrix_;
  double shift_;
  std::vector<std::pair<double, Eigen::VectorXd>> found_;
};

std::vector<double> dense_singular_values(const Matrix& matrix) {
  const Eigen::VectorXd values = Eigen::MatrixXd(matrix).bdcSvd().singularValues();
  return {values.begin(), values.end()};
}

/// A start of its own for each search: after one start has led to one vector of an eigenvalue that occurs several
/// times, it has no part left in the others.
Eigen::VectorXd start_vector(Eigen::Index size, std::size_t search) {
  const RandomStream stream(0, Purpose::simulation, search);
  Eigen::VectorXd start(size);
  for (Eigen::Index i = 0; i < size; ++i) {
    const auto block = stream.block(static_cast<std::uint32_t>(i));
    start[i] = unit_interval(block[0], block[1]) - 0.5;
  }
  return start;
}

/// The largest eigenpair of the operator; false if Lanczos has not converged with a basis of `basis` vectors.
bool find_largest(DeflatedOperator& op, Eigen::Index basis, double& value, Eigen::VectorXd& vector) {
  constexpr Eigen::Index restarts = 1'000;
  constexpr double tolerance = 1e-11;
  Spectra::SymEigsSolver<DeflatedOperator> solver(op, 1, std::min(basis, op.rows()));
  solver.init(start_vector(op.rows(), op.deflated()).data());
  if (solver.compute(Spectra::SortRule::LargestAlge, restarts, tolerance) < 1) return false;
  value = solver.eigenvalues()[0];
  vector = solver.eigenvectors().col(0);
  return true;
}

/// The `count` largest, by Lanczos; all of them, densely, where that does not converge.
std::vector<double> sparse_singular_values(const Matrix& matrix, std::int64_t count) {
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(matrix.cols());
  const double most_in = (matrix * ones).maxCoeff();
  const double most_out = (matrix.transpose() * Eigen::VectorXd::Ones(matrix.rows())).maxCoeff();
  const double shift = 2 * std::sqrt(most_in * most_out);  // at least twice the largest singular value
  DeflatedOperator op(matrix, shift);
  std::vector<double> values;
  while (static_cast<std::int64_t>(values.size()) < count) {
    double value = 0;
    Eigen::VectorXd vector;
    if (!find_largest(op, 30, value, vector) && !find_largest(op, 120, value, vector))
      return dense_singular_values(matrix);
    values.push_back(std::max(0.0, value - shift));
    op.deflate(values.back(), std::move(vector));
  }
  return values;
}

std::vector<double> singular_values(const Matrix& matrix, std::int64_t count) {
  const Eigen::Index smaller = std::min(matrix.rows(), matrix.cols());
  if (smaller == 0) return {};
  count = std::min<std::int64_t>(count, smaller);
  std::vector<double> values =
      smaller < dense_below ? dense_singular_values(matrix) : sparse_singular_values(matrix, count);
  std::ranges::sort(values, std::greater{});
  values.resize(static_cast<std::size_t>(count));
  return values;
}

/// All edges there: each group is a matrix of ones, of rank 1.
std::vector<double> dense_link_values(const LayeredGraph& graph, const Link& link, std::int64_t count) {
  const std::int64_t smaller = std::min(graph.layers()[link.to].units, graph.layers()[link.from].units);
  std::vector<double> values(static_cast<std::size_t>(std::min(count, smaller)));
  const double norm = std::sqrt(static_cast<double>(link.group_sources * link.group_targets));
  std::fill_n(values.begin(), std::min<std::int64_t>(link.groups, static_cast<std::int64_t>(values.size())), norm);
  return values;
}

}  // namespace

LinkSpectrum link_spectrum(const LayeredGraph& graph, const Link& link, std::int64_t count) {
  if (link.fixed()) fail(ExitCode::internal, "link_spectrum: found fixed link {}, expected a weighted one", link.name);
  count = std::max<std::int64_t>(count, 2);
  LinkSpectrum spectrum;
  std::int64_t sources = graph.layers()[link.from].units, targets = graph.layers()[link.to].units;
  if (graph.has_mask()) {
    const Matrix matrix = edge_matrix(graph, link);
    spectrum.singular_values = singular_values(matrix, count);
    sources = matrix.cols();
    targets = matrix.rows();
  } else {
    spectrum.singular_values = dense_link_values(graph, link, count);
  }
  const auto edges = static_cast<double>(graph.edge_count(link));
  if (edges == 0) return spectrum;
  spectrum.source_degree = edges / static_cast<double>(sources);
  spectrum.target_degree = edges / static_cast<double>(targets);
  if (sources < 2 || targets < 2) return spectrum;
  spectrum.ramanujan_difference =
      std::sqrt(spectrum.source_degree - 1) + std::sqrt(spectrum.target_degree - 1) - spectrum.singular_values[1];
  return spectrum;
}

}  // namespace phew
