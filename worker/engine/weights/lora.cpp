#include "worker/engine/weights/lora.h"

#include <utility>

#include <fmt/format.h>

#include "worker/engine/weights/lora_file.h"
#include "worker/engine/weights/shown.h"
#include "worker/engine/weights/without_exceptions.h"

namespace furrow::engine::weights {

namespace {

// What is left of a message that would not fit on a screen.
constexpr std::size_t kMaxFaults = 10;
constexpr std::size_t kMaxNames = 5;

// Puts the modules of one file into one network.
class Matcher {
 public:
  explicit Matcher(const LoraTarget& target) : target_(target), names_(lora_names(target)) {}

  // Whether the network has a place for the module.
  bool match(const std::string& name, const LoraModule& module) {
    const auto found = names_.find(name);
    if (found == names_.end()) return false;
    for (const auto& place : found->second) {
      if (module.weight) add(name, *module.weight, place, "weight");
      if (module.bias) add(name, *module.bias, place, "bias");
    }
    return true;
  }

  std::shared_ptr<const NetworkAdapters> finish() {
    return std::make_shared<const NetworkAdapters>(std::move(adapters_));
  }

  const std::vector<std::string>& faults() const { return faults_; }

 private:
  void add(const std::string& name, Adapter adapter, const LoraPlace& place,
           std::string_view tensor) {
    adapter.first_row = place.first_row;
    adapter.rows = place.rows;
    adapter.change = place.change;
    const auto weight = fmt::format("{}.{}", place.module, tensor);
    const auto* parameter = target_.parameters->find(weight);
    if (parameter == nullptr) {
      faults_.push_back(fmt::format("{} changes {} {}, which the model does not have", shown(name),
                                    target_.component, weight));
      return;
    }
    const auto shape = parameter->loaded().sizes().vec();
    if (const auto fault = misfit(adapter, shape)) {
      faults_.push_back(fmt::format("{} {}; {} {} is {}", shown(name), *fault, target_.component,
                                    weight, to_string(shape)));
      return;
    }
    const auto [at, is_new] =
        adapters_.emplace(weight, std::make_shared<const Adapter>(std::move(adapter)));
    if (!is_new) {
      faults_.push_back(
          fmt::format("{} changes {} {} a second time", shown(name), target_.component, weight));
    }
  }

  const LoraTarget& target_;
  LoraNames names_;
  NetworkAdapters adapters_;
  std::vector<std::string> faults_;
};

std::string quoted(const std::vector<std::string>& names) {
  std::vector<std::string> all;
  for (const auto& name : names) all.push_back(shown(name));
  return shown_list(std::move(all), kMaxNames, ", ");
}

// The word of "bundle_emb.WORD.string_to_param.*".
std::string word_of(std::string_view tensor) {
  const auto rest = tensor.substr(kBundledPrefix.size());
  return std::string(rest.substr(0, rest.find('.')));
}

std::string why_nothing_is_changed(const LoraFile& file) {
  if (!file.modules.empty()) {
    return fmt::format(
        "it changes nothing of the model, so it was made for another kind of model. "
        "Its first module is {}. Choose a LoRA that was trained on this one",
        shown(file.modules.begin()->first));
  }
  if (file.unknown.empty()) return "it holds no tensors, so it is no LoRA";
  return fmt::format(
      "its tensor {} is of no kind of LoRA that is known here (LoRA, LoCon, LoHa, "
      "LoKr, DoRA, whole differences), nor is any other of it",
      shown(file.unknown.front()));
}

}  // namespace

Result<Lora> Lora::open(const std::filesystem::path& file, const std::vector<LoraTarget>& targets) {
  return without_exceptions(file, [&] { return place(file, targets); });
}

Result<Lora> Lora::place(const std::filesystem::path& path,
                         const std::vector<LoraTarget>& targets) {
  FURROW_TRY(const auto file, read_lora(path));
  Lora lora;
  std::vector<std::string> faults;
  std::vector<Matcher> matchers;
  matchers.reserve(targets.size());
  for (const auto& target : targets) matchers.emplace_back(target);
  for (const auto& [name, module] : file.modules) {
    bool is_placed = false;
    for (auto& matcher : matchers) is_placed = matcher.match(name, module) || is_placed;
    if (!is_placed) lora.unplaced_.push_back(name);
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto& found = matchers[i].faults();
    faults.insert(faults.end(), found.begin(), found.end());
    lora.networks_.emplace(targets[i].component, matchers[i].finish());
  }
  if (!faults.empty()) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} does not fit the model:\n  {}\nChoose a LoRA that was trained on "
                            "this model, or one of its size.",
                            path.string(), shown_list(std::move(faults), kMaxFaults, "\n  ")));
  }
  if (lora.unplaced_.size() == file.modules.size()) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} cannot be used: {}.", path.string(), why_nothing_is_changed(file)));
  }
  for (const auto& name : file.unknown) {
    if (!name.starts_with(kBundledPrefix)) {
      lora.unknown_.push_back(name);
    } else if (lora.bundled_.empty() || lora.bundled_.back() != word_of(name)) {
      lora.bundled_.push_back(word_of(name));
    }
  }
  return lora;
}

std::vector<std::string> Lora::notes() const {
  std::vector<std::string> notes;
  if (!unplaced_.empty()) {
    notes.push_back(
        fmt::format("The model has no place for these modules of the LoRA, so they are "
                    "not used: {}.",
                    quoted(unplaced_)));
  }
  if (!unknown_.empty()) {
    notes.push_back(
        fmt::format("These tensors of the LoRA are of no kind that is known here, so "
                    "they are not used: {}.",
                    quoted(unknown_)));
  }
  if (!bundled_.empty()) {
    notes.push_back(
        fmt::format("The embeddings that the LoRA carries are not used: {}. To use "
                    "them, take them as files of their own.",
                    quoted(bundled_)));
  }
  return notes;
}

std::shared_ptr<const NetworkAdapters> Lora::of(std::string_view component) const {
  static const auto kNothing = std::make_shared<const NetworkAdapters>();
  const auto found = networks_.find(component);
  return found == networks_.end() ? kNothing : found->second;
}

}  // namespace furrow::engine::weights
