#include "worker/engine/weights/safetensors_json.h"

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "worker/engine/weights/shown.h"

namespace furrow::engine::weights {

namespace {

using nlohmann::json;

// An object of objects with lists in them.
constexpr std::size_t kMaxDepth = 3;

// Looks at the text before a document is made of it: nlohmann::json keeps the last of two equal
// names, which would hide a tensor.
class Check final : public nlohmann::json_sax<json> {
 public:
  const std::optional<std::string>& fault() const { return fault_; }

  bool null() override { return true; }

  bool boolean(bool) override { return true; }

  bool number_integer(number_integer_t) override { return true; }

  bool number_unsigned(number_unsigned_t) override { return true; }

  bool number_float(number_float_t, const string_t&) override { return true; }

  bool string(string_t&) override { return true; }

  bool binary(binary_t&) override { return true; }

  bool start_object(std::size_t) override { return enter(); }

  bool end_object() override { return leave(); }

  bool start_array(std::size_t) override { return enter(); }

  bool end_array() override { return leave(); }

  bool key(string_t& name) override {
    if (names_.back().insert(name).second) return true;
    return stop(fmt::format("its header has the name {} twice", shown(name)));
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    return stop(fmt::format("its header is not JSON, from byte {} on", position));
  }

 private:
  bool enter() {
    if (names_.size() == kMaxDepth) {
      return stop(fmt::format("its header is nested more than {} deep", kMaxDepth));
    }
    names_.emplace_back();
    return true;
  }

  bool leave() {
    names_.pop_back();
    return true;
  }

  bool stop(std::string fault) {
    fault_ = std::move(fault);
    return false;
  }

  std::vector<std::unordered_set<std::string>> names_;  // of every object that is open
  std::optional<std::string> fault_;
};

}  // namespace

Result<json> parse_header(std::string_view text) {
  Check check;
  json::sax_parse(text, &check);
  if (check.fault()) return fail(ErrorKind::Invalid, *check.fault());
  auto header = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) return fail(ErrorKind::Invalid, "its header is not a JSON object");
  return header;
}

}  // namespace furrow::engine::weights
