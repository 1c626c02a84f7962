#include "common/weights/pickle_opcodes.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace furrow::engine::weights::pickle {

namespace {

// What Python knows and checkpoints do not need: calls, classes, objects, sets, buffers outside,
// and the text forms of the first protocols.
constexpr std::array<std::pair<unsigned char, std::string_view>, 28> kRefused = {{
    {'0', "POP"},        {'1', "POP_MARK"},    {'2', "DUP"},          {'F', "FLOAT"},
    {'I', "INT"},        {'L', "LONG"},        {'P', "PERSID"},       {'S', "STRING"},
    {'V', "UNICODE"},    {'d', "DICT"},        {'g', "GET"},          {'i', "INST"},
    {'l', "LIST"},       {'o', "OBJ"},         {'p', "PUT"},          {0x81, "NEWOBJ"},
    {0x82, "EXT1"},      {0x83, "EXT2"},       {0x84, "EXT4"},        {0x8B, "LONG4"},
    {0x8E, "BINBYTES8"}, {0x8F, "EMPTY_SET"},  {0x90, "ADDITEMS"},    {0x91, "FROZENSET"},
    {0x92, "NEWOBJ_EX"}, {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"},
}};

}  // namespace

std::string name_of_refused(unsigned char opcode) {
  const auto* found = std::find_if(kRefused.begin(), kRefused.end(),
                                   [&](const auto& row) { return row.first == opcode; });
  return found == kRefused.end() ? fmt::format("0x{:02X}", opcode) : std::string(found->second);
}

}  // namespace furrow::engine::weights::pickle
