#include "cli/completion.h"

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/commands/entries.h"
#include "cli/session.h"
#include "common/config/exit_code.h"
#include "common/config/paths.h"

namespace furrow::cli {

namespace {

/// Completion may not make people wait.
constexpr std::chrono::milliseconds kPatience{100};
constexpr std::uint32_t kJobsOffered = 50;

/// Ids and names of the newest jobs; silently none when nobody answers in time.
std::vector<std::string> job_words() {
  std::vector<std::string> words = {"last"};
  ClientOptions options;
  options.connect_wait = kPatience;
  options.reply_wait = kPatience;
  auto client = Client::connect(
      config::client_endpoint(std::nullopt, config::data_folder(std::nullopt)), options);
  if (!client) return words;
  v1::ClientRequest request;
  request.mutable_list_jobs()->set_limit(kJobsOffered);
  const auto reply = client->ask(std::move(request));
  if (!reply) return words;
  for (const v1::JobView& job : reply->jobs().jobs()) {
    words.push_back(std::to_string(job.id()));
    if (!job.name().empty()) words.push_back(job.name());
  }
  return words;
}

}  // namespace

Result<ExitCode> run_completion(const Arguments& arguments, Console& console) {
  const std::string& shell = arguments.operands().front();
  const std::string script = completion_script(shell);
  if (script.empty()) {
    return fail(
        ErrorKind::Invalid,
        fmt::format("\"{}\" is no shell that furrow completes in. There are: bash, zsh, fish.",
                    shell));
  }
  console.out << script;
  return config::kExitOk;
}

Result<ExitCode> run_complete(const Arguments& arguments, Console& console) {
  const Completion found = complete(command_table(), arguments.operands(), job_words);
  for (const std::string& word : found.words) console.out << word << '\n';
  if (found.files) console.out << ":files\n";
  if (found.folders) console.out << ":folders\n";
  return config::kExitOk;
}

}  // namespace furrow::cli
