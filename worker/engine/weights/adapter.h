#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include <ATen/core/Tensor.h>

#include "worker/engine/weights/module_map.h"
#include "worker/engine/weights/shape.h"

namespace furrow::engine::weights {

/// up · down, or for convolutions two of them one behind the other: LoRA (Hu et al. 2021,
/// arXiv:2106.09685) and LoCon.
struct LowRankDelta {
  at::Tensor down;  ///< [rank, in] or [rank, in, k, k]
  at::Tensor up;    ///< [out, rank] or [out, rank, 1, 1]
  at::Tensor mid;   ///< [rank, rank, k, k] between two 1x1 (Tucker form), or undefined
};

/// (w1_a w1_b) ⊙ (w2_a w2_b), elementwise: LoHa (Hyeon-Woo et al. 2021, arXiv:2108.06098).
struct HadamardDelta {
  at::Tensor w1_a, w1_b, w2_a, w2_b;  ///< [out, rank], [rank, in * k * k]
  at::Tensor t1, t2;  ///< [rank, rank, k, k] of the Tucker form, where a is [rank, out] and b
                      ///< [rank, in]; or undefined
};

/// A factor of a Kronecker product: whole, or itself of low rank. It is multiplied only where its
/// sizes are known to fit a weight.
struct KroneckerFactor {
  at::Tensor whole;  ///< [out, in] or [out, in, k, k]; undefined: a · b
  at::Tensor a{};    ///< [out, rank]; of the Tucker form [rank, out]
  at::Tensor b{};    ///< [rank, in]
  at::Tensor t{};    ///< [rank, rank, k, k] of the Tucker form, or undefined
};

/// w1 ⊗ w2, the Kronecker product: LoKr (Yeh et al. 2023, arXiv:2309.14859).
struct KroneckerDelta {
  KroneckerFactor w1;
  KroneckerFactor w2;
};

/// The difference itself, in the shape of the weight.
struct FullDelta {
  at::Tensor difference;
};

/// What a LoRA file, of whichever kind, does to one weight. Factors are float32 on the CPU as the
/// file has them. Immutable.
struct Adapter {
  std::variant<LowRankDelta, HadamardDelta, KroneckerDelta, FullDelta> form;
  double factor = 1;     ///< alpha / rank: the delta is so many times the product
  at::Tensor magnitude;  ///< DoRA (Liu et al. 2024, arXiv:2402.09353): the norms of the rows [out,
                         ///< 1] or columns [1, in] of the changed weight; undefined: no DoRA

  /// The delta is of the original module; this weight is these rows of it (Piece).
  std::int64_t first_row = 0;
  std::int64_t rows = 0;  ///< 0: all
  Change change = Change::None;
};

/// Whether the adapter can be added to a weight of this shape; says what it has instead.
std::optional<std::string> misfit(const Adapter& adapter, const Shape& shape);

/// What the adapter adds to `weight` at scale 1: a float32 tensor of its shape, on its device. At
/// other scales it is so many times that. Requires: it fits.
///
/// DoRA puts every row W + delta to its own norm, so what it adds depends on the weight; scaling it
/// goes straight from the weight to the result.
at::Tensor delta_of(const Adapter& adapter, const at::Tensor& weight);

/// A delta that is up · down, `factor` in up: it can be computed beside the weight at a fraction of
/// the weight's cost. In the dtype and on the device of the weight.
struct SidePath {
  at::Tensor down;  ///< as a weight [out, ...] with `rank` in the place of `out`
  at::Tensor up;    ///< [out, rank]
};

/// The side path of a weight of two or more dimensions. Nothing: the delta has no such form (DoRA,
/// LoHa, LoKr …). Requires: it fits.
std::optional<SidePath> side_path(const Adapter& adapter, const at::Tensor& weight);

}  // namespace furrow::engine::weights
