#include "worker/engine/weights/parameter_table.h"

#include <fmt/format.h>

namespace furrow::engine::weights {

namespace {

AppliedAdapters adapters_of(const std::vector<AppliedLora>& loras, const std::string& weight) {
  AppliedAdapters adapters;
  for (const auto& [network, scale] : loras) {
    const auto found = network->find(weight);
    if (found != network->end()) adapters.push_back({found->second, scale});
  }
  return adapters;
}

}  // namespace

void ParameterTable::add(std::string name, Parameter parameter) {
  entries_.emplace(std::move(name), std::move(parameter));
}

const Parameter* ParameterTable::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

void ParameterTable::adapt(const std::vector<AppliedLora>& loras) const {
  for (const auto& [name, parameter] : entries_) parameter.adapt(adapters_of(loras, name));
}

Result<void> ParameterTable::adapt_rows(const std::vector<std::vector<AppliedLora>>& rows) const {
  for (const auto& loras : rows) {
    for (const auto& [network, scale] : loras) {
      for (const auto& [name, adapter] : *network) {
        const auto* parameter = find(name);
        if (parameter == nullptr || parameter->rows_may_differ()) continue;
        return fail(ErrorKind::Invalid,
                    fmt::format("A LoRA changes {}, which all pictures of a batch share. Render "
                                "pictures with this LoRA in batches of their own.",
                                name));
      }
    }
  }
  for (const auto& [name, parameter] : entries_) {
    std::vector<AppliedAdapters> adapters;
    for (const auto& loras : rows) adapters.push_back(adapters_of(loras, name));
    parameter.adapt_rows(adapters);
  }
  return {};
}

}  // namespace furrow::engine::weights
