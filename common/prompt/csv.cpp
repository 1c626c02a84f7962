#include "common/prompt/csv.h"

#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace furrow::prompt {

namespace {

constexpr std::string_view kByteOrderMark = "\uFEFF";

class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}

  Result<std::vector<CsvRow>> read() && {
    std::vector<CsvRow> rows;
    while (at_ < text_.size()) {
      CsvRow row{line_, {}};
      bool goes_on = true;
      while (goes_on) {
        FURROW_TRY(row.fields.emplace_back(), field());
        goes_on = take(',');
      }
      take('\r');
      if (take('\n')) ++line_;
      const bool is_empty = row.fields.size() == 1 && row.fields.front().empty();
      if (!is_empty) rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// A field up to its comma, its line's or the text's end.
  Result<std::string> field() {
    while (take(' ')) {
    }
    std::string value;
    if (take('"')) FURROW_TRY_VOID(take_quoted(value));
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n') {
      const bool is_line_end = text_.substr(at_).starts_with("\r\n");
      if (is_line_end) break;
      value += text_[at_++];
    }
    return value;
  }

  /// The rest of a field in quotes; two of them are one that is meant.
  Result<void> take_quoted(std::string& value) {
    const std::size_t first_line = line_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"' && !take('"')) return {};
      if (c == '\n') ++line_;
      value += c;
    }
    return fail(ErrorKind::Invalid,
                fmt::format("line {}: a double quote is never closed.", first_line));
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

Result<std::vector<CsvRow>> parse_csv(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return CsvReader(text).read();
}

}  // namespace furrow::prompt
