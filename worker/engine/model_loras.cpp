#include "worker/engine/model_loras.h"

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace furrow::engine {

namespace {

namespace fs = std::filesystem;
using weights::Adapter;
using weights::NetworkAdapters;

/// Bound on the files of LoRAs that are kept open for one model.
constexpr std::uint64_t kMostLoraBytes = std::uint64_t{4} << 30;

/// The blocks of a UNet, for which a tag may give strengths of their own.
enum class Section { In, Mid, Out };

Section section_of(std::string_view weight) {
  if (weight.starts_with("mid_block.")) return Section::Mid;
  return weight.starts_with("up_blocks.") ? Section::Out : Section::In;
}

NetworkAdapters only(const NetworkAdapters& adapters, Section section) {
  NetworkAdapters part;
  for (const auto& [weight, adapter] : adapters)
    if (section_of(weight) == section) part.emplace(weight, adapter);
  return part;
}

/// A low-rank adapter with its first `rank` pairs of vectors, as strong as before. Other forms have
/// no rank of this kind and stay whole.
std::shared_ptr<const Adapter> at_rank(std::shared_ptr<const Adapter> adapter, std::int64_t rank) {
  const auto* low_rank = std::get_if<weights::LowRankDelta>(&adapter->form);
  if (low_rank == nullptr || low_rank->mid.defined() || low_rank->down.size(0) <= rank)
    return adapter;
  auto smaller = std::make_shared<Adapter>(*adapter);
  smaller->form =
      weights::LowRankDelta{low_rank->down.narrow(0, 0, rank), low_rank->up.narrow(1, 0, rank), {}};
  return smaller;
}

NetworkAdapters at_rank(const NetworkAdapters& adapters, std::int64_t rank) {
  NetworkAdapters smaller;
  for (const auto& [weight, adapter] : adapters) smaller.emplace(weight, at_rank(adapter, rank));
  return smaller;
}

bool changes(const prompt::LoraTag& tag, std::string_view component) {
  return tag.modules.empty() ||
         std::find(tag.modules.begin(), tag.modules.end(), component) != tag.modules.end();
}

std::vector<weights::LoraTarget> targets_of(const StableDiffusion& model) {
  using weights::NetworkKind;
  std::vector<weights::LoraTarget> targets = {{"unet", NetworkKind::UNet, &model.unet.parameters}};
  const auto add = [&](const char* component, const std::optional<TokenizedEncoder>& encoder) {
    if (encoder)
      targets.push_back({component, NetworkKind::ClipText, &encoder->encoder.parameters});
  };
  add("text_encoder", model.text_encoder);
  add("text_encoder_2", model.text_encoder_2);
  return targets;
}

std::optional<weights::AdapterSwitch> switch_of(const std::optional<TokenizedEncoder>& encoder) {
  if (!encoder) return std::nullopt;
  return weights::AdapterSwitch(encoder->encoder.parameters);
}

/// Where the agent put the LoRA that the recipe calls so.
Result<std::pair<std::string, std::string>> file_and_hash(const std::string& name,
                                                          const v1::RenderCell& cell) {
  for (const v1::ModelRef& lora : cell.recipe().loras()) {
    if (lora.name() != name) continue;
    for (const v1::LocalFile& file : cell.files())
      if (file.hash() == lora.hash()) return std::pair(file.path(), lora.hash());
  }
  return fail(
      ErrorKind::Invalid,
      fmt::format("prompt: the LoRA \"{}\" is not among the files of this cell; put it into "
                  "a model folder of the worker",
                  name));
}

}  // namespace

ModelLoras::ModelLoras(const StableDiffusion& model)
    : model_(model),
      unet_(model.unet.parameters),
      text_encoder_(switch_of(model.text_encoder)),
      text_encoder_2_(switch_of(model.text_encoder_2)),
      open_(kMostLoraBytes) {}

ModelLoras::~ModelLoras() {
  for (const weights::LoraTarget& target : targets_of(model_)) target.parameters->adapt({});
}

Result<std::shared_ptr<ModelLoras::OpenLora>> ModelLoras::open(const fs::path& file,
                                                               const std::string& hash) {
  const std::string key = file.string() + '\n' + hash;
  if (const auto* found = open_.find(key)) return *found;
  FURROW_TRY(auto lora, weights::Lora::open(file, targets_of(model_)));
  auto opened = std::make_shared<OpenLora>(OpenLora{std::move(lora), {}});
  std::error_code ignored;
  const auto bytes = fs::file_size(file, ignored);
  open_.put(key, opened, ignored ? 0 : bytes);
  return opened;
}

void ModelLoras::add(const prompt::LoraTag& tag, OpenLora& lora, CellLoras& to) const {
  const auto part = [&](const std::string& component,
                        std::optional<Section> section) -> const Adapters& {
    const std::string key = fmt::format("{} {} {}", component, tag.rank.value_or(0),
                                        section ? static_cast<int>(*section) : -1);
    Adapters& kept = lora.parts[key];
    if (kept) return kept;
    NetworkAdapters adapters = *lora.lora.of(component);
    if (tag.rank) adapters = at_rank(adapters, *tag.rank);
    if (section) adapters = only(adapters, *section);
    return kept = std::make_shared<const NetworkAdapters>(std::move(adapters));
  };
  const auto add_to_unet = [&](std::optional<Section> section,
                               const prompt::StepStrength& strength) {
    const Adapters& adapters = part("unet", section);
    if (adapters->empty()) return;
    to.unet.push_back({adapters, strength});
    to.are_for_one_cell = to.are_for_one_cell || !unet_.can_differ(*adapters);
  };
  if (changes(tag, "unet")) {
    if (tag.in == tag.mid && tag.mid == tag.out) {
      add_to_unet(std::nullopt, tag.in);
    } else {
      add_to_unet(Section::In, tag.in);
      add_to_unet(Section::Mid, tag.mid);
      add_to_unet(Section::Out, tag.out);
    }
  }
  // Texts are encoded once, before the first step.
  const double scale = tag.text_encoder.at(0, 1);
  const auto add_to_text = [&](const std::string& component, weights::RowLoras& loras) {
    if (scale == 0 || !changes(tag, component)) return;
    const Adapters& adapters = part(component, std::nullopt);
    if (!adapters->empty()) loras.push_back({adapters, scale});
  };
  if (text_encoder_) add_to_text("text_encoder", to.text_encoder);
  if (text_encoder_2_) add_to_text("text_encoder_2", to.text_encoder_2);
}

Result<CellLoras> ModelLoras::read(const std::vector<prompt::LoraTag>& tags,
                                   const v1::RenderCell& cell) {
  CellLoras loras;
  for (const prompt::LoraTag& tag : tags) {
    FURROW_TRY(const auto found, file_and_hash(tag.name, cell));
    const auto& [file, hash] = found;
    FURROW_TRY(const auto lora, open(file, hash));
    add(tag, *lora, loras);
    loras.text_key += fmt::format("{}\n{} {} {}\n", hash, tag.text_encoder.at(0, 1),
                                  tag.rank.value_or(0), fmt::join(tag.modules, ","));
    for (const std::string& note : lora->lora.notes())
      loras.notes.push_back(fmt::format("{}: {}", tag.name, note));
  }
  if (loras.text_encoder.empty() && loras.text_encoder_2.empty()) loras.text_key.clear();
  return loras;
}

Result<void> ModelLoras::use_on_text_encoders(const CellLoras& loras) {
  if (text_encoder_) FURROW_TRY_VOID(text_encoder_->use({loras.text_encoder}));
  if (text_encoder_2_) FURROW_TRY_VOID(text_encoder_2_->use({loras.text_encoder_2}));
  return {};
}

}  // namespace furrow::engine
