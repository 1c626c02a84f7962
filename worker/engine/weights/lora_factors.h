#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace furrow::engine::weights {

/// A factor's place in the formulas of adapter.h, and what scales them. Files have several names
/// for the same.
enum class Factor {
  Down,
  Up,
  Mid,
  Alpha,
  Scale,
  Magnitude,  ///< DoRA's norms, of rows or columns by their shape
  RowNorms,   ///< DoRA's norms as PEFT has them: of rows, whatever their shape
  Hada1A,
  Hada1B,
  Hada2A,
  Hada2B,
  HadaT1,
  HadaT2,
  Lokr1,
  Lokr1A,
  Lokr1B,
  Lokr2,
  Lokr2A,
  Lokr2B,
  LokrT2,
  Difference,
  BiasDifference
};

/// A tensor of a LoRA file: whose it is, and which.
struct FactorName {
  std::string module;
  Factor factor = Factor::Down;
};

/// What stands before every name in a file that PEFT itself wrote; whose alpha is beside the file.
inline constexpr std::string_view kPeftPrefix = "base_model.model.";

/// Splits a tensor's name, of whichever trainer; PEFT's prefix is dropped. Nothing: it ends like no
/// factor that is known.
std::optional<FactorName> split_factor_name(std::string_view name);

}  // namespace furrow::engine::weights
