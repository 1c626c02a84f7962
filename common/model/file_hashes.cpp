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
#include "common/weights/little_endian.h"

namespace furrow::model {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSchema = "furrow.file-hashes/1";
constexpr std::size_t kChunkBytes = 1 << 20;

/// @param skipped  bytes at the beginning that do not count
Result<Digest> read_and_hash(const fs::path& path, std::uint64_t skipped) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return Unexpected(errno_error("cannot read " + path.string()));
  if (::lseek(fd.get(), static_cast<off_t>(skipped), SEEK_SET) < 0)
    return Unexpected(errno_error("cannot read " + path.string()));
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

/// Where the tensors' bytes begin: behind eight bytes of length and so many of header.
Result<std::uint64_t> end_of_header(const fs::path& path, std::uintmax_t size) {
  FURROW_TRY(const auto mapped, MappedFile::open(path));
  constexpr std::size_t kLengthBytes = 8;
  std::uint64_t length = 0;
  if (size >= kLengthBytes)
    length = engine::weights::little_endian(mapped.bytes().substr(0, kLengthBytes));
  if (size < kLengthBytes || length > size - kLengthBytes) {
    return fail(ErrorKind::Invalid, path.string() +
                                        " is no safetensors file: it is shorter than its header. "
                                        "Copy or download it again.");
  }
  return kLengthBytes + length;
}

using Json = nlohmann::json;

std::optional<Digest> digest_in(const Json& file, const char* key) {
  const auto text = file.find(key);
  return text != file.end() && text->is_string()
             ? Digest::from_hex(text->get_ref<const std::string&>())
             : std::nullopt;
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
    const bool whole = file.is_object() && has("path", &Json::is_string) &&
                       has("size", &Json::is_number_unsigned) &&
                       has("changed_at", &Json::is_number_integer);
    if (!whole) return {};
    const auto digest = digest_in(file, "sha256");
    const auto tensors_digest = digest_in(file, "sha256_of_tensors");
    if (!digest && !tensors_digest) return {};
    hashes.known_[file["path"]] = {file["size"], file["changed_at"], digest, tensors_digest};
  }
  return hashes;
}

Result<FileHashes::Entry*> FileHashes::entry_of(const fs::path& file) {
  std::error_code size_error;
  std::error_code time_error;
  const std::uintmax_t size = fs::file_size(file, size_error);
  const auto changed = fs::last_write_time(file, time_error);
  if (size_error || time_error) {
    return fail(ErrorKind::NotFound, "cannot read " + file.string() + ": " +
                                         (size_error ? size_error : time_error).message());
  }
  const std::int64_t changed_at = changed.time_since_epoch().count();
  Entry& entry = known_[file.string()];
  if (entry.size != size || entry.changed_at != changed_at) entry = {size, changed_at, {}, {}};
  return &entry;
}

Result<Digest> FileHashes::hash_of(const fs::path& file) {
  const fs::path absolute = fs::absolute(file).lexically_normal();
  FURROW_TRY(Entry * entry, entry_of(absolute));
  if (!entry->digest) {
    FURROW_TRY(entry->digest, read_and_hash(absolute, 0));
    ++files_read_;
  }
  return *entry->digest;
}

Result<Digest> FileHashes::tensors_hash_of(const fs::path& file) {
  const fs::path absolute = fs::absolute(file).lexically_normal();
  FURROW_TRY(Entry * entry, entry_of(absolute));
  if (!entry->tensors_digest) {
    FURROW_TRY(const std::uint64_t begin, end_of_header(absolute, entry->size));
    FURROW_TRY(entry->tensors_digest, read_and_hash(absolute, begin));
    ++files_read_;
  }
  return *entry->tensors_digest;
}

Result<void> FileHashes::save(const fs::path& cache_file) {
  if (files_read_ == 0) return {};
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const auto& [path, entry] : known_) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) continue;
    if (!entry.digest && !entry.tensors_digest) continue;
    nlohmann::ordered_json file = {
        {"path", path}, {"size", entry.size}, {"changed_at", entry.changed_at}};
    if (entry.digest) file["sha256"] = entry.digest->hex();
    if (entry.tensors_digest) file["sha256_of_tensors"] = entry.tensors_digest->hex();
    files.push_back(std::move(file));
  }
  const nlohmann::ordered_json json = {{"schema", kSchema}, {"files", std::move(files)}};
  // A path need not be UTF-8; what cannot be written comes out as �, is not found again and read.
  const auto text = json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
  return write_file(cache_file, text + "\n", Durability::Cached);
}

}  // namespace furrow::model
