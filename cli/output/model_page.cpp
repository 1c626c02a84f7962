#include "cli/output/model_page.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/output/table.h"
#include "cli/output/text.h"
#include "common/model/training_notes.h"
#include "common/spec/model_choice.h"

namespace furrow::cli {

namespace {

using model::FoundModel;
using model::Kind;
using model::Prediction;
using model::Traits;

constexpr std::size_t kTags = 10;
constexpr std::size_t kUnknownShown = 5;
constexpr std::size_t kLabelColumns = 13;

Json text_or_null(std::string_view text) {
  return text.empty() ? Json() : Json(text);
}

bool has_network(const Traits& traits) {
  return traits.kind == Kind::Checkpoint || traits.kind == Kind::Network;
}

std::string family_text(const Traits& traits) {
  const std::string_view variant = name_of(traits.variant);
  if (variant.empty()) return traits.family;
  return fmt::format("{} {}", traits.family, variant);
}

/// What a network lacks that its family needs: people should bring it along.
std::vector<std::string> missing_parts(const Traits& traits) {
  std::vector<std::string> missing;
  if (traits.kind != Kind::Checkpoint) return missing;
  std::vector<std::string> needed = {"vae", "text_encoder"};
  if (traits.family == "sdxl" || traits.family == "flux") needed.emplace_back("text_encoder_2");
  if (traits.family == "sdxl_refiner") needed = {"vae", "text_encoder_2"};
  if (traits.family == "sd3") needed.insert(needed.end(), {"text_encoder_2", "text_encoder_3"});
  for (const std::string& part : needed) {
    if (std::ranges::find(traits.parts, part) == traits.parts.end()) missing.push_back(part);
  }
  return missing;
}

std::string prediction_text(const Traits& traits) {
  std::string text(name_of(traits.prediction));
  if (traits.prediction == Prediction::Unknown)
    text = "unknown: nothing in it tells. A .yaml of its name beside it does";
  if (traits.has_zero_terminal_snr) text += ", zero terminal SNR";
  return text;
}

std::string precision_text(const model::ModelDetails& details) {
  std::vector<std::string> parts;
  for (const auto& [type, elements] : details.precision) {
    const double share = details.parameters == 0 ? 0
                                                 : 100.0 * static_cast<double>(elements) /
                                                       static_cast<double>(details.parameters);
    parts.push_back(details.precision.size() == 1 ? type : fmt::format("{} {:.1f} %", type, share));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

class ModelPage {
 public:
  ModelPage(const ShownModel& shown, const Terminal& terminal)
      : shown_(shown), terminal_(terminal) {}

  std::string write() && {
    const Traits& traits = shown_.found.traits;
    line("name", shown_.found.description.model().name());
    line("path", shown_.found.path.string());
    line("kind", name_of(traits.kind));
    line("family", traits.family.empty() ? "not told by it" : traits.family);
    line("variant", name_of(traits.variant));
    if (has_network(traits)) line("prediction", prediction_text(traits));
    if (traits.default_size > 0) line("size", fmt::format("{} px", traits.default_size));
    line("note", traits.note);
    line("parts", fmt::format("{}", fmt::join(traits.parts, ", ")));
    line("missing", fmt::format("{}", fmt::join(missing_parts(traits), ", ")));
    const bool renders = engine_uses(traits);
    if (has_network(traits)) line("renders", renders ? "yes" : "not by itself, or not yet");
    add_weights();
    add_hashes();
    add_notes();
    return std::move(page_);
  }

 private:
  void line(std::string_view label, std::string_view value) {
    if (value.empty()) return;
    page_ += fmt::format("{} {}\n", pad_to(std::string(label), kLabelColumns), printable(value));
  }

  void add_weights() {
    const model::ModelDetails& details = shown_.details;
    line("on disk", bytes_text(bytes_on_disk(shown_.found)));
    line("precision", precision_text(details));
    line("tensors",
         fmt::format("{}, {} parameters", grouped(details.tensors), grouped(details.parameters)));
    if (details.unknown.empty()) return;
    const auto end = details.unknown.begin() +
                     static_cast<std::ptrdiff_t>(std::min(kUnknownShown, details.unknown.size()));
    line("unknown",
         fmt::format("{} that no network takes: {}{}", counted(details.unknown.size(), "tensor"),
                     fmt::join(details.unknown.begin(), end, ", "),
                     end == details.unknown.end() ? "" : ", ..."));
  }

  void add_hashes() {
    line("AutoV2", auto_v2(shown_.hash));
    line("SHA-256", shown_.hash.hex());
    if (shown_.lora_hash) line("LoRA hash", short_lora_hash(*shown_.lora_hash));
  }

  void add_notes() {
    const auto& metadata = shown_.details.metadata;
    const auto phrase = metadata.find("modelspec.trigger_phrase");
    if (phrase != metadata.end()) line("trigger", phrase->second);
    std::vector<std::string> tags;
    for (const auto& [tag, count] : model::frequent_tags(metadata, kTags))
      tags.push_back(fmt::format("{} ({})", tag, count));
    line("tags", fmt::format("{}", fmt::join(tags, ", ")));
    std::string_view label = "metadata";
    for (const auto& [key, value] : model::shortened(metadata)) {
      const std::string text = printable(fmt::format("{}: {}", key, value));
      const auto room = static_cast<std::size_t>(terminal_.width) - kLabelColumns - 1;
      page_ += fmt::format("{} {}\n", pad_to(std::string(label), kLabelColumns),
                           terminal_.width > 40 ? cut_to(text, room, terminal_.unicode) : text);
      label = "";
    }
  }

  const ShownModel& shown_;
  const Terminal& terminal_;
  std::string page_;
};

/// Fields of a model on this machine.
void add_local(Json& json, const FoundModel& found) {
  const Traits& traits = found.traits;
  json["kind"] = name_of(traits.kind);
  json["variant"] = text_or_null(name_of(traits.variant));
  json["prediction"] = text_or_null(name_of(traits.prediction));
  json["note"] = text_or_null(traits.note);
  json["renders"] = engine_uses(traits);
  json["bytes"] = bytes_on_disk(found);
  json["path"] = found.path.string();
}

}  // namespace

std::string auto_v2(const Digest& digest) {
  return digest.hex().substr(0, 10);
}

std::string short_lora_hash(const Digest& digest) {
  return digest.hex().substr(0, 12);
}

std::string model_table(const std::vector<ListedModel>& models, bool with_workers,
                        const Terminal& terminal) {
  std::vector<Column> columns = {
      {"MODEL", Align::Left, 12}, {"KIND"}, {"FAMILY"}, {"DISK", Align::Right}, {"AUTOV2"}};
  if (with_workers) columns.push_back({"WORKERS", Align::Left, 8});
  Table table(std::move(columns));
  for (const ListedModel& listed : models) {
    const v1::ModelOnDisk& known = listed.description;
    std::vector<TableCell> row = {
        known.model().name(),
        std::string(listed.local ? name_of(listed.local->traits.kind) : spec::kind_of(known)),
        listed.local ? family_text(listed.local->traits) : known.family(),
        listed.local ? bytes_text(bytes_on_disk(*listed.local)) : std::string("-"),
        listed.hash ? auto_v2(*listed.hash) : std::string("-")};
    if (with_workers) row.emplace_back(fmt::format("{}", fmt::join(listed.workers, ", ")));
    table.add_row(std::move(row));
  }
  return table.render(terminal);
}

Json listed_json(const ListedModel& listed) {
  Json json = model_json(listed.description);
  json["hash"] = listed.hash ? Json(listed.hash->hex()) : Json();
  json["autov2"] = listed.hash ? Json(auto_v2(*listed.hash)) : Json();
  if (listed.local) {
    add_local(json, *listed.local);
  } else {
    json["kind"] = spec::kind_of(listed.description);
    json["path"] = nullptr;
  }
  json["workers"] = listed.workers;
  return json;
}

std::string model_page(const ShownModel& shown, const Terminal& terminal) {
  return ModelPage(shown, terminal).write();
}

Json shown_json(const ShownModel& shown) {
  Json json = {{"schema", "furrow.model/1"}};
  json.update(model_json(shown.found.description));
  json["hash"] = shown.hash.hex();
  json["autov2"] = auto_v2(shown.hash);
  json["lora_hash"] = shown.lora_hash ? Json(shown.lora_hash->hex()) : Json();
  add_local(json, shown.found);
  json["zero_terminal_snr"] = shown.found.traits.has_zero_terminal_snr;
  json["parts"] = shown.found.traits.parts;
  json["missing_parts"] = missing_parts(shown.found.traits);
  json["tensors"] = shown.details.tensors;
  json["parameters"] = shown.details.parameters;
  json["precision"] = shown.details.precision;
  json["unknown_tensors"] = shown.details.unknown;
  Json tags = Json::array();
  for (const auto& [tag, count] : model::frequent_tags(shown.details.metadata, kTags))
    tags.push_back({{"tag", tag}, {"count", count}});
  json["tags"] = std::move(tags);
  json["metadata"] = model::shortened(shown.details.metadata);
  return json;
}

}  // namespace furrow::cli
