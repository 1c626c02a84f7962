#include "worker/engine/weights/parameter.h"

#include <algorithm>

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

// The rows of a batch that have an adapter, and how much of it.
struct Use {
  std::shared_ptr<const Adapter> adapter;
  std::vector<std::int64_t> rows;
  std::vector<double> scales;
};

// In the order of first use, so that the same batch always gives the same sums.
std::vector<Use> uses_of(const std::vector<AppliedAdapters>& rows) {
  std::vector<Use> uses;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    for (const auto& [adapter, scale] : rows[i]) {
      auto use = std::find_if(uses.begin(), uses.end(),
                              [&](const Use& known) { return known.adapter == adapter; });
      if (use == uses.end()) use = uses.insert(uses.end(), Use{adapter, {}, {}});
      if (!use->rows.empty() && use->rows.back() == row) {
        use->scales.back() += scale;  // a row that names it twice has both
        continue;
      }
      use->rows.push_back(row);
      use->scales.push_back(scale);
    }
  }
  return uses;
}

// What the adapter adds, which does not depend on the batch.
Parameter::RowDelta prepare(const std::shared_ptr<const Adapter>& adapter,
                            const at::Tensor& weight) {
  Parameter::RowDelta delta;
  delta.adapter = adapter;
  delta.path = side_path(*adapter, weight);
  if (!delta.path) {
    delta.delta = delta_of(*adapter, weight)
                      .to(weight.scalar_type(), /*non_blocking=*/false, /*copy=*/false,
                          weight.suggest_memory_format());
  }
  return delta;
}

Parameter::RowDelta row_delta(const Use& use, const at::Tensor& weight, const Deltas& known) {
  const auto same = std::find_if(known.begin(), known.end(),
                                 [&](const auto& delta) { return delta.adapter == use.adapter; });
  auto delta = same == known.end() ? prepare(use.adapter, weight) : *same;
  delta.rows = at::tensor(use.rows, at::kLong).to(weight.device());
  delta.scales = at::tensor(use.scales, at::kDouble).to(weight.device(), weight.scalar_type());
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
  const auto known = is_present() ? std::move(weight_->row_deltas) : Deltas();
  adapt({});
  Deltas deltas;
  for (const auto& use : uses_of(rows)) {
    deltas.push_back(row_delta(use, weight_->loaded, known));
  }
  if (deltas.empty()) return;
  weight_->row_deltas = std::move(deltas);
  weight_->row_count = static_cast<std::int64_t>(rows.size());
}

const Deltas& Parameter::row_deltas() const {
  static const Deltas kNone;
  return is_present() ? weight_->row_deltas : kNone;
}

std::int64_t Parameter::row_count() const {
  return is_present() ? weight_->row_count : 0;
}

}  // namespace furrow::engine::weights
