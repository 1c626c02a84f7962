#include "cli/output/prompt_page.h"

#include <utility>

#include <fmt/format.h>

#include "cli/output/table.h"
#include "cli/output/text.h"

namespace furrow::cli {

namespace {

using prompt::LoraTag;
using prompt::Schedule;
using prompt::StepStrength;

constexpr std::size_t kRangesShown = 4;

// ---- JSON

Json strength_json(const StepStrength& strength) {
  if (strength.points.size() == 1) return strength.points.front().strength;
  Json points = Json::array();
  for (const StepStrength::Point& point : strength.points)
    points.push_back({{"strength", point.strength}, {"position", point.position}});
  return points;
}

Json lora_json(const LoraTag& lora) {
  return {{"name", lora.name},
          {"text_encoder", strength_json(lora.text_encoder)},
          {"in", strength_json(lora.in)},
          {"mid", strength_json(lora.mid)},
          {"out", strength_json(lora.out)},
          {"rank", lora.rank ? Json(*lora.rank) : Json()},
          {"modules", lora.modules}};
}

Json text_json(const std::string& text, const ExplainedPrompt::Chunks& chunks) {
  Json list = Json::array();
  for (const ExplainedPrompt::Chunk& chunk : chunks) {
    Json pieces = Json::array();
    for (const ExplainedPrompt::Piece& piece : chunk.pieces)
      pieces.push_back({{"text", piece.text}, {"weight", piece.weight}, {"tokens", piece.tokens}});
    list.push_back({{"tokens", chunk.tokens}, {"pieces", std::move(pieces)}});
  }
  return {{"text", text}, {"chunks", std::move(list)}};
}

Json part_json(const prompt::Prompt::Part& part,
               const std::vector<ExplainedPrompt::Chunks>& chunks) {
  Json schedule = Json::array();
  for (const Schedule::Span& span : part.schedule.spans)
    schedule.push_back({{"until_step", span.until}, {"text", span.text}});
  Json texts = Json::array();
  for (std::size_t i = 0; i < chunks.size(); ++i)
    texts.push_back(text_json(part.schedule.texts[i], chunks[i]));
  return {{"weight", part.weight}, {"schedule", std::move(schedule)}, {"texts", std::move(texts)}};
}

// ---- for people

/// "1-10, 12, 14, …": the steps at which a text holds.
std::string steps_text(const Schedule& schedule, std::size_t text, const Terminal& terminal) {
  std::string steps;
  std::size_t ranges = 0;
  int first = 1;
  for (const Schedule::Span& span : schedule.spans) {
    if (span.text == text) {
      if (ranges++ == kRangesShown) return steps + (terminal.unicode ? ", …" : ", ...");
      if (!steps.empty()) steps += ", ";
      steps +=
          first == span.until ? fmt::format("{}", first) : fmt::format("{}-{}", first, span.until);
    }
    first = span.until + 1;
  }
  return steps;
}

std::string strength_text(const StepStrength& strength) {
  if (strength.points.size() == 1) return fmt::format("{}", strength.points.front().strength);
  std::string text;
  for (const StepStrength::Point& point : strength.points)
    text += fmt::format("{}{}@{}", text.empty() ? "" : ",", point.strength, point.position);
  return text;
}

std::string lora_text(const LoraTag& lora) {
  const bool is_one = lora.in == lora.mid && lora.mid == lora.out;
  std::string text =
      fmt::format("{}, text encoder {}, ", lora.name, strength_text(lora.text_encoder));
  text += is_one ? fmt::format("UNet {}", strength_text(lora.in))
                 : fmt::format("UNet in {}, mid {}, out {}", strength_text(lora.in),
                               strength_text(lora.mid), strength_text(lora.out));
  if (lora.rank) text += fmt::format(", rank up to {}", *lora.rank);
  for (const std::string& module : lora.modules) text += fmt::format(", {} only", module);
  return text;
}

class PromptPage {
 public:
  PromptPage(const ExplainedPrompt& explained, const Terminal& terminal)
      : explained_(explained), terminal_(terminal) {}

  std::string write() && {
    const prompt::Prompt& prompt = explained_.prompt;
    line("text", prompt.text);
    for (const std::string& comment : prompt.comments) line("comment", comment);
    for (const prompt::Choice& choice : prompt.choices)
      line("choice", fmt::format("{} -> {}", choice.written, choice.taken));
    for (const prompt::NetworkTag& tag : prompt.networks) line("network", tag.written);
    for (const LoraTag& lora : prompt.loras) line("LoRA", lora_text(lora));
    for (std::size_t i = 0; i < prompt.parts.size(); ++i) add_part(i);
    return std::move(page_);
  }

 private:
  void line(std::string_view label, std::string_view value) {
    page_ += fmt::format("{:<9} {}\n", label, printable(value));
  }

  void heading(const std::string& text) {
    page_ += terminal_.colour ? fmt::format("\n{}{}{}\n", paint_on(Paint::Bold), text, kPaintOff)
                              : fmt::format("\n{}\n", text);
  }

  void add_part(std::size_t i) {
    const auto& parts = explained_.prompt.parts;
    const prompt::Prompt::Part& part = parts[i];
    const std::string of = parts.size() == 1 ? ""
                                             : fmt::format("prompt {} of {}, weight {}, ", i + 1,
                                                           parts.size(), part.weight);
    for (std::size_t text = 0; text < part.schedule.texts.size(); ++text) {
      heading(fmt::format("{}step {} of {}", of, steps_text(part.schedule, text, terminal_),
                          explained_.steps));
      page_ += chunk_table(explained_.chunks[i][text]);
    }
  }

  std::string chunk_table(const ExplainedPrompt::Chunks& chunks) const {
    Table table({{"CHUNK", Align::Right},
                 {"FILLED", Align::Right},
                 {"TOKENS", Align::Right},
                 {"WEIGHT", Align::Right},
                 {"TEXT", Align::Left, 16}});
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      std::string number = fmt::format("{}", i + 1);
      std::string filled = fmt::format("{}/{}", chunks[i].tokens, explained_.chunk_room);
      if (chunks[i].pieces.empty()) table.add_row({number, filled, "0", "", ""});
      for (const ExplainedPrompt::Piece& piece : chunks[i].pieces) {
        table.add_row({std::exchange(number, ""), std::exchange(filled, ""),
                       fmt::format("{}", piece.tokens), fmt::format("{:.4g}", piece.weight),
                       piece.text});
      }
    }
    return table.render(terminal_);
  }

  const ExplainedPrompt& explained_;
  const Terminal& terminal_;
  std::string page_;
};

}  // namespace

Json prompt_json(const ExplainedPrompt& explained) {
  const prompt::Prompt& prompt = explained.prompt;
  Json choices = Json::array();
  for (const prompt::Choice& choice : prompt.choices)
    choices.push_back({{"written", choice.written}, {"taken", choice.taken}});
  Json networks = Json::array();
  for (const prompt::NetworkTag& tag : prompt.networks)
    networks.push_back({{"kind", tag.kind}, {"written", tag.written}});
  Json loras = Json::array();
  for (const LoraTag& lora : prompt.loras) loras.push_back(lora_json(lora));
  Json parts = Json::array();
  for (std::size_t i = 0; i < prompt.parts.size(); ++i)
    parts.push_back(part_json(prompt.parts[i], explained.chunks[i]));
  const bool is_negative = explained.side == prompt::Side::Negative;
  return {{"schema", "furrow.prompt/1"},   {"field", is_negative ? "negative_prompt" : "prompt"},
          {"seed", explained.seed},        {"steps", explained.steps},
          {"text", prompt.text},           {"comments", prompt.comments},
          {"choices", std::move(choices)}, {"networks", std::move(networks)},
          {"loras", std::move(loras)},     {"chunk_room", explained.chunk_room},
          {"parts", std::move(parts)}};
}

std::string prompt_page(const ExplainedPrompt& explained, const Terminal& terminal) {
  return PromptPage(explained, terminal).write();
}

}  // namespace furrow::cli
