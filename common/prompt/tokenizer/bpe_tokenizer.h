#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/prompt/tokenizer/added_tokens.h"

namespace furrow::prompt {

/// CLIP's tokenizer: byte-level byte pair encoding (Sennrich et al. 2016, arXiv:1508.07909) over
/// normalised text, as transformers' CLIPTokenizer does it. Immutable but for a cache of words that
/// it guards itself; any thread.
class BpeTokenizer {
 public:
  /// Reads vocab.json and merges.txt, and what tokenizer_config.json, special_tokens_map.json and
  /// added_tokens.json say of special tokens. Errors: Invalid or NotFound, naming the file.
  static Result<BpeTokenizer> load(const std::filesystem::path& folder);

  BpeTokenizer(BpeTokenizer&&) noexcept;
  BpeTokenizer& operator=(BpeTokenizer&&) noexcept;
  ~BpeTokenizer();

  /// `text` (UTF-8; bytes that are none count as U+FFFD) as ids between the start and the end
  /// token, however many.
  std::vector<std::int64_t> encode(std::string_view text) const;

  /// The same where tokens have been added, which are found anywhere in the text, within words too.
  /// A token of several vectors is one id unless the text was expanded (AddedTokens::expand).
  std::vector<std::int64_t> encode(std::string_view text, const AddedTokens& added) const;

  /// encode(), cut to `length` ids with the end token last, or filled up with the pad token.
  /// Requires: length >= 2.
  std::vector<std::int64_t> encode_padded(std::string_view text, std::size_t length) const;

  /// encode_padded() to model_max_length().
  std::vector<std::int64_t> encode_padded(std::string_view text) const {
    return encode_padded(text, model_max_length());
  }

  std::int64_t bos_id() const;
  std::int64_t eos_id() const;
  std::int64_t pad_id() const;
  std::size_t model_max_length() const;  ///< 77 unless the tokenizer's config says otherwise
  std::int64_t vocab_size() const;       ///< one more than the highest id

 private:
  struct State;
  explicit BpeTokenizer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// A row of a text encoder's input: what encode() gave, cut to `length` ids with `eos` last, or
/// filled up with `pad`. Requires: length >= 2.
std::vector<std::int64_t> pad_ids(std::vector<std::int64_t> ids, std::size_t length,
                                  std::int64_t eos, std::int64_t pad);

}  // namespace furrow::prompt
