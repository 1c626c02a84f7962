#include "common/sheet/labels.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <new>
#include <numbers>

#include <pango/pangocairo.h>

#include "common/base/check.h"
#include "common/base/utf8.h"

#ifdef __SANITIZE_ADDRESS__
/// Fontconfig keeps the fonts it found until the process ends, by pointers that the leak checker
/// does not see. Their size does not grow with the labels drawn.
extern "C" const char* __lsan_default_suppressions();

extern "C" const char* __lsan_default_suppressions() {
  return "leak:libfontconfig";
}
#endif

namespace furrow::sheet {
namespace {

/// Other scripts take whatever font has them. Those of Chinese are named because a Korean font with
/// half of its characters would otherwise be mixed in.
constexpr const char* kFamilies =
    "Noto Sans, DejaVu Sans, Noto Sans CJK SC, Droid Sans Fallback, Sans";

constexpr std::size_t kMaxLabelBytes = 1200;

template <auto Function>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    Function(object);
  }
};

using Surface = std::unique_ptr<cairo_surface_t, Release<cairo_surface_destroy>>;
using Cairo = std::unique_ptr<cairo_t, Release<cairo_destroy>>;
using FontOptions = std::unique_ptr<cairo_font_options_t, Release<cairo_font_options_destroy>>;
using FontDescription = std::unique_ptr<PangoFontDescription, Release<pango_font_description_free>>;
using Attributes = std::unique_ptr<PangoAttrList, Release<pango_attr_list_unref>>;
using Context = std::unique_ptr<PangoContext, Release<g_object_unref>>;
using Layout = std::unique_ptr<PangoLayout, Release<g_object_unref>>;

/// Text is drawn in colour on a transparent surface and then laid over the page.
void lay_over(image::Image& page, cairo_surface_t* surface, int left, int top) {
  cairo_surface_flush(surface);
  const unsigned char* const bytes = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  const int width = cairo_image_surface_get_width(surface);
  const int height = cairo_image_surface_get_height(surface);

  for (int y = std::max(0, -top); y < std::min(height, page.height - top); ++y) {
    for (int x = std::max(0, -left); x < std::min(width, page.width - left); ++x) {
      // ARGB32: one native word a pixel, colours already multiplied by alpha.
      const auto argb = *reinterpret_cast<const std::uint32_t*>(bytes + y * stride + x * 4);
      const std::uint32_t clear = 255 - (argb >> 24);
      if (clear == 255) continue;
      const auto pixel = static_cast<std::size_t>(y + top) * static_cast<std::size_t>(page.width) +
                         static_cast<std::size_t>(x + left);
      for (std::size_t channel = 0; channel < 3; ++channel) {
        std::uint8_t& value = page.rgb[pixel * 3 + channel];
        const std::uint32_t over = argb >> (16 - 8 * channel) & 0xFF;
        value = static_cast<std::uint8_t>(std::min(255U, over + (value * clear + 127) / 255));
      }
    }
  }
}

/// Pango takes left as the side where a script begins; ours is the page's.
PangoAlignment alignment_of(PangoDirection direction, Across across) {
  const bool is_rtl = direction == PANGO_DIRECTION_RTL;
  switch (across) {
    case Across::Left:
      return is_rtl ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT;
    case Across::Center:
      return PANGO_ALIGN_CENTER;
    case Across::Right:
      return is_rtl ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT;
  }
  FURROW_CHECK(false, "a side that exists");
}

int shifted(int room, int size, Down down) {
  switch (down) {
    case Down::Top:
      return 0;
    case Down::Middle:
      return (room - size) / 2;
    case Down::Bottom:
      return room - size;
  }
  FURROW_CHECK(false, "a side that exists");
}

}  // namespace

struct LabelPainter::Pango {
  Context context{pango_font_map_create_context(pango_cairo_font_map_get_default())};
  Layout layout;

  Pango() {
    const FontOptions options(cairo_font_options_create());
    cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context.get(), options.get());
    pango_context_set_round_glyph_positions(context.get(), FALSE);
    layout.reset(pango_layout_new(context.get()));
    const Attributes attributes(pango_attr_list_new());
    pango_attr_list_insert(attributes.get(), pango_attr_insert_hyphens_new(FALSE));
    pango_layout_set_attributes(layout.get(), attributes.get());
  }

  void set(const std::string& text, const LabelStyle& style, int width) {
    const FontDescription font(pango_font_description_from_string(kFamilies));
    pango_font_description_set_absolute_size(font.get(), style.font_px * PANGO_SCALE);
    pango_font_description_set_weight(
        font.get(), style.weight == Weight::Bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout.get(), font.get());
    pango_layout_set_text(layout.get(), text.c_str(), static_cast<int>(text.size()));
    pango_layout_set_width(layout.get(), width * PANGO_SCALE);
  }

  /// Breaks the text anywhere and ends it with "…" after the last line that is whole within
  /// `height`. Pango's own limit reckons every line as high as one of the first font and leaves out
  /// lines of lower scripts that would fit.
  void break_to_fit(int height) {
    pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
    pango_layout_set_ellipsize(layout.get(), PANGO_ELLIPSIZE_NONE);
    if (extent().height <= height) return;
    const int lines = std::max(1, whole_lines(height));
    pango_layout_set_ellipsize(layout.get(), PANGO_ELLIPSIZE_END);
    pango_layout_set_height(layout.get(), -lines);
  }

  int whole_lines(int height) const {
    const std::unique_ptr<PangoLayoutIter, Release<pango_layout_iter_free>> line(
        pango_layout_get_iter(layout.get()));
    int count = 0;
    int bottom = 0;
    do {
      pango_layout_iter_get_line_yrange(line.get(), nullptr, &bottom);
      if (PANGO_PIXELS_CEIL(bottom) > height) return count;
      ++count;
    } while (pango_layout_iter_next_line(line.get()));
    return count;
  }

  Extent extent() const {
    PangoRectangle logical;
    pango_layout_get_pixel_extents(layout.get(), nullptr, &logical);
    return {logical.width, logical.height};
  }
};

std::string label_text(std::string_view text) {
  std::string label = well_formed_utf8(text);
  for (char& c : label)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  if (label.size() <= kMaxLabelBytes) return label;
  std::size_t end = kMaxLabelBytes;
  while ((static_cast<unsigned char>(label[end]) & 0xC0) == 0x80) --end;  // not within a character
  return label.substr(0, end) + "…";
}

LabelPainter::LabelPainter() : pango_(std::make_unique<Pango>()) {}

LabelPainter::LabelPainter(LabelPainter&&) noexcept = default;
LabelPainter& LabelPainter::operator=(LabelPainter&&) noexcept = default;
LabelPainter::~LabelPainter() = default;

Extent LabelPainter::measure(const std::string& text, const LabelStyle& style, int max_width,
                             Breaks breaks) {
  pango_->set(text, style, max_width);
  pango_layout_set_wrap(pango_->layout.get(),
                        breaks == Breaks::Anywhere ? PANGO_WRAP_WORD_CHAR : PANGO_WRAP_WORD);
  pango_layout_set_ellipsize(pango_->layout.get(), PANGO_ELLIPSIZE_NONE);
  return pango_->extent();
}

void LabelPainter::draw(image::Image& page, const std::string& text, const LabelStyle& style,
                        Rect box, Across across, Down down, Reading reading) {
  const bool is_turned = reading == Reading::BottomToTop;
  const Extent room = is_turned ? Extent{box.height, box.width} : Extent{box.width, box.height};
  if (text.empty() || room.width <= 0 || room.height <= 0) return;
  PangoLayout* const layout = pango_->layout.get();
  pango_->set(text, style, room.width);
  pango_->break_to_fit(room.height);
  pango_layout_set_alignment(layout, alignment_of(pango_layout_get_direction(layout, 0), across));

  // The surface is as large as the ink, which accents and tails may carry beyond the lines.
  PangoRectangle ink;
  pango_layout_get_pixel_extents(layout, &ink, nullptr);
  const int lines_top = shifted(room.height, pango_->extent().height, down);
  const Rect inked = is_turned
                         ? Rect{box.x + lines_top + ink.y, box.y + box.height - ink.x - ink.width,
                                ink.height, ink.width}
                         : Rect{box.x + ink.x, box.y + lines_top + ink.y, ink.width, ink.height};
  if (inked.width <= 0 || inked.height <= 0) return;
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, inked.width, inked.height));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) throw std::bad_alloc();

  const Cairo cairo(cairo_create(surface.get()));
  if (is_turned) {
    cairo_translate(cairo.get(), 0, inked.height);
    cairo_rotate(cairo.get(), -std::numbers::pi / 2);
  }
  cairo_translate(cairo.get(), -ink.x, -ink.y);
  cairo_set_source_rgb(cairo.get(), style.color.r / 255.0, style.color.g / 255.0,
                       style.color.b / 255.0);
  pango_cairo_show_layout(cairo.get(), layout);
  lay_over(page, surface.get(), inked.x, inked.y);
}

Fit fit_labels(LabelPainter& painter, const std::vector<std::string>& texts,
               const LabelStyle& style, int min_px, Extent room) {
  // The longest decide; with hundreds of labels a shorter one that is wider is drawn with "…".
  constexpr std::size_t kMeasured = 48;
  std::vector<const std::string*> longest;
  for (const std::string& text : texts) longest.push_back(&text);
  std::ranges::stable_sort(longest, std::ranges::greater(),
                           [](const std::string* text) { return text->size(); });
  longest.resize(std::min(longest.size(), kMeasured));

  const auto fit_with = [&](int font_px, Breaks breaks) {
    Fit fit{font_px, {}, true};
    for (const std::string* text : longest) {
      const Extent extent =
          painter.measure(*text, {font_px, style.weight, style.color}, room.width, breaks);
      fit.extent.width = std::max(fit.extent.width, extent.width);
      fit.extent.height = std::max(fit.extent.height, extent.height);
    }
    fit.is_whole = fit.extent.width <= room.width && fit.extent.height <= room.height;
    return fit;
  };

  for (int font_px = style.font_px; font_px >= min_px; --font_px)
    if (const Fit fit = fit_with(font_px, Breaks::BetweenWords); fit.is_whole) return fit;
  Fit fit = fit_with(std::min(min_px, style.font_px), Breaks::Anywhere);
  fit.extent.width = std::min(fit.extent.width, room.width);
  fit.extent.height = std::min(fit.extent.height, room.height);
  fit.is_whole = false;
  return fit;
}

}  // namespace furrow::sheet
