#include "worker/engine/weights/parameter.h"

#include <map>

#include <ATen/ATen.h>

#include "common/base/check.h"

namespace furrow::engine::weights {

struct Parameter::Weight {
  at::Tensor loaded;
  Dtype stored = Dtype::F32;
  at::Tensor merged;  // undefined: without adapters
  std::vector<RowDelta> row_deltas;
  std::int64_t row_count = 0;
  bool rows_may_differ = false;
};

namespace {

using Deltas = std::vector<Parameter::RowDelta>;

// In float32: added in half precision, most of a small delta would be rounded away.
at::Tensor merge(const at::Tensor& weight, const AppliedAdapters& adapters) {
  const auto wide = weight.to(at::kFloat);
  auto merged = wide.clone();
  for (const auto& [adapter, scale] : adapters) merged.add_(delta_of(*adapter, wide), scale);
  return merged.to(weight.scalar_type());
}

Parameter::RowDelta row_delta(const Adapter& adapter, const at::Tensor& weight,
                              const std::vector<std::int64_t>& rows,
                              const std::vector<double>& scales) {
  Parameter::RowDelta delta;
  delta.rows = at::tensor(rows, at::kLong).to(weight.device());
  delta.scales = at::tensor(scales, at::kDouble).to(weight.device(), weight.scalar_type());
  if (auto path = side_path(adapter)) {
    delta.path = {path->down.to(weight.device(), weight.scalar_type()),
                  path->up.to(weight.device(), weight.scalar_type())};
  } else {
    delta.delta = delta_of(adapter, weight).to(weight.scalar_type());
  }
  return delta;
}

}  // namespace

Parameter::Parameter(at::Tensor value, Dtype stored)
    : weight_(std::make_shared<Weight>(Weight{std::move(value), stored, {}, {}, 0, false})) {}

const at::Tensor& Parameter::get() const {
  static const at::Tensor kAbsent;
  if (!is_present()) return kAbsent;
  TORCH_CHECK(weight_->row_count == 0,
              "the rows of this batch differ in a weight that is the same for all rows");
  return weight_->merged.defined() ? weight_->merged : weight_->loaded;
}

const at::Tensor& Parameter::loaded() const {
  static const at::Tensor kAbsent;
  return is_present() ? weight_->loaded : kAbsent;
}

Dtype Parameter::stored_dtype() const {
  return is_present() ? weight_->stored : Dtype::F32;
}

Parameter Parameter::for_products() const {
  if (is_present()) weight_->rows_may_differ = true;
  return *this;
}

bool Parameter::rows_may_differ() const {
  return is_present() && weight_->rows_may_differ;
}

void Parameter::adapt(const AppliedAdapters& adapters) const {
  FURROW_CHECK(is_present(), "only a weight that is there is adapted");
  weight_->row_deltas.clear();
  weight_->row_count = 0;
  weight_->merged = adapters.empty() ? at::Tensor() : merge(weight_->loaded, adapters);
}

void Parameter::adapt_rows(const std::vector<AppliedAdapters>& rows) const {
  adapt({});

  struct Use {
    std::vector<std::int64_t> rows;
    std::vector<double> scales;
  };

  std::map<const Adapter*, Use> uses;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const auto& [adapter, scale] : rows[i]) {
      uses[adapter.get()].rows.push_back(static_cast<std::int64_t>(i));
      uses[adapter.get()].scales.push_back(scale);
    }
  }
  for (const auto& [adapter, use] : uses) {
    weight_->row_deltas.push_back(row_delta(*adapter, weight_->loaded, use.rows, use.scales));
  }
  if (!uses.empty()) weight_->row_count = static_cast<std::int64_t>(rows.size());
}

const Deltas& Parameter::row_deltas() const {
  static const Deltas kNone;
  return is_present() ? weight_->row_deltas : kNone;
}

std::int64_t Parameter::row_count() const {
  return is_present() ? weight_->row_count : 0;
}

}  // namespace furrow::engine::weights
