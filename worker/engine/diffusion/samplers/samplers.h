#pragma once

#include <memory>

#include "worker/engine/diffusion/sampler.h"

/// One maker an algorithm; each is in the file of its name. The tables are in sampler_classes.cpp
/// and sampler_table.cpp.
namespace furrow::engine::diffusion {

std::unique_ptr<Sampler> make_ddim(SamplerPlan plan);
std::unique_ptr<Sampler> make_ddpm(SamplerPlan plan);
std::unique_ptr<Sampler> make_deis(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpm2(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpm2_a(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpm_multistep(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpm_singlestep(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpmpp_sde(SamplerPlan plan);
std::unique_ptr<Sampler> make_euler(SamplerPlan plan);
std::unique_ptr<Sampler> make_euler_a(SamplerPlan plan);
std::unique_ptr<Sampler> make_heun(SamplerPlan plan);
std::unique_ptr<Sampler> make_lcm(SamplerPlan plan);
std::unique_ptr<Sampler> make_lms(SamplerPlan plan);
std::unique_ptr<Sampler> make_pndm(SamplerPlan plan);
std::unique_ptr<Sampler> make_renoise(SamplerPlan plan);
std::unique_ptr<Sampler> make_tcd(SamplerPlan plan);
std::unique_ptr<Sampler> make_unipc(SamplerPlan plan);

}  // namespace furrow::engine::diffusion
