#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace furrow::prompt {

/// A row of a CSV file.
struct CsvRow {
  std::size_t line = 1;  ///< where it begins, from 1
  std::vector<std::string> fields;
};

/// Comma-separated values (RFC 4180) as Python's csv module reads them: a field in double quotes
/// may hold commas, line ends and doubled quotes; blanks before a field are dropped; a mark of byte
/// order at the beginning and empty lines do not count. Errors: Invalid, with the line, for a quote
/// that is never closed.
Result<std::vector<CsvRow>> parse_csv(std::string_view text);

}  // namespace furrow::prompt
