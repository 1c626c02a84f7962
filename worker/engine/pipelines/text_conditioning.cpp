#include "worker/engine/pipelines/text_conditioning.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <ATen/ATen.h>
#include <fmt/format.h>

namespace furrow::engine::pipelines {

namespace {

// hidden_states, counted from the end: 1 is the last layer's.
Result<at::Tensor> state_from_end(const nn::ClipTextOutput& output, std::int64_t n,
                                  std::int64_t clip_skip) {
  const auto layers = static_cast<std::int64_t>(output.hidden_states.size()) - 1;
  if (n > layers) {
    return fail(ErrorKind::Invalid,
                fmt::format("The clip skip {} asks for layer {} from the end, and the model's text "
                            "encoder has {}. Choose a smaller clip skip.",
                            clip_skip, n, layers));
  }
  return output.hidden_states[output.hidden_states.size() - static_cast<std::size_t>(n)];
}

Unexpected has_no_projection(std::string_view which) {
  return fail(ErrorKind::Invalid,
              fmt::format("The model's {} has no projection (CLIPTextModelWithProjection), which "
                          "this family needs.",
                          which));
}

}  // namespace

Result<TextConditioning> condition_sd(const nn::ClipText& encoder, const at::Tensor& ids,
                                      std::int64_t clip_skip) {
  const auto output = encoder.forward(ids);
  if (clip_skip <= 1) return TextConditioning{output.last_hidden_state, {}};
  FURROW_TRY(const auto state, state_from_end(output, clip_skip, clip_skip));
  return TextConditioning{encoder.final_layer_norm(state), {}};
}

Result<TextConditioning> condition_xl_encoder(const nn::ClipText& encoder, const at::Tensor& ids,
                                              std::int64_t clip_skip) {
  const auto output = encoder.forward(ids);
  const auto from_end = std::max<std::int64_t>(clip_skip, 1) + 1;
  FURROW_TRY(auto states, state_from_end(output, from_end, clip_skip));
  return TextConditioning{std::move(states), output.text_embeds.value_or(at::Tensor())};
}

Result<TextConditioning> condition_sdxl(const ClipPair& clip, std::int64_t clip_skip) {
  FURROW_TRY(const auto l, condition_xl_encoder(clip.l, clip.ids_l, clip_skip));
  FURROW_TRY(const auto g, condition_xl_encoder(clip.g, clip.ids_g, clip_skip));
  if (!g.pooled.defined()) return has_no_projection("text_encoder_2");
  return TextConditioning{at::cat({l.states, g.states}, -1), g.pooled};
}

Result<TextConditioning> condition_sd3(const Sd3Prompt& prompt, std::int64_t clip_skip) {
  FURROW_TRY(const auto l, condition_xl_encoder(prompt.clip.l, prompt.clip.ids_l, clip_skip));
  FURROW_TRY(const auto g, condition_xl_encoder(prompt.clip.g, prompt.clip.ids_g, clip_skip));
  if (!l.pooled.defined()) return has_no_projection("text_encoder");
  if (!g.pooled.defined()) return has_no_projection("text_encoder_2");
  const auto t5 =
      prompt.t5 == nullptr
          ? at::zeros({l.states.size(0), prompt.t5_tokens, prompt.width}, l.states.options())
          : prompt.t5->forward(prompt.ids_t5).last_hidden_state;
  FURROW_TRY(auto states, join_sd3_states(l.states, g.states, t5));
  return TextConditioning{std::move(states), at::cat({l.pooled, g.pooled}, -1)};
}

Result<at::Tensor> join_sd3_states(const at::Tensor& l, const at::Tensor& g, const at::Tensor& t5) {
  const auto pair = at::cat({l, g}, -1);
  const auto missing = t5.size(2) - pair.size(2);
  if (missing < 0) {
    return fail(ErrorKind::Invalid,
                fmt::format("The text encoders together are {} wide, and the transformer takes "
                            "prompts of {}. They belong to different models.",
                            pair.size(2), t5.size(2)));
  }
  return at::cat({at::constant_pad_nd(pair, {0, missing}), t5}, 1);
}

TextConditioning condition_flux(const nn::ClipText& clip, const at::Tensor& ids_clip,
                                const nn::T5Encoder& t5, const at::Tensor& ids_t5) {
  return {t5.forward(ids_t5).last_hidden_state, clip.forward(ids_clip).pooler_output};
}

at::Tensor flux_text_ids(const at::Tensor& prompt) {
  return at::zeros({prompt.size(1), 3}, prompt.options());
}

TextConditioning zeros_like(const TextConditioning& conditioning) {
  return {at::zeros_like(conditioning.states),
          conditioning.pooled.defined() ? at::zeros_like(conditioning.pooled) : at::Tensor()};
}

}  // namespace furrow::engine::pipelines
