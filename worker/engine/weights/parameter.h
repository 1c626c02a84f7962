#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/weights/adapter.h"
#include "worker/engine/weights/safetensors.h"

namespace furrow::engine::weights {

/// Where and in which precision a model computes.
struct Placement {
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::kCPU;
};

/// An adapter with how much of it: 1 is what it was trained for, less is weaker, below 0 reversed.
struct AppliedAdapter {
  std::shared_ptr<const Adapter> adapter;
  double scale = 1;
};

using AppliedAdapters = std::vector<AppliedAdapter>;

/// One weight, as the modules of nn/ hold it: the only door between how a weight is kept and what
/// an operator takes. Quantisation, offload and LoRA change what lies behind it; no module notices.
///
/// A handle: copies are the same weight, so that what a ParameterTable does to it, the network that
/// holds it sees. Now a weight is resident: converted once when it is loaded, kept on the device.
/// What was loaded is never written to; adapters lie beside it and can be changed at any time. One
/// thread owns a network's weights, the one that runs it.
class Parameter {
 public:
  /// Absent: the module has no such weight (a linear without bias).
  Parameter() = default;

  /// `value` is in the dtype and on the device that the model computes in; `stored` is what the
  /// checkpoint has.
  Parameter(at::Tensor value, Dtype stored);

  bool is_present() const { return weight_ != nullptr; }

  /// The weight with its adapters, ready for an operator. Undefined when absent, which operators
  /// take as "no bias". Cheap: call it at every use and keep nothing of it.
  ///
  /// Requires: the rows of the batch do not differ in their adapters (adapt_rows); for those there
  /// are linear() and conv2d() in products.h.
  const at::Tensor& get() const;

  /// The weight as it was loaded.
  const at::Tensor& loaded() const;

  /// The dtype that the model computes in, whether rows differ or not. Requires: is_present().
  at::ScalarType dtype() const { return loaded().scalar_type(); }

  Dtype stored_dtype() const;

  /// Said by modules that use the weight only through products.h: rows may differ in it. Gives the
  /// same handle.
  Parameter for_products() const;

  bool rows_may_differ() const;

  /// Applies these adapters, and no others, for every row of a batch: a merged copy of the weight
  /// is made. Empty: the weight as loaded, and the copy's memory is free again.
  ///
  /// @pre every adapter fits the weight (misfit)
  void adapt(const AppliedAdapters& adapters) const;

  /// Applies adapters per row of the next batches: rows[i] those of row i, until the next call of
  /// adapt or adapt_rows. No copy of the weight is made: products.h computes what the adapters add
  /// beside it. What each one adds is made ready once and kept while the next call names the
  /// adapter too: of the factors of plain LoRAs a converted copy, of all other kinds a tensor of
  /// the weight's size. @pre as adapt
  void adapt_rows(const std::vector<AppliedAdapters>& rows) const;

  /// What one adapter adds to the product of some rows of a batch.
  struct RowDelta {
    std::shared_ptr<const Adapter> adapter;
    at::Tensor rows;    ///< [n] int64: which
    at::Tensor scales;  ///< [n], in the dtype of the weight
    std::optional<SidePath> path;
    at::Tensor delta;  ///< of the weight's shape, where there is no side path
  };

  /// How the rows differ, each adapter once, in the order in which the rows name them. Empty: they
  /// do not.
  const std::vector<RowDelta>& row_deltas() const;

  /// How many rows adapt_rows was given; 0: they do not differ.
  std::int64_t row_count() const;

 private:
  struct Weight;

  // Shared by the handle in the network and the one in the ParameterTable: adapters are applied by
  // name through the one and must be seen through the other.
  std::shared_ptr<Weight> weight_;
};

}  // namespace furrow::engine::weights
