#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/local_models.h"
#include "cli/output/json.h"
#include "cli/output/model_page.h"
#include "cli/output/table.h"
#include "cli/output/text.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

namespace {

struct Hashes {
  Digest content;
  std::optional<Digest> lora;
};

/// Damaged files have hashes, too: that is how people find out.
Result<Hashes> hash(const std::filesystem::path& path, model::FileHashes& hashes) {
  const auto found = model::find_model(path);
  std::error_code ignored;
  const bool is_file = std::filesystem::is_regular_file(path, ignored);
  if (!found && !is_file) return Unexpected(found.error());
  Hashes of_file;
  if (found) {
    FURROW_TRY(of_file.content, model::content_hash(*found, hashes));
    FURROW_TRY(of_file.lora, model::lora_hash(*found, hashes));
  } else {
    FURROW_TRY(of_file.content, hashes.hash_of(path));
  }
  return of_file;
}

}  // namespace

std::span<const Flag> model_hash_flags() {
  static constexpr Flag kFlags[] = {
      {"json", "", "print JSON for scripts, one object a file", ValueKind::None}};
  return kFlags;
}

Result<ExitCode> run_model_hash(const Arguments& arguments, Console& console) {
  ExitCode code = config::kExitOk;
  SharedHashes shared(arguments);
  Table table({{"AUTOV2"}, {"LORA"}, {"SHA-256"}, {"FILE"}});
  for (const std::string& file : arguments.operands()) {
    const auto hashes = hash(file, shared.get());
    if (!hashes) {
      console.err << "error: " << printable(hashes.error().message) << '\n';
      code = config::exit_code(hashes.error().kind);
    } else if (arguments.has("json")) {
      console.out << document({{"schema", "furrow.model-hash/1"},
                               {"file", file},
                               {"autov2", auto_v2(hashes->content)},
                               {"sha256", hashes->content.hex()},
                               {"lora_hash", hashes->lora ? Json(hashes->lora->hex()) : Json()}});
    } else {
      table.add_row({auto_v2(hashes->content),
                     hashes->lora ? short_lora_hash(*hashes->lora) : std::string("-"),
                     hashes->content.hex(), file});
    }
  }
  if (!table.empty()) console.out << table.render(console.out_terminal);
  return code;
}

}  // namespace furrow::cli
