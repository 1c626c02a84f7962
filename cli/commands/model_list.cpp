#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/local_models.h"
#include "cli/output/json.h"
#include "cli/output/model_page.h"
#include "cli/output/text.h"
#include "cli/session.h"
#include "common/config/exit_code.h"
#include "common/config/paths.h"

namespace furrow::cli {

namespace {

bool is_coordinator_named(const Arguments& arguments) {
  const char* address = std::getenv("FURROW_COORDINATOR");
  return arguments.has("coordinator") || (address != nullptr && *address != '\0');
}

/// What a coordinator knows of models and who has them.
struct FarmModels {
  std::vector<v1::ModelOnDisk> models;
  std::vector<v1::WorkerView> workers;
};

Result<FarmModels> ask_farm(const Arguments& arguments) {
  FURROW_TRY(Client client, connect_client(arguments));
  v1::ClientRequest request;
  request.mutable_list_models();
  FURROW_TRY(const v1::ClientReply reply, client.ask(std::move(request)));
  FURROW_TRY(const v1::WorkersReply workers, client.workers());
  FarmModels farm;
  farm.models.assign(reply.models().models().begin(), reply.models().models().end());
  farm.workers.assign(workers.workers().begin(), workers.workers().end());
  return farm;
}

/// Errors: only when a coordinator is named that does not answer; one that merely ran on the data
/// folder may have ended.
Result<std::optional<FarmModels>> farm_models(const Arguments& arguments, Console& console) {
  const bool is_named = is_coordinator_named(arguments);
  if (arguments.has("folder") && !is_named) return std::optional<FarmModels>();
  if (!is_named && !config::read_endpoints(data_folder_of(arguments)))
    return std::optional<FarmModels>();
  auto farm = ask_farm(arguments);
  if (farm) return std::optional(*std::move(farm));
  if (is_named) return Unexpected(farm.error());
  console.err << "Only this machine's models are listed. " << printable(farm.error().message)
              << '\n';
  return std::optional<FarmModels>();
}

std::vector<ListedModel> local_models(const model::ModelIndex& index, const Arguments& arguments,
                                      Console& console) {
  std::vector<ListedModel> models;
  SharedHashes hashes(arguments);
  for (const auto* list : {&index.models, &index.others}) {
    for (const model::FoundModel& found : *list) {
      ListedModel listed{found, found.description, std::nullopt, {}};
      if (!arguments.has("no-hash")) {
        const auto digest = model::content_hash(found, hashes.get());
        if (digest) {
          listed.hash = *digest;
        } else {
          console.err << "warning: " << printable(digest.error().message) << '\n';
        }
      }
      models.push_back(std::move(listed));
    }
  }
  return models;
}

void add_farm(std::vector<ListedModel>& models, const FarmModels& farm) {
  const auto same = [](const ListedModel& listed, const v1::ModelOnDisk& known) {
    return listed.hash && listed.hash->raw() == known.model().hash();
  };
  for (const v1::ModelOnDisk& known : farm.models) {
    const bool is_here =
        std::ranges::any_of(models, [&](const ListedModel& listed) { return same(listed, known); });
    if (!is_here)
      models.push_back({std::nullopt, known, Digest::from_raw(known.model().hash()), {}});
  }
  for (const v1::WorkerView& worker : farm.workers) {
    if (!worker.connected()) continue;
    for (const v1::ModelOnDisk& known : worker.models()) {
      for (ListedModel& listed : models) {
        if (same(listed, known)) listed.workers.insert(worker.name());
      }
    }
  }
}

Json broken_json(const model::ModelIndex& index) {
  Json list = Json::array();
  for (const model::BrokenModel& broken : index.broken)
    list.push_back({{"path", broken.path.string()}, {"reason", broken.reason}});
  return list;
}

}  // namespace

std::span<const Flag> model_list_flags() {
  static constexpr Flag kFlags[] = {
      kModelFolderFlag,
      {"no-hash", "", "do not read new files for their hashes", ValueKind::None},
      kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_model_list(const Arguments& arguments, Console& console) {
  FURROW_TRY(const auto folders, model_folders_of(arguments));
  const model::ModelIndex index = model::list_models(folders);
  auto models = local_models(index, arguments, console);
  FURROW_TRY(const auto farm, farm_models(arguments, console));
  if (farm) add_farm(models, *farm);
  std::ranges::stable_sort(
      models, {}, [](const ListedModel& listed) { return listed.description.model().name(); });
  if (arguments.has("json")) {
    Json list = Json::array();
    for (const ListedModel& listed : models) list.push_back(listed_json(listed));
    console.out << document({{"schema", "furrow.models/1"},
                             {"models", std::move(list)},
                             {"broken", broken_json(index)}});
    return config::kExitOk;
  }
  if (models.empty()) {
    console.err << "There are no models. Put diffusers folders or checkpoints into "
                << printable((data_folder_of(arguments) / "models").string()) << '\n';
  } else {
    console.out << model_table(models, farm.has_value(), console.out_terminal);
  }
  for (const model::BrokenModel& broken : index.broken)
    console.err << "warning: " << printable(broken.reason) << '\n';
  return config::kExitOk;
}

}  // namespace furrow::cli
