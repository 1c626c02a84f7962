// CLIP's tokenizer: texts to ids, whole and as padded rows.

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/prompt/tokenizer/bpe_tokenizer.h"
#include "tests/golden_runner/families.h"

namespace furrow::golden {

namespace {

using Row = std::vector<std::int64_t>;

at::Tensor to_tensor(const std::vector<Row>& rows, std::size_t length) {
  const auto width = static_cast<std::int64_t>(length);
  auto tensor = at::empty({static_cast<std::int64_t>(rows.size()), width}, at::kLong);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy(rows[i].begin(), rows[i].end(), tensor.data_ptr<std::int64_t>() + i * length);
  }
  return tensor;
}

}  // namespace

Verdict check_tokenizer(const Case& c) {
  Verdict verdict;
  const auto vocab = c.root / c.config.at("vocab").get<std::string>();
  const auto tokenizer = prompt::BpeTokenizer::load(vocab.parent_path());
  if (!tokenizer) {
    verdict.expect(false, tokenizer.error().message);
    return verdict;
  }
  const auto length = c.config.value("model_max_length", tokenizer->model_max_length());
  std::vector<Row> rows;
  std::vector<Row> rows_pad0;
  for (const auto& entry : c.read_json("strings.json")) {
    const auto text = entry.at("text").get<std::string>();
    const auto ids = tokenizer->encode(text);
    verdict.expect(ids == entry.at("ids").get<Row>(),
                   fmt::format("{}: expected {}, got {}", entry.at("text").dump(-1, ' ', true),
                               entry.at("ids").dump(), ids));
    rows.push_back(tokenizer->encode_padded(text, length));
    rows_pad0.push_back(prompt::pad_ids(ids, length, tokenizer->eos_id(), 0));
  }
  if (c.has("out.input_ids")) verdict.compare(c, "out.input_ids", to_tensor(rows, length));
  if (c.has("out.input_ids_pad0")) {
    verdict.compare(c, "out.input_ids_pad0", to_tensor(rows_pad0, length));
  }
  return verdict;
}

}  // namespace furrow::golden
