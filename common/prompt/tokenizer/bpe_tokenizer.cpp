#include "common/prompt/tokenizer/bpe_tokenizer.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/prompt/tokenizer/bpe_merges.h"
#include "common/prompt/tokenizer/clip_words.h"
#include "common/prompt/tokenizer/tokenizer_files.h"

namespace furrow::prompt {

namespace {

// Prompts of a sweep share nearly all of their words; an attacker's do not, so the cache starts
// over when it is full and never keeps a giant.
constexpr std::size_t kMaxCachedWords = 1 << 16;
constexpr std::size_t kMaxCachedWordBytes = 256;

// Finds special tokens from left to right, and each place of each of them once, so that a text of
// one token over and over is not searched to its end for the others every time.
class SpecialTokenFinder {
 public:
  SpecialTokenFinder(const std::map<std::string, TokenId>& tokens, std::string_view text)
      : text_(text) {
    for (const auto& [token, id] : tokens) places_.push_back({token, id, text.find(token)});
  }

  struct Found {
    std::size_t at;
    std::size_t length;
    TokenId id;
  };

  // The first at or behind `from`, the longest where several begin. At the text's end: none.
  // Requires: `from` is not less than in the call before.
  Found find(std::size_t from) {
    Found first = {text_.size(), 0, 0};
    for (auto& [token, id, at] : places_) {
      if (at < from) at = text_.find(token, from);
      if (at < first.at || (at == first.at && token.size() > first.length)) {
        first = {at, token.size(), id};
      }
    }
    return first;
  }

 private:
  struct Place {
    std::string_view token;
    TokenId id;
    std::size_t at;  // where it stands next; npos: nowhere
  };

  std::string_view text_;
  std::vector<Place> places_;
};

}  // namespace

struct BpeTokenizer::State {
  // Constant after construction.
  BpeMerges merges;
  std::map<std::string, TokenId> special;
  TokenId bos;
  TokenId eos;
  TokenId pad;
  std::size_t model_max_length;
  std::int64_t vocab_size;

  // Guards `cache`: a tokenizer is shared by whoever encodes prompts, and filling the cache is no
  // event that anyone could mail.
  std::mutex mutex;
  std::unordered_map<std::string, std::vector<TokenId>> cache;

  void encode_word(const std::string& word, std::vector<std::int64_t>& ids);
  void encode_words(const std::vector<std::string>& words, std::vector<std::int64_t>& ids);
  void encode_part(std::string_view text, const AddedTokens& added, std::vector<std::int64_t>& ids);
};

Result<BpeTokenizer> BpeTokenizer::load(const std::filesystem::path& folder) {
  FURROW_TRY(auto files, read_tokenizer_files(folder));
  auto merges = BpeMerges::build(files.vocabulary, files.merges, files.unknown);
  if (!merges) {
    return fail(merges.error().kind,
                fmt::format("{}: {}.", (folder / "merges.txt").string(), merges.error().message));
  }
  TokenId highest = 0;
  for (const auto& [token, id] : files.vocabulary) highest = std::max(highest, id);
  return BpeTokenizer(std::unique_ptr<State>(new State{std::move(merges).value(),
                                                       std::move(files.special),
                                                       files.bos,
                                                       files.eos,
                                                       files.pad,
                                                       files.model_max_length,
                                                       std::int64_t{highest} + 1,
                                                       {},
                                                       {}}));
}

BpeTokenizer::BpeTokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}

BpeTokenizer::BpeTokenizer(BpeTokenizer&&) noexcept = default;
BpeTokenizer& BpeTokenizer::operator=(BpeTokenizer&&) noexcept = default;
BpeTokenizer::~BpeTokenizer() = default;

std::vector<std::int64_t> BpeTokenizer::encode(std::string_view text) const {
  static const AddedTokens kNone(0);
  return encode(text, kNone);
}

std::vector<std::int64_t> BpeTokenizer::encode(std::string_view text,
                                               const AddedTokens& added) const {
  std::vector<std::int64_t> ids = {state_->bos};
  SpecialTokenFinder special(state_->special, text);
  for (std::size_t at = 0; at < text.size();) {
    const auto found = special.find(at);
    state_->encode_part(text.substr(at, found.at - at), added, ids);
    if (found.length > 0) ids.push_back(found.id);
    at = found.at + found.length;
  }
  ids.push_back(state_->eos);
  return ids;
}

std::vector<std::int64_t> BpeTokenizer::encode_padded(std::string_view text,
                                                      std::size_t length) const {
  return pad_ids(encode(text), length, state_->eos, state_->pad);
}

std::int64_t BpeTokenizer::bos_id() const {
  return state_->bos;
}

std::int64_t BpeTokenizer::eos_id() const {
  return state_->eos;
}

std::int64_t BpeTokenizer::pad_id() const {
  return state_->pad;
}

std::size_t BpeTokenizer::model_max_length() const {
  return state_->model_max_length;
}

std::int64_t BpeTokenizer::vocab_size() const {
  return state_->vocab_size;
}

void BpeTokenizer::State::encode_word(const std::string& word, std::vector<std::int64_t>& ids) {
  if (word.size() > kMaxCachedWordBytes) {
    const auto encoded = merges.encode(word);
    ids.insert(ids.end(), encoded.begin(), encoded.end());
    return;
  }
  const std::lock_guard lock(mutex);
  auto cached = cache.find(word);
  if (cached == cache.end()) {
    if (cache.size() >= kMaxCachedWords) cache.clear();
    cached = cache.emplace(word, merges.encode(word)).first;
  }
  ids.insert(ids.end(), cached->second.begin(), cached->second.end());
}

void BpeTokenizer::State::encode_words(const std::vector<std::string>& words,
                                       std::vector<std::int64_t>& ids) {
  for (const auto& word : words) encode_word(word, ids);
}

// A text without special tokens. Added ones are looked for when it is in its normal form.
void BpeTokenizer::State::encode_part(std::string_view text, const AddedTokens& added,
                                      std::vector<std::int64_t>& ids) {
  if (added.empty()) return encode_words(clip_words(text), ids);
  const auto normal = clip_text(text);
  std::string_view left = normal;
  while (!left.empty()) {
    const auto found = added.find(left);
    encode_words(split_clip_text(left.substr(0, found.at)), ids);
    if (found.length == 0) break;
    ids.push_back(found.id);
    left.remove_prefix(found.at + found.length);
  }
}

std::vector<std::int64_t> pad_ids(std::vector<std::int64_t> ids, std::size_t length,
                                  std::int64_t eos, std::int64_t pad) {
  FURROW_CHECK(length >= 2, "a row has room for the start and the end token");
  const bool is_cut = ids.size() > length;
  ids.resize(length, pad);
  if (is_cut) ids.back() = eos;
  return ids;
}

}  // namespace furrow::prompt
