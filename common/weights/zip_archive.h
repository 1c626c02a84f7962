#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace furrow::engine::weights {

/// The members of a zip archive in memory, name → bytes within `archive`. Only what torch.save
/// writes is read: members that are stored as they are, not compressed or encrypted, in one part;
/// zip64 as well. Whatever the archive says of sizes and places is checked against its own size.
///
/// Errors: Invalid, a sentence without the file's name.
using ZipMembers = std::map<std::string, std::string_view, std::less<>>;
Result<ZipMembers> read_zip(std::string_view archive);

/// Whether bytes begin as a zip archive does.
bool is_zip(std::string_view bytes);

/// More members than any checkpoint has tensors.
inline constexpr std::uint64_t kMaxZipMembers = 1'000'000;

}  // namespace furrow::engine::weights
