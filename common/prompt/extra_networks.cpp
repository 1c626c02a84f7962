#include "common/prompt/extra_networks.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "common/prompt/text.h"

namespace furrow::prompt {

namespace {

constexpr std::array<std::string_view, 3> kKnownKinds = {"lora", "lyco", "hypernet"};

bool is_of_kind(char c) {
  return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The word between the "<" that `text` begins with and a ":"; empty: it is no tag.
std::string_view kind_at(std::string_view text) {
  const auto end = std::find_if_not(text.begin() + 1, text.end(), is_of_kind);
  const auto length = static_cast<std::size_t>(end - text.begin()) - 1;
  return end != text.end() && *end == ':' ? text.substr(1, length) : std::string_view();
}

Result<NetworkTag> read_tag(std::string_view kind, std::string_view written) {
  NetworkTag tag{std::string(kind), {}, {}, std::string(written)};
  std::string_view rest = written.substr(kind.size() + 2);
  rest.remove_suffix(1);
  while (true) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string_view argument = trim(rest.substr(0, end));
    const std::size_t equals = argument.find('=');
    if (equals == std::string_view::npos) {
      tag.arguments.emplace_back(argument);
    } else {
      const std::string_view name = trim(argument.substr(0, equals));
      const bool is_new =
          tag.named.emplace(name, std::string(trim(argument.substr(equals + 1)))).second;
      if (!is_new)
        return fail(ErrorKind::Invalid,
                    fmt::format("{}: {} is given twice.", in_quotes(written), in_quotes(name)));
    }
    if (end == rest.size()) return tag;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

Result<Untagged> remove_networks(std::string_view text) {
  Untagged result;
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find('<'), text.size());
    result.text += text.substr(0, begin);
    text.remove_prefix(begin);
    if (text.empty()) break;
    const std::string_view kind = kind_at(text);
    const std::size_t end = text.find('>');
    const bool has_arguments =
        !kind.empty() && end != std::string_view::npos && end > kind.size() + 2;
    if (has_arguments) {
      FURROW_TRY(NetworkTag tag, read_tag(kind, text.substr(0, end + 1)));
      result.networks.push_back(std::move(tag));
      text.remove_prefix(end + 1);
      continue;
    }
    const bool is_known =
        std::find(kKnownKinds.begin(), kKnownKinds.end(), to_lower(kind)) != kKnownKinds.end();
    if (is_known && end == std::string_view::npos)
      return fail(ErrorKind::Invalid,
                  fmt::format("{} is never closed; add the > behind it.", in_quotes(text)));
    result.text += text.front();
    text.remove_prefix(1);
  }
  return result;
}

}  // namespace furrow::prompt
