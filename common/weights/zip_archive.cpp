// PKWARE's APPNOTE 6.3.9: an archive is read from its end. The end record tells where the directory
// is; the directory has an entry for each member; an entry tells where the member's local header
// is, behind which the bytes lie. Fields that do not fit 32 bits are in zip64 extras.

#include "common/weights/zip_archive.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "common/weights/little_endian.h"
#include "common/weights/shown.h"

namespace furrow::engine::weights {

namespace {

constexpr std::string_view kLocalHeader("PK\x03\x04", 4);
constexpr std::string_view kDirectoryEntry("PK\x01\x02", 4);
constexpr std::string_view kEndRecord("PK\x05\x06", 4);
constexpr std::string_view kEndRecord64("PK\x06\x06", 4);
constexpr std::string_view kEndLocator64("PK\x06\x07", 4);

constexpr std::uint64_t kLocalHeaderBytes = 30;
constexpr std::uint64_t kDirectoryEntryBytes = 46;
constexpr std::uint64_t kEndRecordBytes = 22;
constexpr std::uint64_t kEndLocator64Bytes = 20;
constexpr std::uint64_t kEndRecord64Bytes = 56;
constexpr std::uint64_t kMaxCommentBytes = 65535;

constexpr std::uint64_t kInZip64Extra = 0xFFFFFFFF;
constexpr std::uint64_t kZip64ExtraId = 1;
constexpr std::uint64_t kEncrypted = 1;  // a bit of an entry's flags

Unexpected invalid(std::string sentence) {
  return fail(ErrorKind::Invalid, std::move(sentence));
}

// Nothing: they do not all lie inside.
std::optional<std::string_view> slice(std::string_view bytes, std::uint64_t begin,
                                      std::uint64_t length) {
  if (begin > bytes.size() || length > bytes.size() - begin) return std::nullopt;
  return bytes.substr(begin, length);
}

std::uint64_t field(std::string_view record, std::size_t begin, std::size_t length) {
  return little_endian(record.substr(begin, length));
}

struct Directory {
  std::uint64_t entries = 0;
  std::uint64_t offset = 0;
};

// The end record, behind which only a comment may come.
std::optional<std::uint64_t> find_end_record(std::string_view archive) {
  if (archive.size() < kEndRecordBytes) return std::nullopt;
  const std::uint64_t last = archive.size() - kEndRecordBytes;
  const std::uint64_t first = last - std::min(last, kMaxCommentBytes);
  const auto at = archive.substr(first).rfind(kEndRecord);
  if (at == std::string_view::npos || first + at > last) return std::nullopt;
  return first + at;
}

Result<Directory> find_directory(std::string_view archive) {
  const auto end = find_end_record(archive);
  if (!end) return invalid("it is a zip archive without an end: the file is truncated");
  const auto record = archive.substr(*end, kEndRecordBytes);
  Directory directory = {field(record, 10, 2), field(record, 16, 4)};

  const auto locator = *end >= kEndLocator64Bytes
                           ? slice(archive, *end - kEndLocator64Bytes, kEndLocator64Bytes)
                           : std::nullopt;
  if (locator && locator->substr(0, 4) == kEndLocator64) {
    const auto record64 = slice(archive, field(*locator, 8, 8), kEndRecord64Bytes);
    if (!record64 || record64->substr(0, 4) != kEndRecord64) {
      return invalid("its zip64 end record is not where the file says that it is");
    }
    directory = {field(*record64, 32, 8), field(*record64, 48, 8)};
  }
  if (directory.entries > kMaxZipMembers) {
    return invalid(fmt::format("it says that it has {} members, and at most {} are allowed",
                               directory.entries, kMaxZipMembers));
  }
  return directory;
}

struct Entry {
  std::string_view name;
  std::uint64_t flags = 0;
  std::uint64_t method = 0;
  std::uint64_t compressed = 0;
  std::uint64_t size = 0;
  std::uint64_t header = 0;     // where the local header is
  std::uint64_t following = 0;  // where the next entry is
};

// Takes the fields that did not fit 32 bits, in the order in which the format has them.
bool read_zip64_extra(std::string_view extra, Entry& entry) {
  while (extra.size() >= 4) {
    const auto length = field(extra, 2, 2);
    const auto body = slice(extra, 4, length);
    if (!body) return false;
    if (field(extra, 0, 2) == kZip64ExtraId) {
      std::size_t at = 0;
      for (auto* value : {&entry.size, &entry.compressed, &entry.header}) {
        if (*value != kInZip64Extra) continue;
        if (at + 8 > body->size()) return false;
        *value = field(*body, at, 8);
        at += 8;
      }
    }
    extra.remove_prefix(4 + length);
  }
  return true;
}

Result<Entry> read_entry(std::string_view archive, std::uint64_t offset) {
  const auto fixed = slice(archive, offset, kDirectoryEntryBytes);
  if (!fixed || fixed->substr(0, 4) != kDirectoryEntry) {
    return invalid("its directory of members is damaged or truncated");
  }
  Entry entry;
  entry.flags = field(*fixed, 8, 2);
  entry.method = field(*fixed, 10, 2);
  entry.compressed = field(*fixed, 20, 4);
  entry.size = field(*fixed, 24, 4);
  entry.header = field(*fixed, 42, 4);
  const auto name_length = field(*fixed, 28, 2);
  const auto extra_length = field(*fixed, 30, 2);
  const auto name = slice(archive, offset + kDirectoryEntryBytes, name_length);
  const auto extra = slice(archive, offset + kDirectoryEntryBytes + name_length, extra_length);
  if (!name || !extra || !read_zip64_extra(*extra, entry)) {
    return invalid("its directory of members is damaged or truncated");
  }
  entry.name = *name;
  entry.following =
      offset + kDirectoryEntryBytes + name_length + extra_length + field(*fixed, 32, 2);
  return entry;
}

Result<std::string_view> read_member(std::string_view archive, const Entry& entry) {
  if ((entry.flags & kEncrypted) != 0) {
    return invalid(fmt::format("its member {} is encrypted", shown(entry.name)));
  }
  if (entry.method != 0 || entry.compressed != entry.size) {
    return invalid(
        fmt::format("its member {} is compressed, which checkpoints never are", shown(entry.name)));
  }
  const auto header = slice(archive, entry.header, kLocalHeaderBytes);
  if (!header || header->substr(0, 4) != kLocalHeader) {
    return invalid(fmt::format("its member {} is not where its directory says", shown(entry.name)));
  }
  const auto begin =
      entry.header + kLocalHeaderBytes + field(*header, 26, 2) + field(*header, 28, 2);
  const auto bytes = slice(archive, begin, entry.size);
  if (!bytes) {
    return invalid(
        fmt::format("its member {} of {} bytes reaches beyond the file's end: the "
                    "file is truncated or damaged",
                    shown(entry.name), entry.size));
  }
  return *bytes;
}

}  // namespace

bool is_zip(std::string_view bytes) {
  return bytes.substr(0, kLocalHeader.size()) == kLocalHeader;
}

Result<ZipMembers> read_zip(std::string_view archive) {
  FURROW_TRY(const auto directory, find_directory(archive));
  ZipMembers members;
  auto offset = directory.offset;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    FURROW_TRY(const auto entry, read_entry(archive, offset));
    FURROW_TRY(const auto bytes, read_member(archive, entry));
    if (!members.emplace(entry.name, bytes).second) {
      return invalid(fmt::format("it has two members of the name {}", shown(entry.name)));
    }
    offset = entry.following;
  }
  return members;
}

}  // namespace furrow::engine::weights
