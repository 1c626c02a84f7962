// What samplers and schedules are called: canonical name, label, default schedule, other spellings.
// Case, spaces, hyphens, underscores and the prefixes k_ and sample_ do not count, so spellings
// that differ only in these are not listed.

#include "common/spec/sampler_names.h"

namespace furrow::spec {

const std::vector<SamplerName>& samplers() {
  // "DPM++ SDE" is A1111's, the singlestep solver of k-diffusion; sdnext calls that one "DPM SDE",
  // and by "DPM++ SDE" the first order of "DPM++ 2M SDE". Of the rules of
  // Linear-RK, RES-Unified and DEIS-Unified some are others under a second name. "UniPC" is
  // sdnext's, of second order with B2(h); A1111's is of third order with B1(h).
  static const std::vector<SamplerName> all = {
      {"euler",
       "Euler",
       "normal",
       {"EulerDiscreteScheduler", "FlowMatchEulerDiscreteScheduler", "Linear-RK Euler"}},
      {"euler_a", "Euler a", "normal", {"euler_ancestral", "EulerAncestralDiscreteScheduler"}},
      {"heun",
       "Heun",
       "normal",
       {"HeunDiscreteScheduler", "FlowMatchHeunDiscreteScheduler", "Linear-RK Heun",
        "Linear-RK 2"}},
      {"heunpp2", "HeunPP2", "normal", {"Heun++"}},
      {"lms", "LMS", "normal", {"LMSD", "LMSDiscreteScheduler"}},
      {"ipndm", "IPNDM", "normal", {}},
      {"ipndm_v", "IPNDM_V", "normal", {}},
      {"dpm2", "DPM2", "karras", {"KDPM2", "KDPM2DiscreteScheduler"}},
      {"dpm2_a",
       "DPM2 a",
       "karras",
       {"dpm_2_ancestral", "KDPM2 a", "KDPM2AncestralDiscreteScheduler"}},
      {"dpm_fast", "DPM fast", "normal", {}, ScheduleUse::None},
      {"dpm_adaptive", "DPM adaptive", "normal", {"dpm_ad"}, ScheduleUse::None},
      {"restart", "Restart", "karras", {}},
      {"dpmpp", "DPM++", "normal", {"DEIS-Unified 1S"}},
      {"dpmpp_2m", "DPM++ 2M", "karras", {"DPMSolverMultistepScheduler", "DPM2++ 2M"}},
      {"dpmpp_3m", "DPM++ 3M", "karras", {}},
      {"dpmpp_2s", "DPM++ 2S", "karras", {"DPM++ 1S", "DPMSolverSinglestepScheduler"}},
      {"dpmpp_2s_a", "DPM++ 2S a", "karras", {"dpmpp_2s_ancestral", "DPM2++ 2S"}},
      {"dpmpp_sde", "DPM++ SDE", "karras", {"DPM SDE", "DPMSolverSDEScheduler", "DPM2++ SDE"}},
      {"dpmpp_2m_sde", "DPM++ 2M SDE", "exponential", {"DPM2++ 2M SDE"}},
      {"dpmpp_2m_sde_heun", "DPM++ 2M SDE Heun", "exponential", {}},
      {"dpmpp_3m_sde", "DPM++ 3M SDE", "exponential", {"DPM2++ 3M SDE"}},
      {"deis", "DEIS", "normal", {"DEISMultistepScheduler", "DEIS-Multistep", "DEIS-Unified 2M"}},
      {"unipc", "UniPC", "normal", {"UniPCMultistepScheduler", "uni_pc_bh2"}},
      {"sa_solver", "SA Solver", "normal", {"SASolverScheduler"}},
      {"er_sde", "ER-SDE", "normal", {}},
      {"er_sde_2m", "ER-SDE 2M", "normal", {}},
      {"er_sde_3m", "ER-SDE 3M", "normal", {}},
      {"ddim", "DDIM", "normal", {"DDIMScheduler", "DDIM Parallel", "CogX DDIM"}},
      {"ddim_cfgpp", "DDIM CFG++", "normal", {}},
      {"bdia_ddim", "BDIA DDIM", "normal", {}},
      {"ddpm", "DDPM", "normal", {"DDPMScheduler", "DDPM Parallel"}},
      {"pndm", "PLMS", "normal", {"PNDM", "PNDMScheduler"}, ScheduleUse::None},
      {"lcm",
       "LCM",
       "normal",
       {"LCMScheduler", "FlowMatchLCMScheduler", "Flash"},
       ScheduleUse::None},
      {"tcd", "TCD", "normal", {"TCDScheduler"}, ScheduleUse::None},
      {"ufogen", "UFOGen", "normal", {}},
      {"res_2m", "RES-Multistep 2M", "normal", {"res_multistep", "RES-Unified 2M", "ABNorsett 2M"}},
      {"res_3m", "RES-Multistep 3M", "normal", {"RES-Unified 3M", "ABNorsett 3M"}},
      {"abnorsett_4m", "ABNorsett 4M", "normal", {}},
      {"pec_423", "PEC 423", "normal", {}},
      {"pec_433", "PEC 433", "normal", {}},
      {"res_2s", "RES-Singlestep 2S", "normal", {"RES-Unified 2S"}},
      {"res_3s", "RES-Singlestep 3S", "normal", {"RES-Unified 3S"}},
      {"res_2s_sde", "RES-SDE 2S", "normal", {}},
      {"res_3s_sde", "RES-SDE 3S", "normal", {}},
      {"etdrk_2s", "ETD-RK 2S", "normal", {}},
      {"etdrk_3s_a", "ETD-RK 3S A", "normal", {}},
      {"etdrk_3s_b", "ETD-RK 3S B", "normal", {}},
      {"etdrk_4s_a", "ETD-RK 4S A", "normal", {}},
      {"etdrk_4s_b", "ETD-RK 4S B", "normal", {}},
      {"lawson_2s_a", "Lawson 2S A", "normal", {}},
      {"lawson_2s_b", "Lawson 2S B", "normal", {}},
      {"lawson_4s", "Lawson 4S", "normal", {}},
      {"ralston", "Linear-RK Ralston", "normal", {}},
      {"rk3", "Linear-RK 3", "normal", {}},
      {"rk4", "Runge-Kutta 4/4", "normal", {"Linear-RK 4"}},
      {"rk5", "Runge-Kutta 5/7", "normal", {}},
      {"rk6", "Runge-Kutta 6/7", "normal", {}},
      {"ssprk3", "Specialized-RK 3S", "normal", {}},
      {"ssprk4", "Specialized-RK 4S", "normal", {}},
      {"gauss_legendre_2s", "Gauss-Legendre 2S", "normal", {}},
      {"gauss_legendre_3s", "Gauss-Legendre 3S", "normal", {}},
      {"gauss_legendre_4s", "Gauss-Legendre 4S", "normal", {}},
      {"radau_iia_2", "Radau IIA 2", "normal", {}},
      {"radau_iia_3", "Radau IIA 3", "normal", {}},
      {"radau_iia_4", "Radau IIA 4", "normal", {}},
      {"lobatto_2", "Lobatto 2", "normal", {}},
      {"lobatto_3", "Lobatto 3", "normal", {}},
      {"lobatto_4", "Lobatto 4", "normal", {}},
      {"default", "Default", "normal", {}},
  };
  return all;
}

const std::vector<ScheduleName>& schedules() {
  // "normal" goes evenly from the noisiest timestep, as A1111's Normal and Automatic and sdnext's
  // "default" do; DDIM and the other samplers of whole timesteps keep to the model's own spacing.
  // "uniform" is the same down to the cleanest timestep also with the samplers whose normal
  // schedule stops one before it (DPM++, DEIS, UniPC, SA Solver), as A1111 has it for all. "ka" and
  // "exp" end the old A1111 aliases, as in k_dpmpp_2m_ka.
  static const std::vector<ScheduleName> all = {
      {"automatic", "Automatic", {"auto"}},
      {"normal", "Normal", {"default"}},
      {"uniform", "Uniform", {"linspace"}},
      {"leading", "Leading", {}},
      {"trailing", "Trailing", {"SGM"}},
      {"sgm_uniform", "SGM Uniform", {}},
      {"simple", "Simple", {}},
      {"ddim_uniform", "DDIM", {}},
      {"turbo", "Turbo", {}},
      {"karras", "Karras", {"ka"}},
      {"exponential", "Exponential", {"exp"}},
      {"polyexponential", "Polyexponential", {}},
      {"beta", "Beta", {"betas"}},
      {"lambdas", "Lambdas", {"lu", "lu_lambdas"}},
      {"kl_optimal", "KL Optimal", {}},
      {"linear_quadratic", "Linear Quadratic", {}},
      {"align_your_steps", "Align Your Steps", {"AYS", "AYS 11", "Align Your Steps 11"}},
      {"align_your_steps_32", "Align Your Steps 32", {"AYS 32"}},
      {"align_your_steps_gits", "Align Your Steps GITS", {"AYS GITS", "GITS"}},
      {"linear", "Linear", {"Euclidean Flow"}},
      {"sine", "Sine", {"Sine Sigma"}},
      {"smoothstep", "Smoothstep", {"Smoothstep Sigma", "Easing", "Easing Sigma"}},
      {"arcsine", "Arcsine", {"Arcsine Sigma"}},
      {"sigmoid", "Sigmoid", {"Sigmoid Sigma"}},
      {"flowmatch", "FlowMatch", {"flow"}},
  };
  return all;
}

const std::vector<UnbuiltName>& unbuilt_samplers() {
  constexpr std::string_view kEdm =
      "is the plain sampler with a model of EDM: take the name without EDM for such a model.";
  constexpr std::string_view kInverse =
      "turns pictures into noise; furrow's samplers make pictures of noise.";
  constexpr std::string_view kDistilled =
      "is for models of its own training, which furrow does not run.";
  constexpr std::string_view kLevels =
      "lays out levels of noise that have no meaning for a diffusion model.";
  static const std::vector<UnbuiltName> all = {
      {"Euler EDM", kEdm},
      {"DPM++ 2M EDM", kEdm},
      {"DPM++ Cosine", kDistilled},
      {"DPM++ Inverse", kInverse},
      {"DPM++ 2M Inverse", kInverse},
      {"DPM++ 3M Inverse", kInverse},
      {"TDD", kDistilled},
      {"PeRFlow", kDistilled},
      {"CMSI", kDistilled},
      {"VDM Solver", kDistilled},
      {"DC Solver", "needs numbers that are searched for every model beforehand."},
      {"Hyperbolic Flow", kLevels},
      {"Spherical Flow", kLevels},
      {"Lorentzian Flow", kLevels},
      {"Langevin Dynamics", kLevels},
  };
  return all;
}

}  // namespace furrow::spec
