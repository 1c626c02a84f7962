#pragma once

#include <vector>

/// What exponential integrators share: Hochbruck & Ostermann 2010, "Exponential integrators" (Acta
/// Numerica 19). In lambda, half the logarithm of the signal-to-noise ratio, the ODE is
/// y' = −y + D, with y the latent over its share of signal and D the clean latent; over a step h
///
///   x_t = sigma_t / sigma_s x + alpha_t h sum_j w_j D_j
///
/// and the weights w are made of the functions phi_k(−h).
namespace furrow::engine::diffusion {

/// phi_k(z): phi_0 = e^z, phi_{k+1}(z) = (phi_k(z) − 1 / k!) / z; at 0 it is 1 / k!.
double phi(int k, double z);

/// The weights with which a polynomial through values at `nodes` (0 the beginning of the step, 1
/// its end) is integrated exactly over a step of h: sum_j w_j nodes_j^i = i! phi_{i+1}(−h).
std::vector<double> exponential_weights(const std::vector<double>& nodes, double h);

/// Solves sum_j w_j nodes_j^i = moments_i for the w. Requires: different nodes, as many moments.
std::vector<double> weights_of_moments(const std::vector<double>& nodes,
                                       const std::vector<double>& moments);

}  // namespace furrow::engine::diffusion
