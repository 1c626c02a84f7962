#include "common/prompt/styles.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/json.h"
#include "common/base/utf8.h"
#include "common/prompt/comments.h"
#include "common/prompt/csv.h"
#include "common/prompt/limits.h"
#include "common/prompt/text.h"

namespace furrow::prompt {

namespace {

using nlohmann::json;

constexpr std::string_view kPlaceholder = "{prompt}";

/// `text` with `value` in every place of `search`.
Result<std::string> replaced(std::string_view text, std::string_view search,
                             std::string_view value) {
  std::string result;
  for (auto at = text.find(search); at != std::string_view::npos; at = text.find(search)) {
    result += text.substr(0, at);
    result += value;
    text.remove_prefix(at + search.size());
    if (result.size() > kMaxPromptBytes)
      return fail(ErrorKind::Invalid, fmt::format("{} stands in so many places that the prompt "
                                                  "gets longer than {} bytes.",
                                                  in_quotes(search), kMaxPromptBytes));
  }
  return result += text;
}

/// A prompt that a style was merged into.
Result<std::string> bounded(std::string merged) {
  if (merged.size() <= kMaxPromptBytes) return merged;
  return fail(ErrorKind::Invalid,
              fmt::format("a style makes the prompt longer than {} bytes.", kMaxPromptBytes));
}

/// The parts of `text` between `separator`s, trimmed, without empty ones.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (const auto part = trim(text.substr(0, end)); !part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// "Steps: 20, Sampler: Euler a" as pairs. A value in double quotes may hold commas.
Result<std::vector<std::pair<std::string, std::string>>> read_settings(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (text = trim(text); !text.empty(); text = trim(text)) {
    const std::size_t colon = text.find(':');
    const std::string_view key = trim(text.substr(0, colon));
    if (colon == std::string_view::npos || key.empty())
      return fail(ErrorKind::Invalid, fmt::format("{} is not \"name: value\"", in_quotes(text)));
    text = trim(text.substr(colon + 1));
    std::string_view value;
    if (const auto close = text.find('"', 1); text.starts_with('"') && close != text.npos) {
      value = text.substr(1, close - 1);
      text.remove_prefix(close + 1);
    } else {
      value = text.substr(0, text.find(','));
      text.remove_prefix(value.size());
    }
    settings.emplace_back(key, trim(value));
    const std::size_t comma = text.find(',');
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
  }
  return settings;
}

/// "{x}=a,b; {y}=c,d".
Result<std::vector<Style::Words>> read_words(std::string_view text) {
  std::vector<Style::Words> all;
  for (const std::string_view part : split(text, ';')) {
    const std::size_t equals = part.find('=');
    const std::string_view key = trim(part.substr(0, equals));
    const auto words =
        equals == part.npos ? std::vector<std::string_view>() : split(part.substr(equals + 1), ',');
    if (key.empty() || words.empty())
      return fail(ErrorKind::Invalid, fmt::format("{} is not \"key=word,word\"", in_quotes(part)));
    all.push_back({std::string(key), {words.begin(), words.end()}});
  }
  return all;
}

Result<void> remove_comments_of(Style& style) {
  for (std::string* text : {&style.prompt, &style.negative_prompt}) {
    auto uncommented = remove_comments(*text);
    if (!uncommented)
      return fail(ErrorKind::Invalid,
                  fmt::format("style {}: {}", in_quotes(style.name), uncommented.error().message));
    *text = std::move(uncommented->text);
  }
  return {};
}

/// A text of a style, or nothing when it is no text. Absent and null are empty.
std::optional<std::string> text_of(const json& style, const char* key) {
  const auto found = style.find(key);
  if (found == style.end() || found->is_null()) return "";
  return found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
}

Result<Style> style_from(const json& object, std::string_view folder) {
  const auto name = object.is_object() ? text_of(object, "name") : std::nullopt;
  if (!name || trim(*name).empty())
    return fail(ErrorKind::Invalid, "a style is an object with a \"name\".");
  Style style;
  style.name =
      folder.empty() ? std::string(trim(*name)) : fmt::format("{}/{}", folder, trim(*name));
  const auto fault = [&](std::string_view key, std::string_view why) {
    return fail(ErrorKind::Invalid,
                fmt::format("style {}: its \"{}\": {}.", in_quotes(style.name), key, why));
  };
  std::string extra;
  std::string wildcards;

  struct Field {
    const char* key;
    std::string* value;
  };

  for (const Field& field :
       {Field{"description", &style.description}, Field{"prompt", &style.prompt},
        Field{"negative", &style.negative_prompt}, Field{"extra", &extra},
        Field{"wildcards", &wildcards}}) {
    auto text = text_of(object, field.key);
    if (!text) return fault(field.key, "a text is expected");
    *field.value = *std::move(text);
  }
  auto settings = read_settings(extra);
  if (!settings) return fault("extra", settings.error().message);
  auto words = read_words(wildcards);
  if (!words) return fault("wildcards", words.error().message);
  style.settings = *std::move(settings);
  style.words = *std::move(words);
  FURROW_TRY_VOID(remove_comments_of(style));
  return style;
}

/// Which column of a CSV file holds a field: the first of these titles.
std::optional<std::size_t> column_of(const CsvRow& titles,
                                     std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto found = std::find_if(titles.fields.begin(), titles.fields.end(),
                                    [&](const std::string& title) { return trim(title) == name; });
    if (found != titles.fields.end())
      return static_cast<std::size_t>(found - titles.fields.begin());
  }
  return std::nullopt;
}

std::string field_at(const CsvRow& row, std::optional<std::size_t> column) {
  return column && *column < row.fields.size() ? row.fields[*column] : "";
}

}  // namespace

Result<std::vector<Style>> styles_from_json(std::string_view text, std::string_view folder) {
  json parsed = parse_json(text);
  if (parsed.is_discarded()) return fail(ErrorKind::Invalid, "this is not JSON.");
  if (!parsed.is_array()) parsed = json::array({std::move(parsed)});
  std::vector<Style> styles;
  for (const json& object : parsed) {
    FURROW_TRY(styles.emplace_back(), style_from(object, folder));
  }
  return styles;
}

Result<std::vector<Style>> styles_from_csv(std::string_view csv) {
  FURROW_TRY(const std::vector<CsvRow> rows, parse_csv(well_formed_utf8(csv)));
  if (rows.empty()) return std::vector<Style>();
  const auto name = column_of(rows.front(), {"name"});
  const auto prompt = column_of(rows.front(), {"prompt", "text"});
  const auto negative = column_of(rows.front(), {"negative_prompt", "negative"});
  if (!name || !prompt)
    return fail(ErrorKind::Invalid,
                fmt::format("line {}: the titles \"name\" and \"prompt\" are expected here.",
                            rows.front().line));
  std::vector<Style> styles;
  for (const CsvRow& row : std::span(rows).subspan(1)) {
    Style style;
    style.name = trim(field_at(row, name));
    if (style.name.empty() || style.name.front() == '#') continue;
    style.prompt = field_at(row, prompt);
    style.negative_prompt = field_at(row, negative);
    FURROW_TRY_VOID(remove_comments_of(style));
    styles.push_back(std::move(style));
  }
  return styles;
}

Result<const Style*> find_style(std::span<const Style> styles, std::string_view name) {
  const auto found = std::find_if(styles.begin(), styles.end(),
                                  [&](const Style& style) { return style.name == name; });
  if (found == styles.end())
    return fail(ErrorKind::NotFound, fmt::format("there is no style {}.", in_quotes(name)));
  return &*found;
}

Result<std::string> merge_style(std::string_view style, std::string_view prompt) {
  style = trim(style);
  if (style.find(kPlaceholder) != std::string_view::npos) {
    FURROW_TRY(std::string merged, replaced(style, kPlaceholder, prompt));
    return bounded(std::move(merged));
  }
  prompt = trim(prompt);
  if (prompt.empty() || style.empty()) return bounded(std::string(prompt.empty() ? style : prompt));
  return bounded(fmt::format("{}{}{}", prompt, prompt.ends_with(',') ? " " : ", ", style));
}

Result<std::string> take_words(std::string_view text, std::span<const Style::Words> words,
                               ChoiceGenerator& generator, std::vector<Choice>& made) {
  std::string result(text);
  for (const Style::Words& entry : words) {
    if (result.find(entry.key) == std::string::npos) continue;
    const std::string& word = entry.words[generator.pick(entry.words.size())];
    made.push_back({entry.key, word});
    FURROW_TRY(result, replaced(std::string(result), entry.key, word));
  }
  return result;
}

}  // namespace furrow::prompt
