#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/local_models.h"
#include "cli/output/json.h"
#include "cli/output/model_page.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

std::span<const Flag> model_show_flags() {
  static constexpr Flag kFlags[] = {kModelFolderFlag, kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_model_show(const Arguments& arguments, Console& console) {
  SharedHashes hashes(arguments);
  ShownModel shown;
  FURROW_TRY(shown.found, choose_model(arguments, arguments.operands().front()));
  FURROW_TRY(shown.details, model::read_details(shown.found));
  FURROW_TRY(shown.hash, model::content_hash(shown.found, hashes.get()));
  FURROW_TRY(shown.lora_hash, model::lora_hash(shown.found, hashes.get()));
  console.out << (arguments.has("json") ? document(shown_json(shown))
                                        : model_page(shown, console.out_terminal));
  return config::kExitOk;
}

}  // namespace furrow::cli
