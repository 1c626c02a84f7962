#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace furrow::fuzz {

/// What libFuzzer hands to a target, taken apart from the front. Takes never fail: behind the end
/// there are zeros.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t take_byte();
  /// A whole number of [from, to], made of two bytes. Requires: to - from < 65536.
  int take_between(int from, int to);

  /// The bytes up to the next zero, or all that are left; the zero is dropped.
  std::string_view take_text();

  /// All that is left.
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace furrow::fuzz

/// What every target defines: reads the bytes, and aborts (FURROW_CHECK) when what came out of them
/// breaks a promise of the parser's header. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
