#include "worker/engine/weights/adapter_switch.h"

#include <algorithm>

namespace furrow::engine::weights {

namespace {

bool are_equal(const RowLoras& a, const RowLoras& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const AppliedLora& one, const AppliedLora& other) {
                      return one.adapters == other.adapters && one.scale == other.scale;
                    });
}

bool are_all_equal(const std::vector<RowLoras>& rows) {
  return std::all_of(rows.begin(), rows.end(),
                     [&](const RowLoras& row) { return are_equal(row, rows.front()); });
}

}  // namespace

bool AdapterSwitch::can_differ(const NetworkAdapters& adapters) const {
  return std::all_of(adapters.begin(), adapters.end(), [&](const auto& entry) {
    const Parameter* parameter = parameters_.find(entry.first);
    return parameter == nullptr || parameter->rows_may_differ();
  });
}

Result<void> AdapterSwitch::use(const std::vector<RowLoras>& rows) {
  const RowLoras& first = rows.front();
  if (!are_all_equal(rows)) {
    last_.reset();
    is_merged_ = false;
    return parameters_.adapt_rows(rows);
  }
  const bool is_repeated = last_ && are_equal(*last_, first);
  if (is_repeated && is_merged_) return {};

  const bool can_be_beside = std::all_of(first.begin(), first.end(), [&](const AppliedLora& lora) {
    return can_differ(*lora.adapters);
  });
  is_merged_ = is_repeated || first.empty() || !can_be_beside;
  last_ = first;
  if (!is_merged_) return parameters_.adapt_rows(rows);
  parameters_.adapt(first);
  return {};
}

}  // namespace furrow::engine::weights
