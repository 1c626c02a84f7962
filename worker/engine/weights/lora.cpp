#include "worker/engine/weights/lora.h"

#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "worker/engine/weights/lora_file.h"

namespace furrow::engine::weights {

namespace {

// What is left of a message that would not fit on a screen.
constexpr std::size_t kMaxFaults = 10;

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
      faults_.push_back(fmt::format("\"{}\" changes {} {}, which the model does not have", name,
                                    target_.component, weight));
      return;
    }
    const auto shape = parameter->loaded().sizes().vec();
    if (const auto fault = misfit(adapter, shape)) {
      faults_.push_back(fmt::format("\"{}\" {}; {} {} is {}", name, *fault, target_.component,
                                    weight, to_string(shape)));
      return;
    }
    const auto [at, is_new] =
        adapters_.emplace(weight, std::make_shared<const Adapter>(std::move(adapter)));
    if (!is_new) {
      faults_.push_back(
          fmt::format("\"{}\" changes {} {} a second time", name, target_.component, weight));
    }
  }

  const LoraTarget& target_;
  LoraNames names_;
  NetworkAdapters adapters_;
  std::vector<std::string> faults_;
};

std::string told(std::vector<std::string> faults) {
  const auto count = faults.size();
  if (count > kMaxFaults) {
    faults.resize(kMaxFaults);
    faults.push_back(fmt::format("and {} more", count - kMaxFaults));
  }
  return fmt::format("{}", fmt::join(faults, "\n  "));
}

}  // namespace

Result<Lora> Lora::open(const std::filesystem::path& file, const std::vector<LoraTarget>& targets) {
  FURROW_TRY(const auto modules, read_lora(file));
  Lora lora;
  std::vector<std::string> faults;
  std::vector<Matcher> matchers;
  matchers.reserve(targets.size());
  for (const auto& target : targets) matchers.emplace_back(target);
  for (const auto& [name, module] : modules) {
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
                fmt::format("{} does not fit the model; it was made for one of another size:\n  {}",
                            file.string(), told(std::move(faults))));
  }
  if (lora.unplaced_.size() == modules.size()) {
    return fail(
        ErrorKind::Invalid,
        fmt::format("{} changes nothing of the model, so it was made for another kind of model. "
                    "{}Choose a LoRA that was trained on this one.",
                    file.string(),
                    modules.empty()
                        ? std::string("It holds no modules. ")
                        : fmt::format("Its first module is \"{}\". ", modules.begin()->first)));
  }
  return lora;
}

std::shared_ptr<const NetworkAdapters> Lora::of(std::string_view component) const {
  static const auto kNothing = std::make_shared<const NetworkAdapters>();
  const auto found = networks_.find(component);
  return found == networks_.end() ? kNothing : found->second;
}

}  // namespace furrow::engine::weights
