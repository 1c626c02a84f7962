#include "worker/engine/weights/adapter.h"

#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/weights/tensors.h"

namespace furrow::engine::weights {

namespace {

// Deltas are computed as matrices: a row for every output, a column for every input and, of
// convolutions, every cell of the kernel.
at::Tensor as_matrix(const at::Tensor& x) {
  return x.dim() < 2 ? x.reshape({-1, 1}) : x.flatten(1);
}

// [rank, rank, k, k] between factors [rank, out] and [rank, in], to [out, in * k * k].
at::Tensor tucker(const at::Tensor& core, const at::Tensor& outputs, const at::Tensor& inputs) {
  return as_matrix(at::einsum("ijkl,jr,ip->prkl", {core, inputs, outputs}));
}

// Which rows of a product are wanted, and where: the factors move, which are small, and only the
// wanted rows are made.
struct Part {
  std::int64_t first_row = 0;
  std::int64_t rows = 0;  // 0: all
  at::Device device = at::kCPU;

  at::Tensor whole(const at::Tensor& factor) const {
    return factor.defined() ? factor.to(device) : factor;
  }

  // The wanted rows of a factor that has them in dimension `dim`.
  at::Tensor rows_of(const at::Tensor& factor, std::int64_t dim = 0) const {
    return whole(rows == 0 ? factor : factor.narrow(dim, first_row, rows));
  }
};

// All of these give a tensor of their own.

at::Tensor product(const LowRankDelta& d, const Part& part) {
  const auto up = part.rows_of(as_matrix(d.up));
  const auto down = part.whole(as_matrix(d.down));
  return d.mid.defined() ? tucker(part.whole(d.mid), up.t(), down) : up.matmul(down);
}

at::Tensor product(const HadamardDelta& d, const Part& part) {
  const auto half = [&](const at::Tensor& core, const at::Tensor& a, const at::Tensor& b) {
    return core.defined() ? tucker(part.whole(core), part.rows_of(a, 1), part.whole(b))
                          : part.rows_of(a).matmul(part.whole(b));
  };
  return half(d.t1, d.w1_a, d.w1_b).mul_(half(d.t2, d.w2_a, d.w2_b));
}

at::Tensor product(const KroneckerDelta& d, const Part& part) {
  const auto factor = [&](const KroneckerFactor& f) {
    if (f.whole.defined()) return part.whole(as_matrix(f.whole));
    const auto a = part.whole(f.a);
    const auto b = part.whole(f.b);
    return f.t.defined() ? tucker(part.whole(f.t), a, b) : a.matmul(b);
  };
  const auto all = at::kron(factor(d.w1), factor(d.w2));
  // Rows of the product are no rows of the factors.
  return part.rows == 0 ? all : all.narrow(0, part.first_row, part.rows);
}

at::Tensor product(const FullDelta& d, const Part& part) {
  return part.rows_of(as_matrix(d.difference)).clone();
}

struct MatrixShape {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

MatrixShape matrix_shape(const at::Tensor& x) {
  const auto rows = x.dim() == 0 ? 1 : x.size(0);
  return {rows, rows == 0 ? 0 : x.numel() / rows};
}

// Nothing: beyond 64 bits.
std::optional<std::int64_t> times(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

// Of core, between factors [rank, out] and [rank, in]. Nothing: they do not fit each other.
std::optional<MatrixShape> tucker_shape(const at::Tensor& core, MatrixShape outputs,
                                        MatrixShape inputs) {
  if (core.dim() != 4 || core.size(0) != outputs.rows || core.size(1) != inputs.rows) {
    return std::nullopt;
  }
  const auto kernel = times(core.size(2), core.size(3));
  const auto columns = kernel ? times(inputs.columns, *kernel) : std::nullopt;
  if (!columns) return std::nullopt;
  return MatrixShape{outputs.columns, *columns};
}

// Of a · b, or with a core of the Tucker form.
std::optional<MatrixShape> low_rank_shape(const at::Tensor& core, const at::Tensor& a,
                                          const at::Tensor& b) {
  if (!a.defined() || !b.defined() || a.dim() != 2 || b.dim() != 2) return std::nullopt;
  if (core.defined()) return tucker_shape(core, matrix_shape(a), matrix_shape(b));
  if (a.size(1) != b.size(0)) return std::nullopt;
  return MatrixShape{a.size(0), b.size(1)};
}

// What product() gives. Nothing: the factors do not fit each other.
std::optional<MatrixShape> product_shape(const LowRankDelta& d) {
  const auto up = matrix_shape(d.up);
  const auto down = matrix_shape(d.down);
  if (d.mid.defined()) return tucker_shape(d.mid, {up.columns, up.rows}, down);
  if (up.columns != down.rows) return std::nullopt;
  return MatrixShape{up.rows, down.columns};
}

std::optional<MatrixShape> product_shape(const HadamardDelta& d) {
  const auto first = low_rank_shape(d.t1, d.w1_a, d.w1_b);
  const auto second = low_rank_shape(d.t2, d.w2_a, d.w2_b);
  if (!first || !second || first->rows != second->rows || first->columns != second->columns) {
    return std::nullopt;
  }
  return first;
}

std::optional<MatrixShape> product_shape(const KroneckerFactor& f) {
  return f.whole.defined() ? matrix_shape(f.whole) : low_rank_shape(f.t, f.a, f.b);
}

std::optional<MatrixShape> product_shape(const KroneckerDelta& d) {
  const auto w1 = product_shape(d.w1);
  const auto w2 = product_shape(d.w2);
  if (!w1 || !w2) return std::nullopt;
  const auto rows = times(w1->rows, w2->rows);
  const auto columns = times(w1->columns, w2->columns);
  if (!rows || !columns) return std::nullopt;
  return MatrixShape{*rows, *columns};
}

std::optional<MatrixShape> product_shape(const FullDelta& d) {
  return matrix_shape(d.difference);
}

MatrixShape matrix_shape(const Shape& shape) {
  MatrixShape matrix{shape.empty() ? 1 : shape.front(), 1};
  for (std::size_t i = 1; i < shape.size(); ++i) matrix.columns *= shape[i];
  return matrix;
}

// The adapter's own rows of something that has all rows of the original module.
at::Tensor own_rows(const Adapter& adapter, const at::Tensor& all) {
  const auto rows = adapter.rows == 0 ? all : all.narrow(0, adapter.first_row, adapter.rows);
  return change_layout(rows, adapter.change);
}

// [rows]; a row of zeros has the smallest norm that can be divided by.
at::Tensor row_norms(const at::Tensor& x) {
  constexpr double kSmallest = 1e-12;
  return as_matrix(x).norm(2, 1).clamp_min(kSmallest);
}

// What brings the changed weight to the norms of DoRA, taken from the weight.
at::Tensor decomposed(const Adapter& adapter, const at::Tensor& weight, const at::Tensor& delta) {
  const auto changed = weight + delta;
  const auto magnitude = adapter.magnitude.to(weight.device());
  if (magnitude.size(0) == 1 && weight.size(0) != 1) {
    // The norms of columns: over all outputs, and over the kernel.
    const auto columns = changed.transpose(0, 1);
    const auto norms = row_norms(columns).reshape({1, -1});
    auto shape = std::vector<std::int64_t>(static_cast<std::size_t>(weight.dim()), 1);
    shape[1] = weight.size(1);
    return changed * (magnitude.reshape({1, -1}) / norms).reshape(shape) - weight;
  }
  const auto norms = row_norms(changed);
  auto shape = std::vector<std::int64_t>(static_cast<std::size_t>(weight.dim()), 1);
  shape[0] = weight.size(0);
  const auto own = own_rows(adapter, magnitude.reshape({-1, 1})).reshape({-1});
  return changed * (own / norms).reshape(shape) - weight;
}

std::optional<std::string> magnitude_misfit(const Adapter& adapter, std::int64_t rows,
                                            const Shape& shape) {
  if (!adapter.magnitude.defined()) return std::nullopt;
  const auto count = adapter.magnitude.numel();
  const bool of_columns =
      adapter.magnitude.dim() > 1 && adapter.magnitude.size(0) == 1 && rows != 1;
  if (of_columns && adapter.rows == 0 && shape.size() > 1 && count == shape[1]) {
    return std::nullopt;
  }
  if (!of_columns && count == rows) return std::nullopt;
  return fmt::format("has {} DoRA norms", count);
}

}  // namespace

std::optional<std::string> misfit(const Adapter& adapter, const Shape& shape) {
  const auto product =
      std::visit([](const auto& form) { return product_shape(form); }, adapter.form);
  if (!product) return "has factors that do not fit each other";
  auto own = *product;
  if (adapter.rows != 0) {
    if (adapter.first_row + adapter.rows > own.rows) {
      return fmt::format("has {} rows, too few for all that it is split into", own.rows);
    }
    own.rows = adapter.rows;
  }
  if (adapter.change == Change::Transpose) std::swap(own.rows, own.columns);
  const auto wanted = matrix_shape(shape);
  if (own.rows != wanted.rows || own.columns != wanted.columns) {
    return fmt::format("is for a weight of {} by {} numbers", own.rows, own.columns);
  }
  return magnitude_misfit(adapter, product->rows, shape);
}

at::Tensor delta_of(const Adapter& adapter, const at::Tensor& weight) {
  const Part part = {adapter.first_row, adapter.rows, weight.device()};
  const auto own = std::visit([&](const auto& form) { return product(form, part); }, adapter.form);
  const auto delta =
      change_layout(own.mul_(adapter.factor), adapter.change).reshape(weight.sizes());
  return adapter.magnitude.defined() ? decomposed(adapter, weight.to(at::kFloat), delta) : delta;
}

std::optional<SidePath> side_path(const Adapter& adapter, const at::Tensor& weight) {
  const auto* low_rank = std::get_if<LowRankDelta>(&adapter.form);
  const bool is_plain = low_rank != nullptr && !low_rank->mid.defined() &&
                        !adapter.magnitude.defined() && adapter.change != Change::Transpose;
  if (!is_plain || weight.dim() < 2) return std::nullopt;
  // Files have the factors of a linear layer as 1x1 convolutions, or the reverse.
  auto shape = weight.sizes().vec();
  shape.front() = low_rank->down.size(0);
  const auto down = low_rank->down.reshape(shape);
  const auto up = own_rows(adapter, as_matrix(low_rank->up)) * adapter.factor;
  return SidePath{down.to(weight.options(), /*non_blocking=*/false, /*copy=*/false,
                          weight.suggest_memory_format()),
                  up.to(weight.options())};
}

}  // namespace furrow::engine::weights
