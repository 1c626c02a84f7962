#include "worker/agent/worker_id.h"

#include <array>
#include <cstdint>
#include <random>
#include <span>
#include <string_view>

#include "common/base/digest.h"
#include "common/base/files.h"

namespace furrow::worker {

namespace {

constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

bool is_uuid(std::string_view text) {
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (kShape[i] == '-' ? text[i] != '-' : !is_hex) return false;
  }
  return true;
}

/// A random UUID, RFC 4122 version 4.
std::string draw_uuid() {
  std::random_device random;
  std::array<std::uint8_t, 16> bytes{};
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text = to_hex(bytes);
  for (const std::size_t dash : {8, 13, 18, 23}) text.insert(dash, 1, '-');
  return text;
}

}  // namespace

Result<std::string> worker_id(const std::filesystem::path& file) {
  if (auto text = read_file(file)) {
    while (!text->empty() && (text->back() == '\n' || text->back() == ' ')) text->pop_back();
    if (is_uuid(*text)) return text;
  } else if (text.error().kind != ErrorKind::NotFound) {
    return text;
  }
  const auto id = draw_uuid();
  FURROW_TRY_VOID(write_file(file, id + "\n", Durability::Synced));
  return id;
}

}  // namespace furrow::worker
