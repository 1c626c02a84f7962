#include "common/prompt/tokenizer/byte_characters.h"

namespace furrow::prompt {

namespace {

std::array<std::string, 256> make_byte_characters() {
  std::array<std::string, 256> characters;
  unsigned next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool is_visible = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) ||
                            (byte >= 0xAE && byte <= 0xFF);
    const unsigned c = is_visible ? byte : next++;
    if (c < 0x80) {
      characters[byte] = static_cast<char>(c);
    } else {
      characters[byte] = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    }
  }
  return characters;
}

}  // namespace

const std::array<std::string, 256>& byte_characters() {
  static const auto characters = make_byte_characters();
  return characters;
}

}  // namespace furrow::prompt
