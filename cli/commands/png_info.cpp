#include <fmt/format.h>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/json.h"
#include "cli/output/text.h"
#include "common/base/files.h"
#include "common/base/json.h"
#include "common/config/exit_code.h"
#include "common/image/infotext.h"
#include "common/image/picture.h"

namespace furrow::cli {

namespace {

constexpr std::string_view kParametersKey = "parameters";
constexpr std::string_view kFurrowKey = "furrow";

/// What one picture carries.
struct PictureTexts {
  std::string parameters;
  Json furrow;  ///< null without such a text, or when it is no JSON
};

Error without_parameters(const std::string& file, const std::vector<image::PngText>& texts) {
  std::vector<std::string> keys;
  for (const image::PngText& text : texts) keys.push_back(fmt::format("\"{}\"", text.key));
  const std::string carried =
      keys.empty() ? "no text at all" : fmt::format("only {}", fmt::join(keys, ", "));
  return {ErrorKind::NotFound,
          fmt::format("{}: the picture does not say what it was made from: it carries {}, and no "
                      "\"parameters\".",
                      file, carried)};
}

Result<PictureTexts> read_picture(const std::string& file) {
  FURROW_TRY(const std::string bytes, read_file(file));
  const auto texts = image::read_picture_texts(bytes);
  if (!texts) {
    return fail(texts.error().kind, fmt::format("{}: {}", file, texts.error().message));
  }
  PictureTexts picture;
  bool has_parameters = false;
  for (const image::PngText& text : *texts) {
    if (text.key == kParametersKey) {
      picture.parameters = text.text;
      has_parameters = true;
    } else if (text.key == kFurrowKey) {
      Json furrow = parse_json(text.text);
      picture.furrow = furrow.is_discarded() ? Json() : std::move(furrow);
    }
  }
  if (!has_parameters) return Unexpected(without_parameters(file, *texts));
  return picture;
}

Json picture_json(const std::string& file, const PictureTexts& picture) {
  const image::Infotext infotext = image::parse_infotext(picture.parameters);
  Json fields = Json::object();
  for (const auto& [key, value] : infotext.fields) fields[key] = value;
  return {{"schema", "furrow.png-info/1"}, {"file", file},
          {"prompt", infotext.prompt},     {"negative_prompt", infotext.negative_prompt},
          {"fields", std::move(fields)},   {"furrow", picture.furrow}};
}

}  // namespace

std::span<const Flag> png_info_flags() {
  static constexpr Flag kFlags[] = {
      {"json", "",
       "print prompt, negative_prompt, fields and furrow's own record, one object a file",
       ValueKind::None}};
  return kFlags;
}

Result<ExitCode> run_png_info(const Arguments& arguments, Console& console) {
  ExitCode code = config::kExitOk;
  const bool several = arguments.operands().size() > 1;
  for (const std::string& file : arguments.operands()) {
    const auto picture = read_picture(file);
    if (!picture) {
      console.err << "error: " << printable(picture.error().message) << '\n';
      code = config::exit_code(picture.error().kind);
      continue;
    }
    if (arguments.has("json")) {
      console.out << document(picture_json(file, *picture));
      continue;
    }
    if (several) console.err << printable(file) << ":\n";
    // As it is for a program that reads it; made harmless for a terminal.
    console.out << (console.out_terminal.is_terminal ? printable(picture->parameters, Lines::Keep)
                                                     : picture->parameters)
                << '\n';
  }
  return code;
}

}  // namespace furrow::cli
