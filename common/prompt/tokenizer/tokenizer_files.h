#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/prompt/tokenizer/bpe_merges.h"

namespace furrow::prompt {

/// What a tokenizer's folder says.
struct TokenizerFiles {
  Vocabulary vocabulary;                   ///< vocab.json and added_tokens.json
  std::vector<std::string> merges;         ///< merges.txt without its version line
  std::map<std::string, TokenId> special;  ///< tokens that are cut out of the text whole
  TokenId bos = 0;
  TokenId eos = 0;
  TokenId pad = 0;
  TokenId unknown = 0;
  std::size_t model_max_length = 77;
};

/// Errors: NotFound or Invalid, naming the file.
Result<TokenizerFiles> read_tokenizer_files(const std::filesystem::path& folder);

}  // namespace furrow::prompt
