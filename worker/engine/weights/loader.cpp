#include "worker/engine/weights/loader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "common/weights/shown.h"
#include "worker/engine/weights/tensors.h"

namespace furrow::engine::weights {

namespace {

// What is left of a message that would not fit on a screen.
constexpr std::size_t kMaxFaults = 40;

Shape without_ones_at_the_end(Shape shape) {
  while (!shape.empty() && shape.back() == 1) shape.pop_back();
  return shape;
}

Result<at::Tensor> read(const Checkpoint::Entry& entry, const Shape& shape, Placement placement,
                        const std::shared_ptr<const void>& memory) {
  const bool is_convolution = shape.size() == 4 && entry.change == Change::None;
  if (is_convolution) return read_convolution(entry.tensor, shape, placement, memory);
  FURROW_TRY(const auto value, read_as(entry.tensor, placement, memory));
  return change_layout(value, entry.change).reshape(shape).contiguous();
}

}  // namespace

Scope Loader::root() {
  return {*this, ""};
}

Parameter Loader::load(const std::string& name, const Shape& shape) {
  asked_.insert(name);
  const auto* entry = checkpoint_.find(name);
  if (entry == nullptr) {
    faults_.push_back(fmt::format("\"{}\" {} is missing", name, to_string(shape)));
    return {};
  }
  const auto& stored = entry->tensor;
  const auto given = changed_shape(stored.shape, entry->change);
  if (!given || without_ones_at_the_end(*given) != without_ones_at_the_end(shape)) {
    faults_.push_back(fmt::format("{} has the shape {}, expected {}", shown(entry->stored_name),
                                  to_string(stored.shape), to_string(shape)));
    return {};
  }
  auto value = read(*entry, shape, placement_, memory_);
  if (!value) {
    faults_.push_back(fmt::format("{}: {}", shown(entry->stored_name), value.error().message));
    return {};
  }
  const Parameter parameter(*std::move(value), stored.dtype);
  parameters_.add(name, parameter);
  return parameter;
}

bool Loader::is_ignored(std::string_view name) const {
  return std::any_of(ignored_.begin(), ignored_.end(),
                     [&](const std::string& suffix) { return name.ends_with(suffix); });
}

Result<void> Loader::finish() const {
  auto faults = faults_;
  for (const auto& [name, entry] : checkpoint_.entries()) {
    if (asked_.count(name) != 0 || is_ignored(name)) continue;
    faults.push_back(fmt::format("{} {} has no place in the network", shown(entry.stored_name),
                                 to_string(entry.tensor.shape)));
  }
  if (faults.empty()) return {};

  return fail(
      ErrorKind::Invalid,
      fmt::format("{} does not hold the network that its config describes:\n  {}",
                  checkpoint_.path().string(), shown_list(std::move(faults), kMaxFaults, "\n  ")));
}

Scope Scope::operator/(std::string_view member) const {
  return {*loader_, fmt::format("{}{}.", prefix_, member)};
}

Scope Scope::operator/(std::size_t index) const {
  return *this / std::to_string(index);
}

Parameter Scope::required(std::string_view name, Shape shape) const {
  return loader_->load(fmt::format("{}{}", prefix_, name), shape);
}

Parameter Scope::optional(std::string_view name, Shape shape) const {
  return has(name) ? required(name, std::move(shape)) : Parameter();
}

bool Scope::has(std::string_view name) const {
  return loader_->checkpoint_.find(fmt::format("{}{}", prefix_, name)) != nullptr;
}

}  // namespace furrow::engine::weights
