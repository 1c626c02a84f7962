#include "common/config/paths.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include <nlohmann/json.hpp>

#include "common/base/files.h"
#include "common/base/json.h"

namespace furrow::config {

namespace {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::filesystem::path endpoints_file(const std::filesystem::path& data) {
  return data / "coordinator.json";
}

std::string with_scheme_and_port(std::string address, int port = kClientPort) {
  if (!address.starts_with("tcp://") && !address.starts_with("ipc://")) {
    address = "tcp://" + address;
  }
  // The colons of an IPv6 address stand in brackets: [::1]:7710.
  const auto bracket = address.rfind(']');
  const auto host = bracket == std::string::npos ? std::string_view("tcp://").size() : bracket;
  const bool has_port = address.find(':', host) != std::string::npos;
  return has_port || address.starts_with("ipc://") ? address : address + ":" + std::to_string(port);
}

}  // namespace

std::filesystem::path data_folder(const std::optional<std::filesystem::path>& flag) {
  if (flag) return *flag;
  if (const auto folder = environment("FURROW_DATA")) return *folder;
  if (const auto folder = environment("XDG_DATA_HOME")) {
    return std::filesystem::path(*folder) / "furrow";
  }
  return std::filesystem::path(environment("HOME").value_or(".")) / ".local/share/furrow";
}

std::filesystem::path shared_folder() {
  return (program_folder() / "../share/furrow").lexically_normal();
}

std::vector<std::filesystem::path> model_folders(const std::filesystem::path& data) {
  std::vector<std::filesystem::path> candidates;
  std::string listed = environment("FURROW_MODELS").value_or("");
  for (std::size_t start = 0; start < listed.size();) {
    const std::size_t end = std::min(listed.find(':', start), listed.size());
    if (end > start) candidates.emplace_back(listed.substr(start, end - start));
    start = end + 1;
  }
  candidates.push_back(data / "models");
  candidates.push_back(shared_folder() / "models");
  std::vector<std::filesystem::path> folders;
  for (auto& folder : candidates) {
    std::error_code ignored;
    if (std::filesystem::is_directory(folder, ignored)) folders.push_back(std::move(folder));
  }
  return folders;
}

Result<void> write_endpoints(const std::filesystem::path& data, const Endpoints& endpoints) {
  const nlohmann::ordered_json json = {{"schema", "furrow.endpoints/1"},
                                       {"client", endpoints.client},
                                       {"worker", endpoints.worker},
                                       {"blob", endpoints.blob},
                                       {"pid", endpoints.pid}};
  return write_file(endpoints_file(data), json.dump(2) + "\n", Durability::Cached);
}

Result<Endpoints> read_endpoints(const std::filesystem::path& data) {
  FURROW_TRY(const std::string text, read_file(endpoints_file(data)));
  const auto json = parse_json(text);
  const auto has_text = [&](const char* key) {
    return json.contains(key) && json[key].is_string();
  };
  const bool whole = has_text("client") && has_text("worker") && has_text("blob") &&
                     json.contains("pid") && json["pid"].is_number_integer();
  if (!whole) {
    return fail(ErrorKind::Invalid,
                endpoints_file(data).string() +
                    " is not a coordinator's address file. Start furrow up again.");
  }
  return Endpoints{json["client"], json["worker"], json["blob"], json["pid"]};
}

std::string client_endpoint(const std::optional<std::string>& flag,
                            const std::filesystem::path& data) {
  if (flag) return with_scheme_and_port(*flag);
  if (auto address = environment("FURROW_COORDINATOR")) return with_scheme_and_port(*address);
  if (const auto endpoints = read_endpoints(data)) return endpoints->client;
  return with_scheme_and_port("127.0.0.1");
}

std::string worker_endpoint(std::string address) {
  const auto clients = std::string(":").append(std::to_string(kClientPort));
  if (address.ends_with(clients)) address.resize(address.size() - clients.size());
  return with_scheme_and_port(std::move(address), kWorkerPort);
}

}  // namespace furrow::config
