#include "worker/engine/diffusion/samplers/exponential.h"

#include <cmath>

namespace furrow::engine::diffusion {

double phi(int k, double z) {
  double factorial = 1;
  for (int i = 2; i <= k; ++i) factorial *= i;
  if (std::abs(z) < 1) {  // the series: the recurrence would cancel
    constexpr int kTerms = 20;
    double term = 1 / factorial;
    double sum = term;
    for (int n = 1; n < kTerms; ++n) {
      term *= z / (n + k);
      sum += term;
    }
    return sum;
  }
  double value = std::exp(z);
  double inverse_factorial = 1;
  for (int i = 0; i < k; ++i) {
    value = (value - inverse_factorial) / z;
    inverse_factorial /= i + 1;
  }
  return value;
}

std::vector<double> weights_of_moments(const std::vector<double>& nodes,
                                       const std::vector<double>& moments) {
  // Björck and Pereyra's algorithm for the dual Vandermonde system (Golub & Van Loan, 4.6.1).
  std::vector<double> w = moments;
  const std::size_t n = nodes.size();
  for (std::size_t k = 0; k + 1 < n; ++k)
    for (std::size_t i = n - 1; i > k; --i) w[i] -= nodes[k] * w[i - 1];
  for (std::size_t k = n - 1; k-- > 0;) {
    for (std::size_t i = k + 1; i < n; ++i) w[i] /= nodes[i] - nodes[i - k - 1];
    for (std::size_t i = k; i + 1 < n; ++i) w[i] -= w[i + 1];
  }
  return w;
}

std::vector<double> exponential_weights(const std::vector<double>& nodes, double h) {
  std::vector<double> moments;
  double factorial = 1;
  for (int i = 0; i < static_cast<int>(nodes.size()); ++i) {
    if (i > 0) factorial *= i;
    moments.push_back(factorial * phi(i + 1, -h));
  }
  return weights_of_moments(nodes, moments);
}

}  // namespace furrow::engine::diffusion
