#include "common/model/file_hashes.h"

#include <cerrno>
#include <optional>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "common/base/files.h"
#include "common/base/json.h"

namespace furrow::model {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSchema = "furrow.file-hashes/1";
constexpr std::size_t kChunkBytes = 1 << 20;

Result<Digest> read_and_hash(const fs::path& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return Unexpected(errno_error("cannot read " + path.string()));
  std::vector<char> chunk(kChunkBytes);
  Sha256 sha;
  for (;;) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Unexpected(errno_error("cannot read " + path.string()));
    if (got == 0) return sha.finish();
    sha.add({chunk.data(), static_cast<std::size_t>(got)});
  }
}

}  // namespace

FileHashes FileHashes::load(const fs::path& cache_file) {
  FileHashes hashes;
  const auto text = read_file(cache_file);
  if (!text) return hashes;
  const auto json = parse_json(*text);
  if (!json.is_object() || json.value("schema", nlohmann::json()) != kSchema ||
      !json.contains("files") || !json["files"].is_array()) {
    return hashes;
  }
  for (const auto& file : json["files"]) {
    const auto has = [&](const char* key, auto is_type) {
      return file.contains(key) && (file[key].*is_type)();
    };
    using Json = nlohmann::json;
    const bool whole = file.is_object() && has("path", &Json::is_string) &&
                       has("size", &Json::is_number_unsigned) &&
                       has("changed_at", &Json::is_number_integer) &&
                       has("sha256", &Json::is_string);
    const auto digest =
        whole ? Digest::from_hex(file["sha256"].get_ref<const std::string&>()) : std::nullopt;
    if (!digest) return {};
    hashes.known_[file["path"]] = {file["size"], file["changed_at"], *digest};
  }
  return hashes;
}

Result<Digest> FileHashes::hash_of(const fs::path& file) {
  std::error_code size_error;
  std::error_code time_error;
  const fs::path absolute = fs::absolute(file).lexically_normal();
  const std::uintmax_t size = fs::file_size(absolute, size_error);
  const auto changed = fs::last_write_time(absolute, time_error);
  if (size_error || time_error) {
    return fail(ErrorKind::NotFound, "cannot read " + file.string() + ": " +
                                         (size_error ? size_error : time_error).message());
  }
  const std::int64_t changed_at = changed.time_since_epoch().count();
  const auto known = known_.find(absolute.string());
  if (known != known_.end() && known->second.size == size &&
      known->second.changed_at == changed_at) {
    return known->second.digest;
  }
  FURROW_TRY(const Digest digest, read_and_hash(absolute));
  known_[absolute.string()] = {size, changed_at, digest};
  ++files_read_;
  return digest;
}

Result<void> FileHashes::save(const fs::path& cache_file) {
  if (files_read_ == 0) return {};
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const auto& [path, entry] : known_) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) continue;
    files.push_back({{"path", path},
                     {"size", entry.size},
                     {"changed_at", entry.changed_at},
                     {"sha256", entry.digest.hex()}});
  }
  const nlohmann::ordered_json json = {{"schema", kSchema}, {"files", std::move(files)}};
  // A path need not be UTF-8; what cannot be written comes out as �, is not found again and read.
  const auto text = json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
  return write_file(cache_file, text + "\n", Durability::Cached);
}

}  // namespace furrow::model
