#include "common/spec/recipe.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace furrow::spec {

namespace {

constexpr std::string_view kHeader = "furrow-recipe/1\n";

/// Writes `field=value` lines, one for each value that is not its default.
class CanonicalWriter {
 public:
  explicit CanonicalWriter(std::size_t expected_bytes) {
    text_.reserve(expected_bytes);
    text_ = kHeader;
  }

  void text(std::string_view field, std::string_view value) {
    if (value.empty()) return;
    begin(field);
    append_json_string(value);
    text_ += '\n';
  }

  template <typename Number>
  void number(std::string_view field, Number value) {
    if (value == Number{}) return;
    begin(field);
    char buffer[32];
    const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
    text_.append(buffer, written.ptr);
    text_ += '\n';
  }

  void hash(std::string_view field, std::string_view raw) {
    if (raw.empty()) return;
    begin(field);
    for (const char c : raw) append_hex(c);
    text_ += '\n';
  }

  std::string finish() && { return std::move(text_); }

 private:
  void begin(std::string_view field) { text_.append(field) += '='; }

  void append_hex(char c) {
    constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    text_ += kDigits[byte >> 4];
    text_ += kDigits[byte & 15];
  }

  /// A JSON string with only what JSON demands escaped, so that there is one way to write a text.
  void append_json_string(std::string_view value) {
    text_ += '"';
    while (!value.empty()) {
      const auto plain = std::ranges::find_if(value, must_be_escaped) - value.begin();
      text_.append(value.substr(0, static_cast<std::size_t>(plain)));
      value.remove_prefix(static_cast<std::size_t>(plain));
      if (value.empty()) break;
      append_escaped(value.front());
      value.remove_prefix(1);
    }
    text_ += '"';
  }

  static bool must_be_escaped(char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  }

  void append_escaped(char c) {
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else {
      text_ += "\\u00";
      append_hex(c);
    }
  }

  std::string text_;
};

}  // namespace

std::string canonical_form(const v1::Recipe& recipe) {
  constexpr std::size_t kAllButTexts = 384;
  CanonicalWriter out(kAllButTexts + recipe.prompt().size() + recipe.negative_prompt().size());
  out.text("prompt", recipe.prompt());
  out.text("negative_prompt", recipe.negative_prompt());
  out.number("seed", recipe.seed());
  out.number("steps", recipe.steps());
  out.number("guidance_scale", recipe.guidance_scale());
  out.text("sampler", recipe.sampler());
  out.text("schedule", recipe.schedule());
  out.number("width", recipe.width());
  out.number("height", recipe.height());
  out.number("clip_skip", recipe.clip_skip());
  out.hash("model", recipe.model().hash());
  out.hash("vae", recipe.vae().hash());
  return std::move(out).finish();
}

Digest recipe_hash(const v1::Recipe& recipe) {
  return sha256(canonical_form(recipe));
}

}  // namespace furrow::spec
