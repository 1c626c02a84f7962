#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/image/image.h"
#include "common/sheet/canvas.h"

/// Text on a page, in any script that the system has a font for. Only labels.cpp names Pango and
/// Cairo.
namespace furrow::sheet {

enum class Weight { Regular, Bold };
enum class Across { Left, Center, Right };
enum class Down { Top, Middle, Bottom };
enum class Reading { LeftToRight, BottomToTop };
enum class Breaks { BetweenWords, Anywhere };

struct LabelStyle {
  int font_px = 12;
  Weight weight = Weight::Regular;
  Color color;
};

struct Extent {
  int width = 0;
  int height = 0;
};

/// A text in one line fit for a label: well-formed UTF-8, no line breaks or control characters, no
/// more than a few hundred characters.
std::string label_text(std::string_view text);

/// Measures and draws labels. One thread at a time.
class LabelPainter {
 public:
  LabelPainter();
  LabelPainter(LabelPainter&&) noexcept;
  LabelPainter& operator=(LabelPainter&&) noexcept;
  ~LabelPainter();

  /// The size of `text` broken into lines of `max_width`. With breaks only between words a longer
  /// word makes it wider than that.
  Extent measure(const std::string& text, const LabelStyle& style, int max_width, Breaks breaks);

  /// Draws `text` into `box`, broken into lines, also within words where it must be; what does not
  /// fit gives way to "…". A text read from bottom to top is turned and has the box' height as its
  /// width. Left and right mean so in every script.
  void draw(image::Image& page, const std::string& text, const LabelStyle& style, Rect box,
            Across across, Down down, Reading reading = Reading::LeftToRight);

 private:
  struct Pango;
  std::unique_ptr<Pango> pango_;
};

/// How a group of labels is written alike.
struct Fit {
  int font_px = 0;
  Extent extent;          ///< what the largest of them takes, at most the room
  bool is_whole = false;  ///< no word has to be broken and nothing left out
};

/// The largest font from `style.font_px` down to `min_px` with which all `texts` fit into `room`;
/// the smallest when they do not.
Fit fit_labels(LabelPainter& painter, const std::vector<std::string>& texts,
               const LabelStyle& style, int min_px, Extent room);

}  // namespace furrow::sheet
