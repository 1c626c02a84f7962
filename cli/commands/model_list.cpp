#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/output/json.h"
#include "cli/output/table.h"
#include "cli/session.h"
#include "common/base/digest.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

namespace {

/// As much of a hash as people write and as A1111 shows of a model's.
constexpr std::size_t kHashShown = 10;

std::string short_hash(const std::string& raw) {
  const auto digest = Digest::from_raw(raw);
  return digest ? digest->hex().substr(0, kHashShown) : "";
}

}  // namespace

std::span<const Flag> model_list_flags() {
  static constexpr Flag kFlags[] = {kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_model_list(const Arguments& arguments, Console& console) {
  FURROW_TRY(Client client, connect_client(arguments));
  v1::ClientRequest request;
  request.mutable_list_models();
  FURROW_TRY(const v1::ClientReply reply, client.ask(std::move(request)));
  const auto& models = reply.models().models();
  if (arguments.has("json")) {
    Json list = Json::array();
    for (const v1::ModelOnDisk& model : models) list.push_back(model_json(model));
    console.out << document({{"schema", "furrow.models/1"}, {"models", std::move(list)}});
    return config::kExitOk;
  }
  if (models.empty()) {
    console.err << "No worker has told of a model. Is one connected? See: furrow worker list\n";
    return config::kExitOk;
  }
  Table table({{"MODEL", Align::Left, 12}, {"HASH"}, {"FAMILY"}, {"SIZE", Align::Right}, {"USE"}});
  for (const v1::ModelOnDisk& model : models) {
    table.add_row({model.model().name(), short_hash(model.model().hash()), model.family(),
                   std::to_string(model.default_size()), model.vae_only() ? "VAE" : "model"});
  }
  console.out << table.render(console.out_terminal);
  return config::kExitOk;
}

}  // namespace furrow::cli
