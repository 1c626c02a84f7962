#include "worker/engine/weights/lora_file.h"

#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "worker/engine/weights/lora_factors.h"
#include "worker/engine/weights/peft_config.h"
#include "worker/engine/weights/shown.h"
#include "worker/engine/weights/tensor_file.h"
#include "worker/engine/weights/tensors.h"

namespace furrow::engine::weights {

namespace {

using Factors = std::map<Factor, at::Tensor>;

class ModuleReader {
 public:
  ModuleReader(std::string_view name, const Factors& factors, const PeftConfig& peft)
      : name_(name), factors_(factors), peft_(peft) {}

  Result<LoraModule> read() const {
    for (const auto number : {Factor::Alpha, Factor::Scale}) {
      if (has(number) && get(number).numel() != 1) return incomplete("an alpha that is one number");
    }
    LoraModule module;
    if (has(Factor::Down) || has(Factor::Up)) {
      FURROW_TRY(module.weight, low_rank());
    } else if (has(Factor::Hada1A) || has(Factor::Hada2A)) {
      FURROW_TRY(module.weight, hadamard());
    } else if (has(Factor::Lokr1) || has(Factor::Lokr1A)) {
      FURROW_TRY(module.weight, kronecker());
    } else if (has(Factor::Difference)) {
      module.weight =
          Adapter{FullDelta{get(Factor::Difference)}, factor(0), {}, 0, 0, Change::None};
    }
    if (module.weight && has(Factor::Magnitude)) {
      const auto norms = get(Factor::Magnitude);
      module.weight->magnitude = norms.dim() < 2 ? norms.reshape({-1, 1}) : norms;
    } else if (module.weight && has(Factor::RowNorms)) {
      module.weight->magnitude = get(Factor::RowNorms).reshape({-1, 1});
    }
    if (has(Factor::BiasDifference)) {
      module.bias =
          Adapter{FullDelta{get(Factor::BiasDifference)}, factor(0), {}, 0, 0, Change::None};
    }
    if (!module.weight && !module.bias) return incomplete("a factor");
    return module;
  }

 private:
  bool has(Factor factor) const { return factors_.count(factor) != 0; }

  at::Tensor get(Factor factor) const {
    const auto found = factors_.find(factor);
    return found == factors_.end() ? at::Tensor() : found->second;
  }

  Unexpected incomplete(std::string_view what) const {
    return fail(ErrorKind::Invalid, fmt::format("module {} lacks {}", shown(name_), what));
  }

  // alpha / rank, or what the file says in its place. Rank 0: the form has none.
  double factor(std::int64_t rank) const {
    if (has(Factor::Scale)) return get(Factor::Scale).item<double>();
    if (rank == 0) return 1;
    if (has(Factor::Alpha)) return get(Factor::Alpha).item<double>() / static_cast<double>(rank);
    return peft_.factor(name_, rank).value_or(1);
  }

  Result<std::optional<Adapter>> low_rank() const {
    if (!has(Factor::Down)) return incomplete("its down factor");
    if (!has(Factor::Up)) return incomplete("its up factor");
    const auto down = get(Factor::Down);
    if (down.dim() < 2 || get(Factor::Up).dim() < 2) return incomplete("factors that are matrices");
    return std::optional(Adapter{LowRankDelta{down, get(Factor::Up), get(Factor::Mid)},
                                 factor(down.size(0)),
                                 {},
                                 0,
                                 0,
                                 Change::None});
  }

  Result<std::optional<Adapter>> hadamard() const {
    for (const auto part : {Factor::Hada1A, Factor::Hada1B, Factor::Hada2A, Factor::Hada2B}) {
      if (!has(part) || get(part).dim() != 2) return incomplete("one of its four hada factors");
    }
    const auto w1_b = get(Factor::Hada1B);
    return std::optional(
        Adapter{HadamardDelta{get(Factor::Hada1A), w1_b, get(Factor::Hada2A), get(Factor::Hada2B),
                              get(Factor::HadaT1), get(Factor::HadaT2)},
                factor(w1_b.size(0)),
                {},
                0,
                0,
                Change::None});
  }

  // Only a factor that is a product of low rank has a rank that alpha is divided by.
  Result<std::optional<Adapter>> kronecker() const {
    const KroneckerFactor w1 = {get(Factor::Lokr1), get(Factor::Lokr1A), get(Factor::Lokr1B),
                                at::Tensor()};
    const KroneckerFactor w2 = {get(Factor::Lokr2), get(Factor::Lokr2A), get(Factor::Lokr2B),
                                get(Factor::LokrT2)};
    std::int64_t rank = 0;
    for (const auto* factor : {&w1, &w2}) {
      if (factor->whole.defined()) continue;
      if (!is_pair(factor->a, factor->b)) return incomplete("a pair of lokr factors");
      rank = factor->b.size(0);
    }
    return std::optional(Adapter{KroneckerDelta{w1, w2}, factor(rank), {}, 0, 0, Change::None});
  }

  static bool is_pair(const at::Tensor& a, const at::Tensor& b) {
    return a.defined() && b.defined() && a.dim() == 2 && b.dim() == 2;
  }

  std::string_view name_;
  const Factors& factors_;
  const PeftConfig& peft_;
};

// float32; alphas may be integers, weights may not.
Result<at::Tensor> read_factor(const StoredTensor& stored, Factor factor) {
  if (factor != Factor::Alpha && factor != Factor::Scale) return read_as(stored, {});
  FURROW_TRY(const auto number, copy_tensor(stored));
  return number.to(at::kFloat);
}

}  // namespace

Result<LoraFile> read_lora(const std::filesystem::path& path) {
  FURROW_TRY(const auto file, TensorFile::open(path));
  LoraFile lora;
  std::map<std::string, Factors, std::less<>> factors;
  for (const auto& [name, stored] : file.tensors) {
    const auto split = split_factor_name(name);
    if (!split || name.starts_with(kBundledPrefix)) {
      lora.unknown.push_back(name);
      continue;
    }
    auto value = read_factor(stored, split->factor);
    if (!value) {
      return fail(value.error().kind,
                  fmt::format("{}: {}: {}.", path.string(), shown(name), value.error().message));
    }
    factors[split->module].emplace(split->factor, std::move(value).value());
  }
  const auto peft = PeftConfig::read(file);
  for (const auto& [name, of_module] : factors) {
    auto module = ModuleReader(name, of_module, peft).read();
    if (!module) {
      return fail(module.error().kind,
                  fmt::format("{}: {}.", path.string(), module.error().message));
    }
    lora.modules.emplace(name, std::move(module).value());
  }
  return lora;
}

}  // namespace furrow::engine::weights
