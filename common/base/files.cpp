#include "common/base/files.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace furrow {

namespace {

Result<void> write_all(int fd, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return Unexpected(errno_error("cannot write " + path.string()));
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open() || ::fsync(fd.get()) != 0) {
    return Unexpected(errno_error("cannot sync " + folder.string()));
  }
  return {};
}

std::filesystem::path temporary_name(const std::filesystem::path& path) {
  static std::atomic<unsigned> counter = 0;
  return path.string() + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
}

}  // namespace

Error errno_error(std::string_view what) {
  const int code = errno;
  const auto kind = code == ENOENT                      ? ErrorKind::NotFound
                    : (code == EACCES || code == EPERM) ? ErrorKind::NotAllowed
                                                        : ErrorKind::Io;
  return {kind, std::string(what) + ": " + std::generic_category().message(code)};
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<std::string> read_file(const std::filesystem::path& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));

  struct stat status {};

  if (!fd.is_open() || ::fstat(fd.get(), &status) != 0) {
    return Unexpected(errno_error("cannot read " + path.string()));
  }
  if (S_ISDIR(status.st_mode)) {
    return fail(ErrorKind::Io, "cannot read " + path.string() + ": it is a folder");
  }
  std::string content;
  content.reserve(static_cast<std::size_t>(status.st_size));
  char buffer[1 << 16];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Unexpected(errno_error("cannot read " + path.string()));
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
  }
}

Result<void> write_file(const std::filesystem::path& path, std::string_view content,
                        Durability durability) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::error_code made;
  std::filesystem::create_directories(folder, made);
  if (made) {
    return fail(ErrorKind::Io, "cannot make the folder " + folder.string() + ": " + made.message());
  }
  const auto temporary = temporary_name(path);
  FileDescriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd.is_open()) return Unexpected(errno_error("cannot write " + temporary.string()));
  auto outcome = write_all(fd.get(), content, path);
  if (outcome && durability == Durability::Synced && ::fdatasync(fd.get()) != 0) {
    outcome = Unexpected(errno_error("cannot sync " + path.string()));
  }
  if (outcome && ::rename(temporary.c_str(), path.c_str()) != 0) {
    outcome = Unexpected(errno_error("cannot write " + path.string()));
  }
  if (!outcome) {
    ::unlink(temporary.c_str());
    return outcome;
  }
  return durability == Durability::Synced ? sync_folder(folder) : outcome;
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));

  struct stat status {};

  if (!fd.is_open() || ::fstat(fd.get(), &status) != 0) {
    return Unexpected(errno_error("cannot read " + path.string()));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return MappedFile(nullptr, 0);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) return Unexpected(errno_error("cannot map " + path.string()));
  return MappedFile(data, size);
}

namespace {

/// Whole pages of a part. Advice on them may fail: what would come of it is speed only.
void advise(std::uintptr_t begin, std::uintptr_t end, int advice) {
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

std::uintptr_t page_size() {
  static const auto size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

void MappedFile::prefetch(std::string_view part) {
  const auto begin = reinterpret_cast<std::uintptr_t>(part.data());
  advise(begin / page_size() * page_size(), begin + part.size(), MADV_WILLNEED);
}

void MappedFile::forget(std::string_view part) {
  // Whole pages only: the neighbours' bytes may still be needed at once.
  const auto begin = reinterpret_cast<std::uintptr_t>(part.data());
  const auto end = begin + part.size();
  advise((begin + page_size() - 1) / page_size() * page_size(), end / page_size() * page_size(),
         MADV_DONTNEED);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<void*>(data_), size_);
}

Result<std::optional<FileDescriptor>> lock_file(const std::filesystem::path& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.is_open()) return Unexpected(errno_error("cannot open " + path.string()));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::optional<FileDescriptor>();
    return Unexpected(errno_error("cannot lock " + path.string()));
  }
  return std::optional<FileDescriptor>(std::move(fd));
}

std::filesystem::path program_folder() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

}  // namespace furrow
