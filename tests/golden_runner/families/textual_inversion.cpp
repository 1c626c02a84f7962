// Embedding files of every form, and what the text encoder makes of a prompt with their tokens.

#include "worker/engine/weights/textual_inversion.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/prompt/tokenizer/bpe_tokenizer.h"
#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/text_outputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/stable_diffusion.h"

namespace furrow::golden {

namespace {

using engine::weights::TextualInversion;

// One encoder of a case. `number` is empty where there is only one, else "_1", "_2".
void check_encoder(const Case& c, const TextualInversion& embedding, std::size_t index,
                   const std::string& number, Verdict& verdict) {
  const auto role =
      index == 0 ? std::string("text_encoder") : fmt::format("text_encoder_{}", index + 1);
  const auto encoder = or_throw(engine::load_clip_text(c.model(role), at::kFloat, at::kCPU));
  const auto vectors = or_throw(embedding.for_encoder(index, encoder->config.hidden_size));
  const auto stored = index == 0 ? (number.empty() ? "in.embedding" : "in.clip_l") : "in.clip_g";
  if (c.has(stored)) {
    verdict.expect(vectors.equal(c.tensor(stored)), fmt::format("{} was read otherwise", stored));
  }
  const auto out = encoder->forward(c.tensor("in.input_ids" + number), vectors);
  compare_text_outputs(c, verdict, "out.", out, number);
}

// Texts with added tokens and the real vocabulary.
void check_tokenizer(const Case& c, Verdict& verdict) {
  const auto vocab = c.root / c.config.at("vocab").get<std::string>();
  const auto tokenizer = or_throw(prompt::BpeTokenizer::load(vocab.parent_path()));
  prompt::AddedTokens added(tokenizer.vocab_size());
  // In the order of their ids, which the case's list of tokens need not have.
  const auto& ids = c.config.at("added");
  std::vector<std::pair<std::string, std::size_t>> tokens;
  for (const auto& [token, vectors] : c.config.at("tokens").items()) {
    tokens.emplace_back(token, vectors.get<std::size_t>());
  }
  std::sort(tokens.begin(), tokens.end(),
            [&](const auto& a, const auto& b) { return ids.at(a.first) < ids.at(b.first); });
  for (const auto& [token, vectors] : tokens) {
    verdict.expect(or_throw(added.add(token, vectors)) == ids.at(token).get<std::int64_t>(),
                   fmt::format("{} has another id", token));
  }
  std::vector<std::int64_t> first;
  for (const auto& text : c.read_json("texts.json")) {
    const auto expanded = added.expand(text.at("text").get<std::string>());
    verdict.expect(expanded == text.at("expanded").get<std::string>(),
                   fmt::format("expected {}, got {}", text.at("expanded").dump(), expanded));
    const auto got = tokenizer.encode(expanded, added);
    verdict.expect(
        got == text.at("ids").get<std::vector<std::int64_t>>(),
        fmt::format("{}: expected {}, got {}", text.at("text").dump(), text.at("ids").dump(), got));
    if (first.empty()) first = got;
  }
  verdict.compare(c, "out.first_row_ids", at::tensor(first, at::kLong));
}

}  // namespace

Verdict check_textual_inversion(const Case& c) {
  Verdict verdict;
  if (!c.has_model("text_encoder")) {
    check_tokenizer(c, verdict);
    return verdict;
  }
  const auto file = c.folder / c.description.at("files").at(0).get<std::string>();
  const auto embedding = or_throw(engine::weights::read_textual_inversion(file));
  verdict.expect(
      embedding.token == c.config.at("token").get<std::string>(),
      fmt::format("the token is {}, read {}", c.config.at("token").dump(), embedding.token));
  const bool has_two = c.has_model("text_encoder_2");
  check_encoder(c, embedding, 0, has_two ? "_1" : "", verdict);
  if (has_two) check_encoder(c, embedding, 1, "_2", verdict);
  return verdict;
}

}  // namespace furrow::golden
