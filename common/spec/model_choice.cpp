#include "common/spec/model_choice.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "common/base/digest.h"
#include "common/spec/nearest.h"
#include "common/spec/option_names.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

using Models = std::vector<const v1::ModelOnDisk*>;

constexpr std::size_t kShortestHashPrefix = 6;
constexpr std::size_t kShownHashDigits = 10;

std::string hash_of(const v1::ModelOnDisk& model) {
  const std::string& raw = model.model().hash();
  return to_hex({reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size()});
}

/// What people name models for, and what it is called in sentences and in ModelOnDisk.
struct Sort {
  std::string_view kind;
  std::string_view called;
};

constexpr Sort kModel = {"checkpoint", "model"};
constexpr Sort kVae = {"vae", "VAE"};
constexpr Sort kLora = {"lora", "LoRA"};
constexpr Sort kUpscaler = {"upscaler", "upscaler"};

/// The models of one sort, each content once.
Models models_of(const Catalog& catalog, const Sort& sort) {
  Models models;
  for (const v1::ModelOnDisk& model : catalog.models) {
    const bool known = std::ranges::any_of(models, [&](const v1::ModelOnDisk* other) {
      return other->model().hash() == model.model().hash() &&
             other->model().name() == model.model().name();
    });
    if (kind_of(model) == sort.kind && !known) models.push_back(&model);
  }
  return models;
}

template <typename Predicate>
Models where(const Models& models, Predicate holds) {
  Models found;
  std::ranges::copy_if(models, std::back_inserter(found),
                       [&](const v1::ModelOnDisk* model) { return holds(*model); });
  return found;
}

/// "models/Some.safetensors" and "models/Some/" are "Some".
std::string_view stem_of(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const auto slash = text.find_last_of("/\\");
  if (slash != std::string_view::npos) text.remove_prefix(slash + 1);
  for (const std::string_view extension : {".safetensors", ".ckpt", ".pt"}) {
    if (text.ends_with(extension)) return text.substr(0, text.size() - extension.size());
  }
  return text;
}

bool is_hash_prefix(std::string_view text) {
  return text.size() >= kShortestHashPrefix && text.size() <= 64 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

Models with_hash_prefix(const Models& models, std::string_view prefix) {
  if (!is_hash_prefix(prefix)) return {};
  const std::string lower = to_lower(prefix);
  return where(models, [&](const auto& model) { return hash_of(model).starts_with(lower); });
}

/// What the text names, by the strictest reading that finds anything.
Models matches(const Models& models, std::string_view text) {
  const auto named = [&](std::string_view name) {
    auto found = where(models, [&](const auto& model) { return model.model().name() == name; });
    if (!found.empty()) return found;
    return where(models, [&](const auto& model) {
      return to_lower(model.model().name()) == to_lower(name);
    });
  };
  for (const std::string_view name : {text, stem_of(text)}) {
    if (auto found = named(name); !found.empty()) return found;
  }
  const auto bracket = text.rfind('[');
  if (bracket != std::string_view::npos && text.ends_with(']')) {
    const auto hash = text.substr(bracket + 1, text.size() - bracket - 2);
    return with_hash_prefix(matches(models, trim(text.substr(0, bracket))), hash);
  }
  return with_hash_prefix(models, text);
}

std::string list_of(const Models& models, bool with_hashes) {
  std::set<std::string> names;
  for (const v1::ModelOnDisk* model : models) {
    names.insert(with_hashes ? fmt::format("{} ({})", model->model().name(),
                                           hash_of(*model).substr(0, kShownHashDigits))
                             : model->model().name());
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

Unexpected not_found(std::string_view text, const Models& models, std::string_view what) {
  if (models.empty()) {
    return fail(ErrorKind::Invalid,
                fmt::format("is not a {0} that any worker has: none has offered a {0} yet.", what));
  }
  std::vector<std::string> names;
  for (const v1::ModelOnDisk* model : models) names.push_back(model->model().name());
  const auto meant = nearest(text, names);
  return fail(ErrorKind::Invalid,
              fmt::format("is not a {} that any worker has. {}There {} {}.", what,
                          meant ? fmt::format("Did you mean \"{}\"? ", *meant) : "",
                          names.size() == 1 ? "is" : "are", list_of(models, false)));
}

Result<const v1::ModelOnDisk*> find(const Catalog& catalog, std::string_view text,
                                    const Sort& sort) {
  const Models models = models_of(catalog, sort);
  const Models found = matches(models, trim(text));
  if (found.empty()) return not_found(trim(text), models, sort.called);
  if (found.size() == 1) return found.front();
  return fail(ErrorKind::Invalid, fmt::format("could be any of {}. Name it by more of its hash.",
                                              list_of(found, true)));
}

}  // namespace

std::string_view kind_of(const v1::ModelOnDisk& model) {
  if (!model.kind().empty()) return model.kind();
  return model.vae_only() ? kVae.kind : kModel.kind;
}

bool is_checkpoint(const v1::ModelOnDisk& model) {
  return kind_of(model) == kModel.kind;
}

Result<const v1::ModelOnDisk*> find_model(const Catalog& catalog, std::string_view text) {
  return find(catalog, text, kModel);
}

Result<const v1::ModelOnDisk*> find_vae(const Catalog& catalog, std::string_view text) {
  constexpr std::array kOwn =
      std::to_array<std::string_view>({"automatic", "auto", "default", "none"});
  if (std::ranges::find(kOwn, to_lower(trim(text))) != kOwn.end()) return nullptr;
  return find(catalog, text, kVae);
}

Result<const v1::ModelOnDisk*> find_refiner(const Catalog& catalog, std::string_view text) {
  if (to_lower(trim(text)) == "none") return nullptr;
  return find(catalog, text, kModel);
}

Result<const v1::ModelOnDisk*> find_lora(const Catalog& catalog, std::string_view text) {
  return find(catalog, text, kLora);
}

Result<v1::ModelRef> find_upscaler(const Catalog& catalog, std::string_view text) {
  if (const OptionName* way = find_option(hires_upscalers(), text)) {
    v1::ModelRef ref;
    ref.set_name(std::string(way->name));
    return ref;
  }
  const Models models = models_of(catalog, kUpscaler);
  const Models found = matches(models, trim(text));
  if (found.size() == 1) return found.front()->model();
  if (found.size() > 1) {
    return fail(ErrorKind::Invalid, fmt::format("could be any of {}. Name it by more of its hash.",
                                                list_of(found, true)));
  }
  std::vector<std::string> names;
  for (const OptionName& way : hires_upscalers()) names.emplace_back(way.label);
  for (const v1::ModelOnDisk* model : models) names.push_back(model->model().name());
  const auto meant = nearest(trim(text), names);
  return fail(ErrorKind::Invalid,
              fmt::format("is not an upscaler. {}There are {}.",
                          meant ? fmt::format("Did you mean \"{}\"? ", *meant) : "",
                          fmt::join(names, ", ")));
}

}  // namespace furrow::spec
