#include <cstdint>
#include <limits>
#include <utility>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/json.h"
#include "cli/output/prompt_page.h"
#include "cli/prompt_files.h"
#include "cli/session.h"
#include "common/config/exit_code.h"
#include "common/prompt/attention.h"
#include "common/prompt/chunks.h"
#include "common/prompt/tokenizer/bpe_tokenizer.h"
#include "common/prompt/tokenizer/token_texts.h"
#include "common/spec/plan.h"

namespace furrow::cli {

namespace {

/// What prompts may refer to, by the flags.
struct Library {
  prompt::WildcardBook wildcards;
  std::vector<prompt::Style> styles;
  std::vector<const prompt::Style*> chosen;  // of `styles`, in the order of the flags
};

Result<Library> read_library(const Arguments& arguments) {
  Library library;
  if (const auto folder = arguments.path("wildcards")) {
    FURROW_TRY(library.wildcards, read_wildcards(*folder));
  }
  for (const std::string& path : arguments.texts("styles")) {
    FURROW_TRY(auto styles, read_styles(path));
    std::move(styles.begin(), styles.end(), std::back_inserter(library.styles));
  }
  for (const std::string& name : arguments.texts("style")) {
    FURROW_TRY(library.chosen.emplace_back(), prompt::find_style(library.styles, name));
  }
  return library;
}

/// Counts tokens and spells them as the model's tokenizer has them.
class Encoder {
 public:
  static Result<Encoder> load(const std::filesystem::path& folder) {
    FURROW_TRY(auto tokenizer, prompt::BpeTokenizer::load(folder));
    FURROW_TRY(auto texts, prompt::TokenTexts::load(folder));
    return Encoder(std::move(tokenizer), std::move(texts));
  }

  std::size_t chunk_room() const { return tokenizer_.model_max_length() - 2; }

  Result<ExplainedPrompt::Chunks> explain(const std::string& text) const {
    FURROW_TRY(const auto fragments, prompt::parse_attention(text));
    ExplainedPrompt::Chunks explained;
    for (const prompt::Chunk& chunk : prompt::chunk_fragments(tokenizer_, fragments)) {
      ExplainedPrompt::Chunk& shown = explained.emplace_back();
      shown.tokens = chunk.tokens;
      std::size_t first = 1;  // behind the start
      for (const prompt::Chunk::Run& run : chunk.runs) {
        shown.pieces.push_back({texts_.spell(std::span(chunk.ids).subspan(first, run.tokens)),
                                fragments[run.fragment].weight, run.tokens});
        first += run.tokens;
      }
    }
    return explained;
  }

 private:
  Encoder(prompt::BpeTokenizer tokenizer, prompt::TokenTexts texts)
      : tokenizer_(std::move(tokenizer)), texts_(std::move(texts)) {}

  prompt::BpeTokenizer tokenizer_;
  prompt::TokenTexts texts_;
};

Result<ExplainedPrompt> explain(const Arguments& arguments) {
  ExplainedPrompt explained;
  explained.side = arguments.has("negative") ? prompt::Side::Negative : prompt::Side::Positive;
  FURROW_TRY(const auto seed, arguments.integer("seed", 0));
  FURROW_TRY(const auto steps, arguments.integer("steps", 1, prompt::kMaxAlternatingSteps));
  explained.seed = static_cast<std::uint64_t>(seed.value_or(0));
  explained.steps = static_cast<int>(steps.value_or(spec::kDefaultSteps));

  FURROW_TRY(const Library library, read_library(arguments));
  FURROW_TRY(explained.prompt, prompt::read_prompt({.text = arguments.operands().front(),
                                                    .side = explained.side,
                                                    .seed = explained.seed,
                                                    .pass = {.steps = explained.steps},
                                                    .styles = library.chosen,
                                                    .wildcards = &library.wildcards}));
  FURROW_TRY(const auto folder,
             tokenizer_folder(arguments.text("model"), data_folder_of(arguments)));
  FURROW_TRY(const Encoder encoder, Encoder::load(folder));
  explained.chunk_room = encoder.chunk_room();
  for (const prompt::Prompt::Part& part : explained.prompt.parts) {
    auto& texts = explained.chunks.emplace_back();
    for (const std::string& text : part.schedule.texts) {
      FURROW_TRY(texts.emplace_back(), encoder.explain(text));
    }
  }
  return explained;
}

}  // namespace

std::span<const Flag> prompt_explain_flags() {
  static constexpr Flag kFlags[] = {
      {"negative", "", "it is a negative prompt", ValueKind::None},
      {"seed", "N", "the seed that choices are drawn by (default 0)", ValueKind::Number},
      {"steps", "N", "the steps that schedules are about (default 20)", ValueKind::Number},
      {"model", "MODEL", "the model that counts the tokens: a name or a folder", ValueKind::Text},
      {"wildcards", "DIR", "the folder of the lists that __name__ means", ValueKind::Folder},
      {"styles", "PATH", "a styles.csv, a style's .json, or a folder of them", ValueKind::File, 0,
       true},
      {"style", "NAME", "a style of these to merge", ValueKind::Text, 0, true},
      kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_prompt_explain(const Arguments& arguments, Console& console) {
  FURROW_TRY(const ExplainedPrompt explained, explain(arguments));
  console.out << (arguments.has("json") ? document(prompt_json(explained))
                                        : prompt_page(explained, console.out_terminal));
  return config::kExitOk;
}

}  // namespace furrow::cli
