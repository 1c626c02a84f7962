// Token ids to what each family's network is conditioned on, as the pipelines return it.

#include <map>
#include <optional>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/stable_diffusion.h"
#include "worker/engine/model/transformers.h"
#include "worker/engine/pipelines/text_conditioning.h"

namespace furrow::golden {

namespace {

namespace pipelines = engine::pipelines;
using nlohmann::json;
using pipelines::TextConditioning;

engine::Loaded<engine::nn::ClipText> load_clip(const Case& c, const std::string& role) {
  return or_throw(engine::load_clip_text(c.model(role), at::kFloat, at::kCPU));
}

// The pipelines count skipped layers from null (none), we count layers from 1.
std::int64_t clip_skip_of(const json& config) {
  const auto skip = config.value("clip_skip", json());
  return skip.is_null() ? 1 : skip.get<std::int64_t>() + 1;
}

// `prefix` is "out." or "out.negative_".
void compare(const Case& c, const std::string& prefix, const TextConditioning& got,
             Verdict& verdict) {
  const auto images = c.config.value("num_images_per_prompt", std::int64_t{1});
  const auto repeated = [&](const at::Tensor& x) { return x.repeat_interleave(images, 0); };
  verdict.compare(c, prefix + "prompt_embeds", repeated(got.states));
  const auto pooled = prefix + "pooled_prompt_embeds";
  if (c.has(pooled)) verdict.compare(c, pooled, repeated(got.pooled));
}

void check_sd(const Case& c, Verdict& verdict) {
  const auto encoder = load_clip(c, "text_encoder");
  const auto encode = [&](const std::string& ids, std::int64_t skip) {
    return or_throw(pipelines::condition_sd(*encoder, c.tensor(ids), skip));
  };
  compare(c, "out.", encode("in.prompt_ids", clip_skip_of(c.config)), verdict);
  compare(c, "out.negative_", encode("in.negative_ids", 1), verdict);
  if (c.has("out.negative_prompt_embeds_of_empty")) {
    verdict.compare(c, "out.negative_prompt_embeds_of_empty", encode("in.empty_ids", 1).states);
  }
}

void check_sdxl(const Case& c, Verdict& verdict) {
  const auto l = load_clip(c, "text_encoder");
  const auto g = load_clip(c, "text_encoder_2");
  const auto encode = [&](const std::string& ids, std::int64_t skip) {
    const auto ids_l = c.tensor(fmt::format("in.{}_ids_1", ids));
    const auto ids_g = c.tensor(fmt::format("in.{}_ids_2", ids));
    return or_throw(pipelines::condition_sdxl({*l, *g, ids_l, ids_g}, skip));
  };
  const auto& call = c.config.at("call");
  const auto prompt = encode("prompt", clip_skip_of(call));
  compare(c, "out.", prompt, verdict);
  const bool is_given = call.contains("negative_prompt") && !call.at("negative_prompt").is_null();
  compare(c, "out.negative_", is_given ? encode("negative", 1) : pipelines::zeros_like(prompt),
          verdict);
}

void check_sd3(const Case& c, Verdict& verdict) {
  const auto l = load_clip(c, "text_encoder");
  const auto g = load_clip(c, "text_encoder_2");
  std::optional<engine::Loaded<engine::nn::T5Encoder>> t5;
  if (c.has_model("text_encoder_3")) {
    t5 = or_throw(engine::load_t5(c.model("text_encoder_3"), at::kFloat, at::kCPU));
  }
  const auto encode = [&](const std::string& ids, std::int64_t skip) {
    const auto ids_l = c.tensor(fmt::format("in.{}_ids_l", ids));
    const auto ids_g = c.tensor(fmt::format("in.{}_ids_g", ids));
    const pipelines::Sd3Prompt prompt{
        .clip = {*l, *g, ids_l, ids_g},
        .t5 = t5 ? t5->net.get() : nullptr,
        .ids_t5 = t5 ? c.tensor(fmt::format("in.{}_ids_t5", ids)) : at::Tensor(),
        .t5_tokens = c.config.at("max_sequence_length").get<std::int64_t>(),
        .width = c.config.at("joint_attention_dim").get<std::int64_t>()};
    return or_throw(pipelines::condition_sd3(prompt, skip));
  };
  compare(c, "out.", encode("prompt", clip_skip_of(c.config.at("call"))), verdict);
  compare(c, "out.negative_", encode("negative", 1), verdict);
}

void check_flux(const Case& c, Verdict& verdict) {
  const auto clip = load_clip(c, "text_encoder");
  const auto t5 = or_throw(engine::load_t5(c.model("text_encoder_2"), at::kFloat, at::kCPU));
  const auto got = pipelines::condition_flux(*clip, c.tensor("in.prompt_ids_clip"), *t5.net,
                                             c.tensor("in.prompt_ids_t5"));
  compare(c, "out.", got, verdict);
  verdict.compare(c, "out.text_ids", pipelines::flux_text_ids(got.states));
}

}  // namespace

Verdict check_encode_prompt(const Case& c) {
  Verdict verdict;
  if (c.has("in.prompt_ids_clip")) {
    check_flux(c, verdict);
  } else if (c.has("in.prompt_ids_l")) {
    check_sd3(c, verdict);
  } else if (c.has("in.prompt_ids_1")) {
    check_sdxl(c, verdict);
  } else {
    check_sd(c, verdict);
  }
  return verdict;
}

}  // namespace furrow::golden
