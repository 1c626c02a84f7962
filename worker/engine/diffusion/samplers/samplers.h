#pragma once

#include <memory>

#include "worker/engine/diffusion/sampler.h"

/// One maker an algorithm; each is in the file of its name. The tables are in sampler_class.cpp and
/// sampler_table.cpp.
namespace furrow::engine::diffusion {

// Over sigma.
std::unique_ptr<Sampler> make_euler(SamplerPlan plan);
std::unique_ptr<Sampler> make_euler_a(SamplerPlan plan);
std::unique_ptr<Sampler> make_heun(SamplerPlan plan);
std::unique_ptr<Sampler> make_heunpp2(SamplerPlan plan);
std::unique_ptr<Sampler> make_restart(SamplerPlan plan);
std::unique_ptr<Sampler> make_lms(SamplerPlan plan);
std::unique_ptr<Sampler> make_ipndm(SamplerPlan plan);
std::unique_ptr<Sampler> make_ipndm_v(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpm2(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpm2_a(SamplerPlan plan);
std::unique_ptr<Sampler> make_renoise(SamplerPlan plan);
std::unique_ptr<Sampler> make_runge_kutta(SamplerPlan plan);
std::unique_ptr<Sampler> make_collocation(SamplerPlan plan);

// Over lambda, the logarithm of signal over noise.
std::unique_ptr<Sampler> make_dpm_multistep(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpm_singlestep(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpmpp_sde(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpm_fast(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpm_adaptive(SamplerPlan plan);
std::unique_ptr<Sampler> make_deis(SamplerPlan plan);
std::unique_ptr<Sampler> make_unipc(SamplerPlan plan);
std::unique_ptr<Sampler> make_sa_solver(SamplerPlan plan);
std::unique_ptr<Sampler> make_er_sde(SamplerPlan plan);
std::unique_ptr<Sampler> make_exponential_rk(SamplerPlan plan);
std::unique_ptr<Sampler> make_exponential_multistep(SamplerPlan plan);

// Over the model's own timesteps.
std::unique_ptr<Sampler> make_ddim(SamplerPlan plan);
std::unique_ptr<Sampler> make_ddim_cfgpp(SamplerPlan plan);
std::unique_ptr<Sampler> make_bdia_ddim(SamplerPlan plan);
std::unique_ptr<Sampler> make_ddpm(SamplerPlan plan);
std::unique_ptr<Sampler> make_pndm(SamplerPlan plan);
std::unique_ptr<Sampler> make_lcm(SamplerPlan plan);
std::unique_ptr<Sampler> make_ufogen(SamplerPlan plan);
std::unique_ptr<Sampler> make_tcd(SamplerPlan plan);

}  // namespace furrow::engine::diffusion
