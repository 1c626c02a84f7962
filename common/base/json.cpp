#include "common/base/json.h"

#include <string>

#include <nlohmann/json.hpp>

namespace furrow {

namespace {

using nlohmann::json;

// Looks at a text before a value is made of it. (A callback of json::parse could do the same, but
// there every end of an object costs a walk over all its siblings.)
class DepthCheck final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }

  bool boolean(bool) override { return true; }

  bool number_integer(number_integer_t) override { return true; }

  bool number_unsigned(number_unsigned_t) override { return true; }

  bool number_float(number_float_t, const string_t&) override { return true; }

  bool string(string_t&) override { return true; }

  bool binary(binary_t&) override { return true; }

  bool key(string_t&) override { return true; }

  bool start_object(std::size_t) override { return ++depth_ <= kMaxJsonDepth; }

  bool start_array(std::size_t) override { return ++depth_ <= kMaxJsonDepth; }

  bool end_object() override { return leave(); }

  bool end_array() override { return leave(); }

  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    return false;
  }

 private:
  bool leave() {
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
};

}  // namespace

json parse_json(std::string_view text) {
  // The library takes a NUL for the end, and lets anything stand behind it.
  if (text.find('\0') != std::string_view::npos) return json(json::value_t::discarded);
  DepthCheck check;
  if (!json::sax_parse(text, &check)) return json(json::value_t::discarded);
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace furrow
