#include "common/image/orientation.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace furrow::image {
namespace {

/// How an orientation is undone: mirrored along either axis of the stored picture, then transposed.
struct Turn {
  bool mirrors_x = false;
  bool mirrors_y = false;
  bool transposes = false;
};

constexpr Turn kTurns[] = {
    {false, false, false}, {true, false, false}, {true, true, false}, {false, true, false},
    {false, false, true},  {false, true, true},  {true, true, true},  {true, false, true},
};

/// [height, width, channels] stored to upright.
std::vector<std::uint8_t> turned(const std::vector<std::uint8_t>& stored, int width, int height,
                                 std::size_t channels, const Turn& turn) {
  std::vector<std::uint8_t> upright;
  upright.reserve(stored.size());
  const int new_width = turn.transposes ? height : width;
  const int new_height = turn.transposes ? width : height;
  for (int y = 0; y < new_height; ++y) {
    for (int x = 0; x < new_width; ++x) {
      auto [from_x, from_y] = turn.transposes ? std::pair(y, x) : std::pair(x, y);
      if (turn.mirrors_x) from_x = width - 1 - from_x;
      if (turn.mirrors_y) from_y = height - 1 - from_y;
      const std::size_t from = (static_cast<std::size_t>(from_y) * static_cast<std::size_t>(width) +
                                static_cast<std::size_t>(from_x)) *
                               channels;
      for (std::size_t channel = 0; channel < channels; ++channel)
        upright.push_back(stored[from + channel]);
    }
  }
  return upright;
}

}  // namespace

Picture upright(Picture picture, int orientation) {
  FURROW_CHECK(orientation >= 1 && orientation <= 8, "an orientation is 1 to 8");
  if (orientation == 1) return picture;
  const Turn& turn = kTurns[orientation - 1];
  auto& [width, height, rgb] = picture.image;
  rgb = turned(rgb, width, height, 3, turn);
  if (picture.alpha) picture.alpha->grey = turned(picture.alpha->grey, width, height, 1, turn);
  if (turn.transposes) {
    std::swap(width, height);
    if (picture.alpha) std::swap(picture.alpha->width, picture.alpha->height);
  }
  return picture;
}

}  // namespace furrow::image
