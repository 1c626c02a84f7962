#include "common/prompt/tokenizer/token_texts.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "common/base/utf8.h"
#include "common/prompt/tokenizer/byte_characters.h"
#include "common/prompt/tokenizer/tokenizer_files.h"

namespace furrow::prompt {

namespace {

constexpr std::string_view kReplacementCharacter = "\uFFFD";

using ByteOf = std::unordered_map<std::string_view, char>;

ByteOf bytes_by_character() {
  ByteOf bytes;
  for (std::size_t byte = 0; byte < byte_characters().size(); ++byte)
    bytes.emplace(byte_characters()[byte], static_cast<char>(byte));
  return bytes;
}

/// The bytes that a token of the vocabulary stands for. Special tokens stand for themselves.
std::string bytes_of(std::string_view token, const ByteOf& byte_of) {
  const bool ends_word = token.size() > kWordEnd.size() && token.ends_with(kWordEnd);
  if (ends_word) token.remove_suffix(kWordEnd.size());
  std::string bytes;
  while (!token.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_character(token), 1);
    const auto byte = byte_of.find(token.substr(0, length));
    if (byte != byte_of.end()) bytes += byte->second;
    token.remove_prefix(length);
  }
  return ends_word ? bytes + ' ' : bytes;
}

}  // namespace

Result<TokenTexts> TokenTexts::load(const std::filesystem::path& folder) {
  FURROW_TRY(const TokenizerFiles files, read_tokenizer_files(folder));
  const ByteOf byte_of = bytes_by_character();
  TokenTexts texts;
  for (const auto& [token, id] : files.vocabulary) texts.bytes_[id] = bytes_of(token, byte_of);
  return texts;
}

std::string TokenTexts::spell(std::span<const std::int64_t> ids) const {
  std::string bytes;
  for (const std::int64_t id : ids) {
    const auto found = bytes_.find(id);
    bytes += found == bytes_.end() ? kReplacementCharacter : std::string_view(found->second);
  }
  if (bytes.ends_with(' ')) bytes.pop_back();
  return well_formed_utf8(bytes);
}

}  // namespace furrow::prompt
