#include "common/prompt/tokenizer/tokenizer_files.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/files.h"
#include "common/base/json.h"

namespace furrow::prompt {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A tokenizer that knows no limit says 10^30; no text encoder here has more positions than this.
constexpr double kMaxLength = 1 << 16;

Unexpected invalid(const fs::path& path, std::string_view why) {
  return fail(ErrorKind::Invalid, fmt::format("{}: {}.", path.string(), why));
}

Result<json> read_object(const fs::path& path) {
  FURROW_TRY(const auto text, read_file(path));
  auto parsed = parse_json(text);
  if (!parsed.is_object()) return invalid(path, "it is not a JSON object");
  return parsed;
}

Result<json> read_object_if_there(const fs::path& path) {
  return fs::exists(path) ? read_object(path) : json::object();
}

Result<void> add_tokens(const fs::path& path, const json& ids, Vocabulary& vocabulary) {
  for (const auto& [token, id] : ids.items()) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > std::numeric_limits<TokenId>::max()) {
      return invalid(path, fmt::format("the token \"{}\" has the id {}", token, id.dump()));
    }
    vocabulary[token] = id.get<TokenId>();
  }
  return {};
}

Result<std::vector<std::string>> read_merges(const fs::path& path) {
  FURROW_TRY(const auto text, read_file(path));
  std::vector<std::string> merges;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    at = end + 1;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const bool is_version = merges.empty() && line.rfind("#version", 0) == 0;
    if (!line.empty() && !is_version) merges.push_back(std::move(line));
  }
  return merges;
}

// A special token is written as its text or as an object with its "content".
std::optional<std::string> token_text(const json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  if (found->is_object() && found->value("content", json()).is_string()) {
    return found->at("content").get<std::string>();
  }
  return std::nullopt;
}

// tokenizer_config.json has the last word, then special_tokens_map.json, then CLIP's own names.
class SpecialTokens {
 public:
  SpecialTokens(fs::path folder, json config, json map)
      : folder_(std::move(folder)), config_(std::move(config)), map_(std::move(map)) {}

  Result<TokenId> find(const char* key, const std::string& otherwise, TokenizerFiles& files) const {
    auto text = token_text(config_, key);
    if (!text) text = token_text(map_, key);
    const auto token = text.value_or(otherwise);
    const auto found = files.vocabulary.find(token);
    if (found == files.vocabulary.end()) {
      return invalid(folder_, fmt::format("the {} \"{}\" is not in vocab.json", key, token));
    }
    files.special.emplace(token, found->second);
    return found->second;
  }

 private:
  fs::path folder_;
  json config_;
  json map_;
};

// Tokens that were added to a vocabulary after training, as newer configs list them: id → token.
void add_decoder_tokens(const json& config, TokenizerFiles& files) {
  const auto decoder = config.value("added_tokens_decoder", json::object());
  for (const auto& [id_text, token] : decoder.items()) {
    TokenId id = -1;
    const auto* end = id_text.data() + id_text.size();
    const bool is_number = std::from_chars(id_text.data(), end, id).ptr == end;
    const auto text =
        token.is_object() ? token_text(json{{"token", token}}, "token") : std::nullopt;
    if (!text || !is_number || id < 0) continue;
    files.vocabulary.emplace(*text, id);
    files.special.emplace(*text, files.vocabulary.at(*text));
  }
}

}  // namespace

Result<TokenizerFiles> read_tokenizer_files(const fs::path& folder) {
  TokenizerFiles files;
  FURROW_TRY(const json vocabulary, read_object(folder / "vocab.json"));
  FURROW_TRY_VOID(add_tokens(folder / "vocab.json", vocabulary, files.vocabulary));
  FURROW_TRY(files.merges, read_merges(folder / "merges.txt"));

  FURROW_TRY(const json added, read_object_if_there(folder / "added_tokens.json"));
  FURROW_TRY_VOID(add_tokens(folder / "added_tokens.json", added, files.vocabulary));
  for (const auto& [token, id] : added.items()) files.special[token] = id.get<TokenId>();

  FURROW_TRY(const json config, read_object_if_there(folder / "tokenizer_config.json"));
  FURROW_TRY(const json map, read_object_if_there(folder / "special_tokens_map.json"));
  add_decoder_tokens(config, files);
  const SpecialTokens special(folder, config, map);
  FURROW_TRY(files.bos, special.find("bos_token", "<|startoftext|>", files));
  FURROW_TRY(files.eos, special.find("eos_token", "<|endoftext|>", files));
  FURROW_TRY(files.unknown, special.find("unk_token", "<|endoftext|>", files));
  FURROW_TRY(files.pad, special.find("pad_token", "<|endoftext|>", files));

  // It would be found at the beginning of every text, and nothing behind it.
  if (files.special.count("") != 0) return invalid(folder, "it has a special token without text");

  const auto length = config.value("model_max_length", json());
  if (length.is_number() && length.get<double>() <= kMaxLength) {
    if (length.get<double>() < 2) {
      return invalid(folder / "tokenizer_config.json",
                     "model_max_length leaves no room for the start and the end token");
    }
    files.model_max_length = length.get<std::size_t>();
  }
  return files;
}

}  // namespace furrow::prompt
