// LoRAs of every kind: weights with the deltas merged in, and what the adapted networks compute.

#include "worker/engine/weights/lora.h"

#include <optional>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/added_inputs.h"
#include "tests/golden_runner/families/flux_input.h"
#include "tests/golden_runner/families/text_outputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/network_loader.h"
#include "worker/engine/model/transformers.h"
#include "worker/engine/nn/clip_text.h"
#include "worker/engine/nn/unet.h"

namespace furrow::golden {

namespace {

using engine::Loaded;
using engine::weights::AppliedLora;
using engine::weights::Lora;
using engine::weights::LoraTarget;
using engine::weights::NetworkKind;
using engine::weights::ParameterTable;

// The networks of a case, each absent where the case has none, or where its config asks for what
// the engine does not do.
struct Networks {
  std::optional<Loaded<engine::nn::UNet>> unet;
  std::optional<Loaded<engine::nn::FluxTransformer>> transformer;
  std::map<std::string, Loaded<engine::nn::ClipText>> text_encoders;

  explicit Networks(const Case& c) {
    if (c.has_model("unet") &&
        engine::nn::UNetConfig::unsupported(c.model_config("unet")).empty()) {
      unet = or_throw(engine::load_adaptable<engine::nn::UNet, engine::nn::UNetConfig>(
          c.model("unet"), engine::kDiffusersStem, engine::weights::same_key, {}));
    }
    if (c.has_model("transformer")) {
      transformer = or_throw(engine::load_flux(c.model("transformer"), at::kFloat, at::kCPU));
    }
    for (const auto* role : {"text_encoder", "text_encoder_2"}) {
      if (!c.has_model(role)) continue;
      text_encoders.emplace(
          role, or_throw(engine::load_adaptable<engine::nn::ClipText, engine::nn::ClipTextConfig>(
                    c.model(role), engine::kTransformersStem, engine::weights::clip_text_key, {},
                    {"position_ids", "text_projection.weight", "logit_scale"})));
    }
  }

  std::vector<LoraTarget> targets() const {
    std::vector<LoraTarget> targets;
    if (unet) targets.push_back({"unet", NetworkKind::UNet, &unet->parameters});
    if (transformer) {
      targets.push_back({"transformer", NetworkKind::FluxTransformer, &transformer->parameters});
    }
    for (const auto& [role, encoder] : text_encoders) {
      targets.push_back({role, NetworkKind::ClipText, &encoder.parameters});
    }
    return targets;
  }
};

// The LoRA files of a case with their scales: one for each, or one scale for all.
std::vector<std::pair<Lora, double>> open_loras(const Case& c,
                                                const std::vector<LoraTarget>& targets) {
  std::vector<std::pair<Lora, double>> loras;
  const auto scale = c.config.value("scale", nlohmann::json(1.0));
  for (const auto& file : c.description.at("files")) {
    const auto own = scale.is_array() ? scale.at(loras.size()) : scale;
    loras.emplace_back(or_throw(Lora::open(c.folder / file.get<std::string>(), targets)),
                       own.get<double>());
  }
  return loras;
}

// The weight that a case calls ROLE.MODULE.weight.
at::Tensor merged_weight(const std::vector<LoraTarget>& targets, const std::string& name) {
  const auto dot = name.find('.');
  const auto role = name.substr(0, dot);
  auto member = name.substr(dot + 1);
  constexpr std::string_view kTextModel = "text_model.";
  if (member.rfind(kTextModel, 0) == 0) member.erase(0, kTextModel.size());
  for (const auto& target : targets) {
    if (target.component != role) continue;
    const auto* parameter = target.parameters->find(member);
    if (parameter != nullptr) return parameter->get();
  }
  return {};
}

void check_merged(const Case& c, const std::vector<LoraTarget>& targets, Verdict& verdict) {
  constexpr std::string_view kMerged = "out.merged.";
  for (const auto& name : c.tensor_names(kMerged)) {
    const auto role = name.substr(kMerged.size(), name.find('.', kMerged.size()) - kMerged.size());
    const bool is_loaded = std::any_of(targets.begin(), targets.end(), [&](const auto& target) {
      return target.component == role;
    });
    if (!is_loaded) {
      verdict.leave_out(name);
      continue;
    }
    const auto expected = c.tensor(name);
    auto got = merged_weight(targets, name.substr(kMerged.size()));
    // A 1x1 convolution is a linear layer here.
    if (got.defined() && got.numel() == expected.numel()) got = got.reshape(expected.sizes());
    verdict.compare(name, got, expected, c.tolerance);
  }
}

// "te" is the only encoder; of two they are "te1" and "te2".
void check_text_encoder(const Case& c, const engine::nn::ClipText& encoder, const std::string& te,
                        Verdict& verdict) {
  const auto ids = te == "te" ? std::string("in.input_ids") : fmt::format("in.{}_input_ids", te);
  const auto out = encoder.forward(c.tensor(ids));
  compare_text_outputs(c, verdict, fmt::format("out.{}_", te), out);
}

void check_outputs(const Case& c, const Networks& networks, Verdict& verdict) {
  if (networks.unet) {
    verdict.compare(
        c, "out.unet_sample",
        networks.unet->net->forward(c.tensor("in.sample"), c.tensor("in.timestep"),
                                    c.tensor("in.encoder_hidden_states"), added_inputs(c)));
  } else if (c.has_model("unet")) {
    verdict.leave_out("out.unet_sample");
  }
  if (networks.transformer) {
    verdict.compare(c, "out.sample", (*networks.transformer)->forward(flux_input(c)));
  }
  const bool is_only_one = networks.text_encoders.size() == 1;
  for (const auto& [role, encoder] : networks.text_encoders) {
    check_text_encoder(c, *encoder.net,
                       is_only_one              ? "te"
                       : role == "text_encoder" ? "te1"
                                                : "te2",
                       verdict);
  }
}

}  // namespace

Verdict check_lora(const Case& c) {
  Verdict verdict;
  const Networks networks(c);
  const auto targets = networks.targets();
  const auto loras = open_loras(c, targets);
  const bool is_whole = networks.unet || !c.has_model("unet");
  for (const auto& [lora, scale] : loras) {
    verdict.expect(!is_whole || lora.unplaced().empty(),
                   fmt::format("no place for {}", fmt::join(lora.unplaced(), ", ")));
  }
  for (const auto& target : targets) {
    std::vector<AppliedLora> applied;
    for (const auto& [lora, scale] : loras) applied.push_back({lora.of(target.component), scale});
    target.parameters->adapt(applied);
  }
  check_merged(c, targets, verdict);
  check_outputs(c, networks, verdict);
  return verdict;
}

}  // namespace furrow::golden
