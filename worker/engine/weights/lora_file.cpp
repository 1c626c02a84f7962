#include "worker/engine/weights/lora_file.h"

#include <cmath>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "worker/engine/weights/lora_factors.h"
#include "worker/engine/weights/tensor_file.h"
#include "worker/engine/weights/tensors.h"

namespace furrow::engine::weights {

namespace {

using nlohmann::json;

using Factors = std::map<Factor, at::Tensor>;

// What PEFT writes beside the tensors: rank and alpha per network, with patterns for some modules.
class PeftConfig {
 public:
  static PeftConfig read(const TensorFile& file) {
    PeftConfig config;
    const auto found = file.metadata.find("lora_adapter_metadata");
    if (found != file.metadata.end()) {
      config.config_ = json::parse(found->second, nullptr, /*allow_exceptions=*/false);
    }
    return config;
  }

  // Nothing: not said.
  std::optional<double> factor(std::string_view module, std::int64_t rank) const {
    const auto dot = module.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto alpha = alpha_of(module.substr(0, dot), module.substr(dot + 1));
    if (!alpha || rank == 0) return std::nullopt;
    const auto r = static_cast<double>(rank);
    // Rank-stabilised LoRA (Kalajdzievski 2023, arXiv:2312.03732).
    const auto* stabilised = find(module.substr(0, dot), "use_rslora");
    return *alpha / (stabilised != nullptr && *stabilised == true ? std::sqrt(r) : r);
  }

 private:
  const json* find(std::string_view network, std::string_view key) const {
    if (!config_.is_object()) return nullptr;
    const auto found = config_.find(fmt::format("{}.{}", network, key));
    return found == config_.end() ? nullptr : &*found;
  }

  std::optional<double> alpha_of(std::string_view network, std::string_view module) const {
    const auto* patterns = find(network, "alpha_pattern");
    if (patterns != nullptr && patterns->is_object()) {
      for (const auto& [pattern, alpha] : patterns->items()) {
        if (alpha.is_number() && covers(pattern, module)) return alpha.get<double>();
      }
    }
    const auto* alpha = find(network, "lora_alpha");
    if (alpha == nullptr || !alpha->is_number()) return std::nullopt;
    return alpha->get<double>();
  }

  // Patterns are whole names or their last parts.
  static bool covers(std::string_view pattern, std::string_view module) {
    if (pattern == module) return true;
    return module.size() > pattern.size() &&
           module.substr(module.size() - pattern.size()) == pattern &&
           module[module.size() - pattern.size() - 1] == '.';
  }

  json config_;
};

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
      auto norms = get(Factor::Magnitude);
      // PEFT has a plain list of the rows' norms.
      module.weight->magnitude = norms.dim() == 1 ? norms.unsqueeze(1) : norms;
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
    return fail(ErrorKind::Invalid, fmt::format("module \"{}\" lacks {}", name_, what));
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

  // Either factor is whole, or itself a product of low rank; only such a one has a rank that alpha
  // is divided by.
  Result<std::optional<Adapter>> kronecker() const {
    std::int64_t rank = 0;
    auto w1 = get(Factor::Lokr1);
    if (!w1.defined()) {
      const auto a = get(Factor::Lokr1A);
      const auto b = get(Factor::Lokr1B);
      if (!a.defined() || !b.defined() || a.dim() != 2 || b.dim() != 2 || a.size(1) != b.size(0)) {
        return incomplete("a pair of lokr_w1 factors that fit each other");
      }
      rank = b.size(0);
      w1 = a.matmul(b);
    }
    auto w2 = get(Factor::Lokr2);
    if (!w2.defined()) {
      const auto a = get(Factor::Lokr2A);
      const auto b = get(Factor::Lokr2B);
      const auto t = get(Factor::LokrT2);
      const bool is_tucker = t.defined();
      const bool fits =
          a.defined() && b.defined() && a.dim() == 2 && b.dim() == 2 &&
          (is_tucker ? t.dim() == 4 && t.size(0) == a.size(0) && t.size(1) == b.size(0)
                     : a.size(1) == b.size(0));
      if (!fits) return incomplete("a pair of lokr_w2 factors that fit each other");
      rank = b.size(0);
      w2 = is_tucker ? at::einsum("ijkl,jr,ip->prkl", {t, b, a}) : a.matmul(b);
    }
    return std::optional(Adapter{KroneckerDelta{w1, w2}, factor(rank), {}, 0, 0, Change::None});
  }

  std::string_view name_;
  const Factors& factors_;
  const PeftConfig& peft_;
};

}  // namespace

Result<LoraModules> read_lora(const std::filesystem::path& path) {
  FURROW_TRY(const auto file, TensorFile::open(path));
  std::map<std::string, Factors, std::less<>> factors;
  for (const auto& [name, stored] : file.tensors) {
    const auto split = split_factor_name(name);
    if (!split) {
      return fail(ErrorKind::Invalid,
                  fmt::format("{}: tensor \"{}\" is of no kind of LoRA that is known here (LoRA, "
                              "LoCon, LoHa, LoKr, DoRA, whole differences).",
                              path.string(), name));
    }
    auto value = read_as(stored, {});
    if (!value) {
      return fail(value.error().kind,
                  fmt::format("{}: \"{}\": {}.", path.string(), name, value.error().message));
    }
    factors[split->module].emplace(split->factor, std::move(value).value());
  }
  const auto peft = PeftConfig::read(file);
  LoraModules modules;
  for (const auto& [name, of_module] : factors) {
    auto module = ModuleReader(name, of_module, peft).read();
    if (!module) {
      return fail(module.error().kind,
                  fmt::format("{}: {}.", path.string(), module.error().message));
    }
    modules.emplace(name, std::move(module).value());
  }
  return modules;
}

}  // namespace furrow::engine::weights
