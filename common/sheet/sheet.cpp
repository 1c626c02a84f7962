#include "common/sheet/sheet.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <deque>
#include <iterator>
#include <string_view>
#include <utility>

#include "common/sheet/arrangement.h"
#include "common/sheet/canvas.h"
#include "common/sheet/labels.h"
#include "common/sheet/layout.h"

namespace furrow::sheet {
namespace {

constexpr Color kPaper{255, 255, 255};
constexpr Color kInk{31, 35, 40};
constexpr Color kSoftInk{72, 79, 88};
constexpr Color kHairline{222, 226, 230};

/// Letters in a placeholder may be smaller than labels: what they say is also in their colour.
constexpr int kMinPlaceholderFontPx = 8;

/// How a placeholder looks.
struct Tone {
  Color ground;
  Color line;
  Color ink;
};

constexpr Tone kNeutral{{246, 247, 249}, {236, 238, 241}, {99, 107, 116}};

/// By the first word of its text; states that nothing has happened to yet look neutral.
constexpr std::array<std::pair<std::string_view, Tone>, 3> kTones = {{
    {"failed", {{253, 241, 239}, {249, 226, 222}, {179, 45, 31}}},
    {"infeasible", {{254, 247, 233}, {251, 235, 204}, {146, 95, 10}}},
    {"running", {{239, 246, 255}, {222, 236, 253}, {35, 94, 165}}},
}};

Tone tone_of(std::string_view text) {
  for (const auto& [word, tone] : kTones)
    if (text.starts_with(word)) return tone;
  return kNeutral;
}

/// The largest width and height that a cell of the grid asks for: those of the base, or of the axes
/// that set them.
Extent largest_cell(const spec::Grid& grid) {
  std::int64_t width = 0;
  std::int64_t height = 0;
  const auto grow_over = [](std::int64_t& side, const v1::AxisValues& values) {
    for (const v1::IntegerRun& run : values.integers())
      side = std::max({side, run.first(),
                       run.first() + run.step() * (static_cast<std::int64_t>(run.count()) - 1)});
  };
  for (const v1::PlanAxis& axis : grid.plan().axes()) {
    if (axis.field() == "width") grow_over(width, axis.values());
    if (axis.field() == "height") grow_over(height, axis.values());
    for (const v1::SizeValue& size : axis.values().sizes()) {
      width = std::max<std::int64_t>(width, size.width());
      height = std::max<std::int64_t>(height, size.height());
    }
  }
  if (width == 0) width = grid.plan().base().width();
  if (height == 0) height = grid.plan().base().height();
  const auto side = [](std::int64_t px) {
    return static_cast<int>(std::clamp<std::int64_t>(px, 1, 65'535));
  };
  return {side(width), side(height)};
}

SheetTexts texts_of(const Arrangement& arrangement, const std::string& title) {
  SheetTexts texts{label_text(title), arrangement.column_labels(), arrangement.row_labels(),
                   arrangement.subgrid_labels(), arrangement.band_labels()};
  for (auto* labels : {&texts.columns, &texts.rows, &texts.subgrids, &texts.bands})
    for (std::string& label : *labels) label = label_text(label);
  return texts;
}

/// One sheet while it is drawn.
class Sheet {
 public:
  Sheet(LabelPainter painter, Layout layout)
      : painter_(std::move(painter)),
        layout_(std::move(layout)),
        page_(image::Image::filled(layout_.width(), layout_.height(), kPaper.r, kPaper.g,
                                   kPaper.b)) {}

  void draw_labels(const SheetTexts& texts, const CellCounts& counts);
  void draw_cell(const Place& place, const CellPicture& picture);

  image::Image take_page() && { return std::move(page_); }

 private:
  void draw_band_labels(const SheetTexts& texts, std::uint64_t band);
  void draw_picture(const Rect& box, const image::Image& picture);
  void draw_placeholder(const Rect& box, const std::string& text);
  image::Image placeholder(const Rect& box, const std::string& text);

  /// A text and how it looks: cells of one state share a picture, which is slow to draw.
  using Placeholder = std::pair<std::string, image::Image>;
  static constexpr std::size_t kMaxPlaceholders = 8;

  LabelPainter painter_;
  Layout layout_;
  image::Image page_;
  std::deque<Placeholder> placeholders_;  // the latest
};

void Sheet::draw_labels(const SheetTexts& texts, const CellCounts& counts) {
  painter_.draw(page_, texts.title, {layout_.title_font_px(), Weight::Bold, kInk}, layout_.title(),
                Across::Left, Down::Top);
  for (std::uint64_t band = 0; band < counts.bands; ++band) draw_band_labels(texts, band);
}

void Sheet::draw_band_labels(const SheetTexts& texts, std::uint64_t band) {
  if (!texts.bands.empty())
    painter_.draw(page_, texts.bands[band], {layout_.band_font_px(), Weight::Bold, kInk},
                  layout_.band_label(band), Across::Left, Down::Top);

  for (std::uint64_t row = 0; row < texts.rows.size(); row += layout_.row_label_step())
    painter_.draw(page_, texts.rows[row], {layout_.row_font_px(), Weight::Regular, kSoftInk},
                  layout_.row_label(band, row), Across::Right, Down::Middle);

  const bool is_turned = layout_.column_reading() == Reading::BottomToTop;
  const std::uint64_t subgrids = std::max<std::uint64_t>(1, texts.subgrids.size());
  for (std::uint64_t subgrid = 0; subgrid < subgrids; ++subgrid) {
    if (!texts.subgrids.empty())
      painter_.draw(page_, texts.subgrids[subgrid], {layout_.subgrid_font_px(), Weight::Bold, kInk},
                    layout_.subgrid_label(band, subgrid), Across::Center, Down::Bottom);
    for (std::uint64_t column = 0; column < texts.columns.size();
         column += layout_.column_label_step())
      painter_.draw(page_, texts.columns[column],
                    {layout_.column_font_px(), Weight::Regular, kSoftInk},
                    layout_.column_label({column, 0, subgrid, band}),
                    is_turned ? Across::Left : Across::Center,
                    is_turned ? Down::Middle : Down::Bottom, layout_.column_reading());
  }
}

void Sheet::draw_cell(const Place& place, const CellPicture& picture) {
  const Rect box = layout_.cell(place);
  if (layout_.has_hairlines()) outline(page_, box, kHairline);
  if (picture.image && picture.image->width > 0 && picture.image->height > 0)
    draw_picture(box, *picture.image);
  else
    draw_placeholder(box, picture.placeholder);
}

void Sheet::draw_picture(const Rect& box, const image::Image& picture) {
  // A picture that is larger than its recipe says still keeps to its box.
  const double scale = std::min({layout_.scale(), static_cast<double>(box.width) / picture.width,
                                 static_cast<double>(box.height) / picture.height});
  const auto scaled = [&](int px, int most) {
    return std::clamp(static_cast<int>(std::lround(scale * px)), 1, std::min(px, most));
  };
  const int width = scaled(picture.width, box.width);
  const int height = scaled(picture.height, box.height);
  if (width < box.width || height < box.height) fill(page_, box, kNeutral.ground);
  const int x = box.x + (box.width - width) / 2;
  const int y = box.y + (box.height - height) / 2;
  if (width == picture.width && height == picture.height)
    paste(page_, picture, x, y);
  else
    paste(page_, shrink(picture, width, height), x, y);
}

void Sheet::draw_placeholder(const Rect& box, const std::string& text) {
  auto known = std::ranges::find(placeholders_, text, &Placeholder::first);
  if (known == placeholders_.end()) {
    if (placeholders_.size() == kMaxPlaceholders) placeholders_.pop_front();
    placeholders_.emplace_back(text, placeholder({0, 0, box.width, box.height}, text));
    known = std::prev(placeholders_.end());
  }
  paste(page_, known->second, box.x, box.y);
}

image::Image Sheet::placeholder(const Rect& box, const std::string& text) {
  const Tone tone = tone_of(text);
  const int font_px = layout_.font_px();
  image::Image picture = image::Image::filled(box.width, box.height, 0, 0, 0);
  hatch(picture, box, std::max(6, font_px), tone.ground, tone.line);

  const int inset = std::min(box.width, box.height) / 12;
  const Rect inner{inset, inset, box.width - 2 * inset, box.height - 2 * inset};
  const LabelStyle style{font_px, Weight::Regular, tone.ink};
  const std::string label = label_text(text);
  const Fit fit =
      fit_labels(painter_, {label}, style, kMinPlaceholderFontPx, {inner.width, inner.height});
  // In a cell that holds no letter the colour has to say it.
  if (inner.width >= fit.font_px && inner.height >= fit.font_px)
    painter_.draw(picture, label, {fit.font_px, style.weight, style.color}, inner, Across::Center,
                  Down::Middle);
  return picture;
}

}  // namespace

Result<image::Image> compose(const spec::Grid& grid,
                             const std::function<Result<CellPicture>(std::uint64_t)>& cell,
                             const SheetOptions& options) {
  const Arrangement arrangement(grid);
  const CellCounts counts{arrangement.columns(), arrangement.rows(), arrangement.subgrids(),
                          arrangement.bands()};
  const Extent largest = largest_cell(grid);
  FURROW_TRY_VOID(Layout::check(counts, largest, options));
  const SheetTexts texts = texts_of(arrangement, options.title);
  LabelPainter painter;
  FURROW_TRY(Layout layout, Layout::make(painter, texts, counts, largest, options));

  Sheet sheet(std::move(painter), std::move(layout));
  sheet.draw_labels(texts, counts);
  for (std::uint64_t index = 0; index < grid.cell_count(); ++index) {
    FURROW_TRY(const CellPicture picture, cell(index));
    sheet.draw_cell(arrangement.place(index), picture);
  }
  return std::move(sheet).take_page();
}

}  // namespace furrow::sheet
