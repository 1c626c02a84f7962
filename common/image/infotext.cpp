#include "common/image/infotext.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <optional>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>

#include "common/base/check.h"
#include "common/base/version.h"
#include "common/image/recipe_fields.h"

namespace furrow::image {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kParametersKey = "parameters";
constexpr std::string_view kFurrowKey = "furrow";
constexpr std::string_view kSchema = "furrow.image/1";

constexpr std::string_view kNegativeMark = "Negative prompt:";
constexpr std::string_view kTemplateMark = "Template:";
constexpr std::string_view kNegativeTemplateMark = "Negative template:";
constexpr std::string_view kSpaces = " \t\r\n\v\f";

/// Where the last line that begins with `mark` begins, or npos.
std::size_t last_line_with(std::string_view text, std::string_view mark) {
  std::size_t at = text.rfind(mark);
  while (at != std::string_view::npos && at > 0 && text[at - 1] != '\n')
    at = text.rfind(mark, at - 1);
  return at;
}

/// Cuts the last line that begins with `mark`, and all behind it, off `text`: returns what stands
/// behind the mark and the one space after it.
std::optional<std::string_view> cut_at(std::string_view& text, std::string_view mark) {
  const std::size_t at = last_line_with(text, mark);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view behind = text.substr(at + mark.size());
  if (behind.starts_with(' ')) behind.remove_prefix(1);
  text = text.substr(0, at == 0 ? 0 : at - 1);
  return behind;
}

// ---- writing

/// A1111 quotes a value with a comma, colon or line break in it. A value that begins with a quote,
/// or begins or ends with a space, would be read as another value, by A1111 too: it is quoted as
/// well.
std::string quoted_if_needed(const std::string& value) {
  const bool is_plain = value.find_first_of(",:\n") == std::string::npos && !value.starts_with('"');
  const bool has_outer_spaces =
      !value.empty() && (kSpaces.find(value.front()) != std::string_view::npos ||
                         kSpaces.find(value.back()) != std::string_view::npos);
  if (is_plain && !has_outer_spaces) return value;
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string format_fields(const Fields& fields) {
  std::string line;
  for (const auto& [key, value] : fields) {
    if (!line.empty()) line += ", ";
    line += key == value ? key : key + ": " + quoted_if_needed(value);
  }
  return line;
}

// ---- reading
//
// The last line is a list of fields, as A1111 reads it:
//
//   field = spaces key ":" spaces value ("," | end)
//   key   = a letter, digit or "_", then one or more of those, " ", "-" and "/"
//   value = a JSON string | anything without a comma
//
// and a bare key, which A1111 and sdnext write where the value is the key itself.

bool is_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0 || c == '_';
}

bool is_of_key(char c) {
  return is_word(c) || c == ' ' || c == '-' || c == '/';
}

std::string_view trim_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

/// The length of the quoted value at the start of `text`, both quotes included; 0 where there is
/// none or something other than a comma follows it.
std::size_t quoted_length(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) return 0;
  const std::size_t next = text.find_first_not_of(' ', end + 1);
  return next == std::string_view::npos || text[next] == ',' ? end + 1 : 0;
}

std::string unquoted(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    const auto json = nlohmann::json::parse(value, nullptr, false);
    if (json.is_string()) return json.get<std::string>();
  }
  return std::string(value);
}

/// Takes the value at the start of `rest`, and the comma behind it.
std::string take_value(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kSpaces), rest.size()));
  const std::size_t quoted = quoted_length(rest);
  const std::size_t comma = std::min(rest.find(',', quoted), rest.size());
  const std::string_view value = quoted > 0 ? rest.substr(0, quoted) : rest.substr(0, comma);
  rest.remove_prefix(std::min(comma + 1, rest.size()));
  return unquoted(trim_end(value));
}

struct ParsedLine {
  Fields fields;
  int with_value = 0;  ///< bare keys do not count
};

ParsedLine parse_line(std::string_view rest) {
  ParsedLine line;
  while (true) {
    const auto begin = std::find_if(rest.begin(), rest.end(), is_word);
    const auto end = std::find_if_not(begin, rest.end(), is_of_key);
    const std::string key(trim_end({begin, end}));
    const bool is_last = end == rest.end();
    const char delimiter = is_last ? ',' : *end;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.begin()) + (is_last ? 0 : 1));

    if (key.size() >= 2 && delimiter == ':') {
      line.fields.emplace_back(key, take_value(rest));
      ++line.with_value;
    } else if (key.size() >= 2 && delimiter == ',') {
      line.fields.emplace_back(key, key);
    }
    if (rest.empty()) return line;
  }
}

/// A1111 takes a last line with three fields for parameters; sdnext also takes shorter ones, which
/// begin with the steps as all that either writes.
bool is_parameters(const ParsedLine& line) {
  if (line.with_value >= 3) return true;
  if (line.with_value == 0 || line.fields.front().first != "Steps") return false;
  const std::string& steps = line.fields.front().second;
  return !steps.empty() && steps.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::string_view Infotext::field(std::string_view key) const {
  const auto found = std::ranges::find(fields, key, &Fields::value_type::first);
  return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

std::string format_infotext(const Infotext& infotext) {
  std::string text = infotext.prompt;
  // Readers take the prompt to end at a line that begins as the negative prompt does. Where the
  // prompt itself has one, a last, empty one keeps it whole.
  const bool has_mark = last_line_with(infotext.prompt, kNegativeMark) != std::string::npos;
  if (!infotext.negative_prompt.empty() || has_mark) {
    if (!text.empty()) text += '\n';
    text += kNegativeMark;
    text += ' ';
    text += infotext.negative_prompt;
  }
  if (!infotext.fields.empty()) {
    if (!text.empty()) text += '\n';
    text += format_fields(infotext.fields);
  }
  return text;
}

Infotext parse_infotext(std::string_view text) {
  Infotext infotext;
  const std::string_view trimmed = trim_end(text);
  const std::size_t last_line = trimmed.rfind('\n') + 1;  // npos + 1 is 0: the only line
  if (ParsedLine line = parse_line(trimmed.substr(last_line)); is_parameters(line)) {
    infotext.fields = std::move(line.fields);
    text = text.substr(0, last_line == 0 ? 0 : last_line - 1);
  }

  // sdnext writes what its prompts were before wildcards and styles behind the negative prompt.
  Fields templates;
  if (infotext.field("App") == "SD.Next") {
    for (const auto mark : {kNegativeTemplateMark, kTemplateMark})
      if (const auto value = cut_at(text, mark))
        templates.emplace(templates.begin(), mark.substr(0, mark.size() - 1), *value);
  }
  infotext.fields.insert(infotext.fields.end(), templates.begin(), templates.end());
  infotext.negative_prompt = cut_at(text, kNegativeMark).value_or("");
  infotext.prompt = text;
  return infotext;
}

Infotext infotext_of(const v1::ImageMetadata& metadata) {
  const v1::Recipe& recipe = metadata.recipe();
  Infotext infotext{metadata.has_final_prompt() ? metadata.final_prompt() : recipe.prompt(),
                    metadata.has_final_negative_prompt() ? metadata.final_negative_prompt()
                                                         : recipe.negative_prompt(),
                    recipe_fields(recipe)};
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) infotext.fields.emplace_back(key, value);
  };
  add("Version",
      fmt::format("furrow {}", metadata.version().empty() ? kVersion : metadata.version().c_str()));
  // sdnext's names for what a prompt was before its choices, which its readers and A1111's keep.
  if (metadata.has_final_prompt()) add("Template", recipe.prompt());
  if (metadata.has_final_negative_prompt()) add("Negative template", recipe.negative_prompt());
  return infotext;
}

std::vector<PngText> metadata_texts(const v1::ImageMetadata& metadata) {
  v1::ImageMetadata written = metadata;
  written.set_schema(std::string(kSchema));
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(written, &json, options);
  FURROW_CHECK(status.ok(), "a picture's metadata can always be written as JSON");
  return {{std::string(kParametersKey), format_infotext(infotext_of(written)), false},
          {std::string(kFurrowKey), std::move(json), true}};
}

Result<v1::ImageMetadata> read_metadata(const std::vector<PngText>& texts) {
  const auto text = std::ranges::find(texts, kFurrowKey, &PngText::key);
  if (text == texts.end())
    return fail(
        ErrorKind::NotFound,
        "The picture has no \"furrow\" text, so furrow did not render it, or a program that "
        "saved it since has dropped it.");

  v1::ImageMetadata metadata;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // a newer version may say more
  const auto status = google::protobuf::util::JsonStringToMessage(text->text, &metadata, options);
  if (!status.ok())
    return fail(ErrorKind::Invalid, fmt::format("The picture's \"furrow\" text cannot be read: {}.",
                                                std::string(status.message())));
  if (metadata.schema() != kSchema || !metadata.has_recipe())
    return fail(ErrorKind::Invalid,
                fmt::format("The picture's \"furrow\" text has the schema \"{}\", of which this "
                            "version of furrow reads only \"{}\" with a recipe.",
                            metadata.schema(), kSchema));
  return metadata;
}

}  // namespace furrow::image
