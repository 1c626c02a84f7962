// The flags of `furrow submit`, by what they are about. A parameter's flag is its field in
// spec.proto with hyphens, or a shorter label of its axis.
#include "cli/commands/entries.h"
#include "cli/commands/flags.h"

namespace furrow::cli {

namespace {

constexpr std::string_view kSweep = "The sweep";
constexpr std::string_view kJob = "The job";
constexpr std::string_view kPicture = "Beginning with a picture";
constexpr std::string_view kHires = "Hires fix and refiner";
constexpr std::string_view kSampler = "Sampler and guidance";
constexpr std::string_view kNoise = "Noise";

constexpr Flag about(std::string_view group, Flag flag) {
  flag.group = group;
  return flag;
}

constexpr Flag number(std::string_view group, std::string_view name, std::string_view value,
                      std::string_view help) {
  return about(group, {name, value, help, ValueKind::Number});
}

constexpr Flag text(std::string_view group, std::string_view name, std::string_view value,
                    std::string_view help) {
  return about(group, {name, value, help, ValueKind::Text});
}

constexpr Flag truth(std::string_view group, std::string_view name, std::string_view help) {
  return about(group, {name, "", help, ValueKind::None});
}

}  // namespace

std::span<const Flag> submit_flags() {
  static constexpr Flag kFlags[] = {
      {"model", "NAME", "model, by name or hash (default: emoji-diffusion)", ValueKind::Text, 'm'},
      {"vae", "NAME", "another VAE than the model's own", ValueKind::Text},
      {"prompt", "TEXT", "what to draw; <lora:NAME:0.8> in it adds a LoRA", ValueKind::Text, 'p'},
      {"negative-prompt", "TEXT", "what not to draw", ValueKind::Text, 'n'},
      {"steps", "N", "denoising steps", ValueKind::Number},
      {"cfg", "N", "guidance scale", ValueKind::Number},
      {"sampler", "NAME", "see --help-samplers", ValueKind::Sampler},
      {"schedule", "NAME", "sigma schedule, see --help-samplers", ValueKind::Schedule},
      {"size", "WxH", "picture size in pixels", ValueKind::Text},
      {"width", "PX", "picture width", ValueKind::Number},
      {"height", "PX", "picture height", ValueKind::Number},
      {"seed", "N", "-1: one drawn for the whole job", ValueKind::Number},
      {"clip-skip", "N", "1: the text encoder's last layer", ValueKind::Number},

      about(kSweep, {"x", "'LABEL: VALUES'", "axis across the sheet", ValueKind::Text, 'x'}),
      about(kSweep, {"y", "'LABEL: VALUES'", "axis down the sheet", ValueKind::Text, 'y'}),
      about(kSweep, {"z", "'LABEL: VALUES'", "axis over sub-grids", ValueKind::Text, 'z'}),
      about(kSweep, {"axis", "'LABEL: VALUES'",
                     "a further axis; repeatable. Every parameter is an axis too", ValueKind::Text,
                     'a', true}),
      about(kSweep, {"spec", "FILE", "read the sweep from YAML or JSON; other flags win over it",
                     ValueKind::File, 'f'}),

      about(kPicture, {"init-image", "FILE", "begin with this PNG, JPEG or WebP", ValueKind::File}),
      number(kPicture, "denoising-strength", "N", "how much is made anew, 0 to 1 (0.75)"),
      text(kPicture, "resize-mode", "NAME", "stretch, crop, fill or latent"),
      number(kPicture, "image-guidance-scale", "N", "of models that edit pictures (1.5)"),
      about(kPicture,
            {"mask", "FILE", "make anew only what is white in this picture", ValueKind::File}),
      number(kPicture, "mask-blur", "PX", "of the mask's edge (4)"),
      truth(kPicture, "mask-invert", "make anew only what is black"),
      text(kPicture, "masked-content", "NAME",
           "under the mask at first: fill, original, noise, nothing"),
      truth(kPicture, "only-masked",
            "render the masked part at the whole size, then paste it back"),
      number(kPicture, "mask-padding", "PX", "around that part (32)"),

      number(kHires, "hires-scale", "N", "render again, so many times as large"),
      number(kHires, "hires-width", "PX", "or at this width; the height follows unless given"),
      number(kHires, "hires-height", "PX", "or at this height"),
      text(kHires, "hires-upscaler", "NAME", "latent, lanczos, … or an upscaler's name (latent)"),
      number(kHires, "hires-denoising-strength", "N", "how much is made anew, 0 to 1 (0.7)"),
      number(kHires, "hires-steps", "N", "this and what follows: as in the first run unless given"),
      about(kHires, {"hires-sampler", "NAME", "of the second run", ValueKind::Sampler}),
      about(kHires, {"hires-schedule", "NAME", "of the second run", ValueKind::Schedule}),
      number(kHires, "hires-guidance-scale", "N", "of the second run"),
      text(kHires, "hires-prompt", "TEXT", "of the second run"),
      text(kHires, "hires-negative-prompt", "TEXT", "of the second run"),
      text(kHires, "refiner", "NAME", "a model that does the last part of the run"),
      number(kHires, "refiner-switch-at", "N", "after this share of it, 0 to 1 (0.8)"),

      number(kSampler, "guidance-rescale", "N", "0 to 1, against overexposure"),
      number(kSampler, "guidance-end", "N", "share of the run after which guidance ends; 1: never"),
      number(kSampler, "eta", "N", "share of fresh noise, 0 to 1"),
      number(kSampler, "s-churn", "N", "noise put back at each step (Karras et al. 2022)"),
      number(kSampler, "s-tmin", "N", "from this sigma on"),
      number(kSampler, "s-tmax", "N", "up to this sigma; 0: to the first"),
      number(kSampler, "s-noise", "N", "its factor"),
      number(kSampler, "solver-order", "N", "of a multistep sampler; 0: its own"),
      number(kSampler, "schedule-min-sigma", "N", "0: the model's; so of the next two"),
      number(kSampler, "schedule-max-sigma", "N", "the first sigma"),
      number(kSampler, "schedule-rho", "N", "bend of the schedule \"karras\""),
      truth(kSampler, "discard-next-to-last-sigma", "leave out the last step but one"),
      number(kSampler, "flow-shift", "N", "of flow models; 0: the model's"),

      text(kNoise, "noise-source", "NAME", "cpu, or philox: what NVIDIA devices draw (cpu)"),
      number(kNoise, "variation-seed", "N", "-1: one drawn for the whole job"),
      number(kNoise, "variation-strength", "N", "how far towards that seed's noise, 0 to 1"),
      number(kNoise, "seed-resize-width", "PX", "the size whose noise it is"),
      number(kNoise, "seed-resize-height", "PX", "the size whose noise it is"),
      number(kNoise, "eta-noise-seed-delta", "N", "added to the seed of fresh noise (ENSD)"),

      about(kJob, {"name", "TEXT", "the job's name", ValueKind::Text}),
      about(kJob, {"owner", "TEXT", "whose job it is (default: $USER)", ValueKind::Text}),
      about(kJob, {"priority", "N", "higher first; 0 is normal", ValueKind::Number}),
      about(kJob, {"wait", "", "show progress until the job is over", ValueKind::None, 'w'}),
      about(kJob,
            {"sheet", "FILE", "wait, then write the labelled sheet to this PNG", ValueKind::File}),
      about(kJob, kTimeoutFlag),
      about(kJob, {"dry-run", "", "show the plan and queue nothing", ValueKind::None}),
      about(kJob,
            {"client-token", "TEXT",
             "a repeated submit with the same token gives the first one's job", ValueKind::Text}),
      about(kJob, {"help-samplers", "", "list samplers and schedules", ValueKind::None}),
      about(kJob, {"json", "", "print the job (with --dry-run the plan) as JSON", ValueKind::None}),
  };
  return kFlags;
}

}  // namespace furrow::cli
