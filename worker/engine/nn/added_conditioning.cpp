#include "worker/engine/nn/added_conditioning.h"

#include <cstddef>
#include <utility>

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

using Parts = std::vector<AddedConditioning>;

// A tensor of each; undefined where none has it.
template <typename Member>
at::Tensor concatenate_one(const Parts& parts, const char* name, Member member) {
  std::vector<at::Tensor> rows;
  for (const auto& part : parts) {
    if (member(part).defined()) rows.push_back(member(part));
  }
  if (rows.empty()) return {};
  TORCH_CHECK_VALUE(rows.size() == parts.size(), "only some of a batch have ", name);
  return at::cat(rows);
}

// A list of tensors of each.
template <typename Member>
std::vector<at::Tensor> concatenate_each(const Parts& parts, const char* name, Member member) {
  std::vector<at::Tensor> all;
  const auto count = parts.empty() ? 0 : member(parts.front()).size();
  for (const auto& part : parts) {
    TORCH_CHECK_VALUE(member(part).size() == count, "only some of a batch have ", name);
  }
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back(concatenate_one(
        parts, name, [&](const AddedConditioning& a) -> auto& { return member(a)[i]; }));
  }
  return all;
}

std::vector<ImagePrompt> concatenate_image_prompts(const Parts& parts) {
  const auto count = parts.empty() ? 0 : parts.front().image_prompts.size();
  for (const auto& part : parts) {
    TORCH_CHECK_VALUE(part.image_prompts.size() == count,
                      "only some of a batch have image_prompts");
  }
  std::vector<ImagePrompt> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t layer = 0; layer < parts.front().image_prompts[i].layers.size(); ++layer) {
      const auto of = [=](const AddedConditioning& a) -> auto& {
        return a.image_prompts[i].layers.at(layer);
      };
      const auto keys = [&](const AddedConditioning& a) -> auto& {
        return of(a).keys;
      };
      const auto values = [&](const AddedConditioning& a) -> auto& {
        return of(a).values;
      };
      all[i].layers.push_back({concatenate_one(parts, "image_prompts", keys),
                               concatenate_one(parts, "image_prompts", values)});
    }
  }
  return all;
}

}  // namespace

void ControlResiduals::add(const ControlResiduals& other) {
  if (down.empty()) {
    *this = other;
    return;
  }
  TORCH_CHECK_VALUE(down.size() == other.down.size(),
                    "ControlNets of one UNet give equally many "
                    "residuals, got ",
                    down.size(), " and ", other.down.size());
  for (std::size_t i = 0; i < down.size(); ++i) down[i] = down[i] + other.down[i];
  mid = mid + other.mid;
}

AddedConditioning concatenate(const Parts& parts) {
  AddedConditioning all;
  all.text_embeds = concatenate_one(
      parts, "text_embeds", [](const AddedConditioning& a) -> auto& { return a.text_embeds; });
  all.time_ids = concatenate_one(
      parts, "time_ids", [](const AddedConditioning& a) -> auto& { return a.time_ids; });
  all.timestep_cond = concatenate_one(
      parts, "timestep_cond", [](const AddedConditioning& a) -> auto& { return a.timestep_cond; });
  all.control.mid = concatenate_one(
      parts, "control", [](const AddedConditioning& a) -> auto& { return a.control.mid; });
  all.control.down = concatenate_each(
      parts, "control", [](const AddedConditioning& a) -> auto& { return a.control.down; });
  all.adapter_features = concatenate_each(
      parts, "adapter_features",
      [](const AddedConditioning& a) -> auto& { return a.adapter_features; });
  all.image_prompts = concatenate_image_prompts(parts);
  return all;
}

}  // namespace furrow::engine::nn
