#include "worker/agent/input_cache.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace furrow::worker {

namespace {

namespace fs = std::filesystem;

constexpr const char* kIncomingSuffix = ".incoming";

}  // namespace

IncomingInput::IncomingInput(const Digest& digest, fs::path target, FileDescriptor file)
    : digest_(digest),
      target_(std::move(target)),
      temporary_(target_.string() + kIncomingSuffix),
      file_(std::move(file)) {}

IncomingInput::IncomingInput(IncomingInput&& other) noexcept
    : digest_(other.digest_),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)),
      hash_(std::move(other.hash_)),
      bytes_(other.bytes_) {}

IncomingInput::~IncomingInput() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> IncomingInput::append(std::string_view bytes) {
  hash_.add(bytes);
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Unexpected(errno_error("cannot write " + temporary_.string()));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<fs::path> IncomingInput::finish() {
  if (hash_.finish() != digest_) {
    return fail(ErrorKind::Invalid, "it arrived damaged: its bytes are not those of its name");
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    return Unexpected(errno_error("cannot write " + target_.string()));
  }
  temporary_.clear();
  return target_;
}

std::vector<LeftInput> InputCache::recover() const {
  std::vector<std::pair<fs::file_time_type, LeftInput>> found;
  std::vector<fs::path> leftovers;
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(folder_, ignored)) {
    const auto digest = Digest::from_hex(file.path().filename().string());
    if (digest && file.is_regular_file(ignored)) {
      found.push_back({file.last_write_time(ignored), {*digest, file.file_size(ignored)}});
    } else {
      leftovers.push_back(file.path());
    }
  }
  for (const auto& path : leftovers) fs::remove_all(path, ignored);
  std::ranges::sort(found, {}, [](const auto& entry) { return entry.first; });
  std::vector<LeftInput> inputs;
  for (const auto& [when, input] : found) inputs.push_back(input);
  return inputs;
}

std::optional<fs::path> InputCache::find(const Digest& input) const {
  const fs::path path = path_of(input);
  const auto content = read_file(path);
  if (!content) return std::nullopt;
  if (sha256(*content) != input) {
    remove(input);
    return std::nullopt;
  }
  // The time of its last use, for the next run.
  std::error_code ignored;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
  return path;
}

Result<IncomingInput> InputCache::begin(const Digest& input) const {
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (failed) {
    return fail(ErrorKind::Io,
                "cannot make the folder " + folder_.string() + ": " + failed.message());
  }
  const fs::path target = path_of(input);
  const std::string temporary = target.string() + kIncomingSuffix;
  FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.is_open()) return Unexpected(errno_error("cannot write " + temporary));
  return IncomingInput(input, target, std::move(file));
}

void InputCache::remove(const Digest& input) const {
  std::error_code ignored;
  fs::remove(path_of(input), ignored);
}

}  // namespace furrow::worker
