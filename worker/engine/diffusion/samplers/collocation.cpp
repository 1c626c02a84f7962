// Implicit Runge-Kutta rules of collocation on the probability-flow ODE over sigma: Hairer &
// Wanner, "Solving Ordinary Differential Equations II", section IV.5. The polynomial through the
// slopes at the nodes c is integrated to every node (a) and to the end of the step (b):
//
//   a_ij = integral_0^{c_i} l_j      b_j = integral_0^1 l_j      x_i = x + dt sum_j a_ij d_j
//
// The equations are solved by sweeps over the nodes with the newest slopes, beginning with the
// slope where the step begins. A node at the end of a step to 0 has no slope, so that step is
// Euler's.

#include <algorithm>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>
#include <boost/math/quadrature/gauss.hpp>

#include "common/base/check.h"
#include "worker/engine/diffusion/samplers/bases.h"
#include "worker/engine/diffusion/samplers/samplers.h"

namespace furrow::engine::diffusion {
namespace {

/// The second sweep corrects the first; a third changes little.
constexpr int kSweeps = 2;

using Nodes = std::vector<double>;

struct NodesRow {
  std::string_view name;
  Nodes nodes;
};

// By their names in sampler_class.cpp.
const std::vector<NodesRow> kRows = {
    // Gauss: the roots of the shifted Legendre polynomials.
    {"gauss_legendre_2s", {0.21132486540518713, 0.78867513459481287}},
    {"gauss_legendre_3s", {0.1127016653792583, 0.5, 0.8872983346207417}},
    {"gauss_legendre_4s",
     {0.06943184420297371, 0.33000947820757187, 0.66999052179242813, 0.93056815579702629}},
    // Radau IIA: with the end of the step among them.
    {"radau_iia_2", {1. / 3, 1}},
    {"radau_iia_3", {0.15505102572168219, 0.64494897427831781, 1}},
    {"radau_iia_4", {0.08858795951270395, 0.40946686444073471, 0.78765946176084706, 1}},
    // Lobatto IIIA: with both ends.
    {"lobatto_2", {0, 1}},
    {"lobatto_3", {0, 0.5, 1}},
    {"lobatto_4", {0, 0.27639320225002103, 0.72360679774997897, 1}},
};

bool has_begin(const Nodes& nodes) {
  return nodes.front() == 0;
}

std::vector<Call> calls_of(const SamplerPlan& plan, const Nodes& nodes) {
  return several_calls_a_step(plan, [&](double sigma, double next) {
    std::vector<double> levels;
    for (int sweep = 0; sweep < kSweeps; ++sweep)
      for (const double c : nodes)
        if (c > 0) levels.push_back(sigma + c * (next - sigma));
    return levels;
  });
}

/// The integral of the j-th Lagrange polynomial on the nodes from 0 to `end`; exact.
double integral_of_lagrange(const Nodes& nodes, std::size_t j, double end) {
  const auto lagrange = [&](double s) {
    double product = 1;
    for (std::size_t k = 0; k < nodes.size(); ++k)
      if (k != j) product *= (s - nodes[k]) / (nodes[j] - nodes[k]);
    return product;
  };
  return end == 0 ? 0 : boost::math::quadrature::gauss<double, 7>::integrate(lagrange, 0.0, end);
}

class Collocation final : public SigmaSampler {
 public:
  Collocation(const SamplerPlan& plan, const Nodes& nodes)
      : SigmaSampler(plan, calls_of(plan, nodes)), nodes_(nodes) {}

 private:
  at::Tensor next_latent(const at::Tensor& output, const DrawNoise&) override {
    const at::Tensor d = slope(latent_, output, sigma_of(call_));
    if (begins_step()) {
      begin_ = latent_;
      slopes_.assign(nodes_.size(), d);
      node_ = has_begin(nodes_) ? 1 : 0;
      return ends_step() ? latent_ + d * (sigma(1) - sigma()) : reached(nodes_[node_]);
    }
    slopes_[node_] = d;
    if (ends_step()) return reached(1);
    node_ = node_ + 1 < nodes_.size() ? node_ + 1 : (has_begin(nodes_) ? 1 : 0);
    return reached(nodes_[node_]);
  }

  /// The latent at this fraction of the step, by the slopes of now.
  at::Tensor reached(double fraction) const {
    const double dt = sigma(1) - sigma();
    at::Tensor x = begin_;
    for (std::size_t j = 0; j < nodes_.size(); ++j)
      x = x + slopes_[j] * (dt * integral_of_lagrange(nodes_, j, fraction));
    return x;
  }

  const Nodes& nodes_;
  // Of the step so far.
  at::Tensor begin_;
  std::vector<at::Tensor> slopes_;
  std::size_t node_ = 0;  // the one that the next call is about
};

}  // namespace

std::unique_ptr<Sampler> make_collocation(SamplerPlan plan) {
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const NodesRow& known) {
    return known.name == plan.config.class_name;
  });
  FURROW_CHECK(row != kRows.end(), "a rule of this name");
  return std::make_unique<Collocation>(plan, row->nodes);
}

}  // namespace furrow::engine::diffusion
