#pragma once

#include <memory>

#include "worker/engine/diffusion/sampler.h"

/// One maker an algorithm; each is in the file of its name. The table is in sampler.cpp.
namespace furrow::engine::diffusion {

std::unique_ptr<Sampler> make_euler(SamplerPlan plan);
std::unique_ptr<Sampler> make_euler_a(SamplerPlan plan);
std::unique_ptr<Sampler> make_heun(SamplerPlan plan);
std::unique_ptr<Sampler> make_ddim(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpmpp_2m(SamplerPlan plan);
std::unique_ptr<Sampler> make_dpmpp_2m_sde(SamplerPlan plan);

}  // namespace furrow::engine::diffusion
