#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace furrow {

/// A SHA-256 (FIPS 180-4). Names artifacts, recipes and models.
struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  auto operator<=>(const Digest&) const = default;

  std::string hex() const;
  /// The 32 raw bytes, as protobuf and SQLite carry them.
  std::string raw() const;
  static std::optional<Digest> from_hex(std::string_view hex);
  /// Requires nothing; returns nothing unless `raw` is 32 bytes.
  static std::optional<Digest> from_raw(std::string_view raw);
};

Digest sha256(std::string_view bytes);

/// SHA-256 of what is added piece by piece.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void add(std::string_view bytes);
  /// The digest of all that was added. Call once.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string to_hex(std::span<const std::uint8_t> bytes);

}  // namespace furrow

template <>
struct std::hash<furrow::Digest> {
  std::size_t operator()(const furrow::Digest& digest) const noexcept;
};
