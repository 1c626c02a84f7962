#include "common/spec/values.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "common/spec/text.h"

namespace furrow::spec {

namespace {

enum class Separator { Comma, Pipes };

constexpr std::string_view kPipes = "||";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

/// How many bytes separate two values here; 0: none do.
std::size_t separator_at(std::string_view text, std::size_t at, Separator separator) {
  if (separator == Separator::Pipes) return text.substr(at).starts_with(kPipes) ? 2 : 0;
  return text[at] == ',' || text[at] == '\n' ? 1 : 0;
}

/// The closing quote of the value whose opening quote is at `open`.
std::size_t closing_quote(std::string_view text, std::size_t open) {
  for (std::size_t at = open + 1; at < text.size(); ++at) {
    if (text[at] != '"') continue;
    if (at + 1 == text.size() || text[at + 1] != '"') return at;
    ++at;
  }
  return std::string_view::npos;
}

/// Whether || stands outside of quotes. A quote counts only where a value begins.
bool is_piped(std::string_view text) {
  bool value_begins = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with(kPipes)) return true;
    if (value_begins && text[at] == '"') {
      const std::size_t close = closing_quote(text, at);
      if (close != std::string_view::npos) at = close;
    }
    value_begins =
        separator_at(text, at, Separator::Comma) > 0 || (value_begins && is_blank(text[at]));
  }
  return false;
}

/// Walks over a list value by value.
class Splitter {
 public:
  Splitter(std::string_view text, std::vector<ValueFault>& faults)
      : text_(text),
        separator_(is_piped(text) ? Separator::Pipes : Separator::Comma),
        faults_(faults) {}

  std::vector<Token> split() && {
    while (at_ <= text_.size() && tokens_.size() < kMaxListedValues) take_value();
    if (at_ <= text_.size()) {
      faults_.push_back({0, "", fmt::format("has more than {} values.", kMaxListedValues)});
    }
    return std::move(tokens_);
  }

 private:
  void take_value() {
    const std::size_t start = skip_blanks(text_, at_);
    if (start < text_.size() && text_[start] == '"') {
      take_quoted(start);
    } else {
      take_plain();
    }
  }

  void take_plain() {
    std::string value;
    while (at_ < text_.size() && separator_at(text_, at_, separator_) == 0) {
      const bool escaped_comma =
          separator_ == Separator::Comma && text_.substr(at_).starts_with("\\,");
      if (escaped_comma) ++at_;
      value += text_[at_++];
    }
    value = trim(value);
    const bool ends_line = at_ >= text_.size() || text_[at_] == '\n';
    if (!value.empty() || !ends_line) add(std::move(value));
    at_ += at_ < text_.size() ? separator_at(text_, at_, separator_) : 1;
  }

  void take_quoted(std::size_t open) {
    const std::size_t close = closing_quote(text_, open);
    if (close == std::string_view::npos) {
      refuse(text_.substr(open),
             "opens a quote that is never closed. End it with \", or write \"\"\" "
             "for a value that begins with a quote.");
      at_ = text_.size() + 1;
      return;
    }
    std::string value;
    for (std::size_t at = open + 1; at < close; ++at) {
      value += text_[at];
      if (text_[at] == '"') ++at;  // the second of a doubled quote
    }
    at_ = close + 1;
    while (at_ < text_.size() && separator_at(text_, at_, separator_) == 0) ++at_;
    const std::string_view behind = trim(text_.substr(close + 1, at_ - close - 1));
    if (behind.empty()) {
      add(std::move(value));
    } else {
      refuse(text_.substr(open, at_ - open),
             "goes on after its closing quote. Put the whole value in quotes and double those "
             "inside it, or separate the values by ||.");
    }
    at_ += at_ < text_.size() ? separator_at(text_, at_, separator_) : 1;
  }

  void add(std::string value) { tokens_.push_back({std::move(value), ++position_}); }

  void refuse(std::string_view token, std::string what) {
    faults_.push_back({++position_, std::string(trim(token)), std::move(what)});
  }

  const std::string_view text_;
  const Separator separator_;
  std::vector<ValueFault>& faults_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t position_ = 0;
};

}  // namespace

std::vector<Token> split_values(std::string_view text, std::vector<ValueFault>& faults) {
  if (text.size() > kMaxAxisText) {
    faults.push_back(
        {0, "", fmt::format("has {} bytes of values; the most is {}.", text.size(), kMaxAxisText)});
    return {};
  }
  return Splitter(text, faults).split();
}

Result<v1::SizeValue> parse_size(std::string_view text) {
  const auto no_size = [] {
    return fail(ErrorKind::Invalid,
                "is not a size. Write width x height in pixels, as in 512x768.");
  };
  std::string_view rest = trim(text);
  const auto take_pixels = [&](std::uint32_t& pixels) {
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), pixels);
    if (read.ec != std::errc{}) return false;
    rest = trim(rest.substr(static_cast<std::size_t>(read.ptr - rest.data())));
    return true;
  };
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  if (!take_pixels(width)) return no_size();
  constexpr std::string_view kTimes = "×";
  if (rest.starts_with(kTimes)) {
    rest = trim(rest.substr(kTimes.size()));
  } else if (rest.starts_with('x') || rest.starts_with('X') || rest.starts_with('*')) {
    rest = trim(rest.substr(1));
  } else {
    return no_size();
  }
  if (!take_pixels(height) || !rest.empty()) return no_size();
  v1::SizeValue size;
  size.set_width(width);
  size.set_height(height);
  return size;
}

}  // namespace furrow::spec
