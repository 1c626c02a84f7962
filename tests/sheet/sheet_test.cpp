#include "common/sheet/sheet.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/sheet/arrangement.h"
#include "tests/sheet/ink.h"
#include "tests/sheet/plan_builder.h"

namespace furrow::sheet {
namespace {

using image::Image;
using testing::ElementsAre;
using testing::HasSubstr;

/// A colour that occurs nowhere else on a sheet, one for each cell.
Color color_of(std::uint64_t index) {
  return {static_cast<std::uint8_t>(index % 200), 250, static_cast<std::uint8_t>(index / 200)};
}

Result<CellPicture> colored(const spec::Grid& grid, std::uint64_t index) {
  const v1::Recipe recipe = grid.recipe(index);
  const Color color = color_of(index);
  return CellPicture{Image::filled(static_cast<int>(recipe.width()),
                                   static_cast<int>(recipe.height()), color.r, color.g, color.b),
                     ""};
}

Image composed(const spec::Grid& grid, const SheetOptions& options = {}) {
  return compose(
             grid, [&](std::uint64_t index) { return colored(grid, index); }, options)
      .value();
}

Image with_placeholders(const spec::Grid& grid, const std::string& text) {
  return compose(grid, [&](std::uint64_t) { return CellPicture{std::nullopt, text}; }, {}).value();
}

Rect box_of(const Image& page, std::uint64_t index) {
  return bounds_of(page, whole(page), [&](Color c) { return c == color_of(index); });
}

TEST(Sheet, XGoesAcrossYDownZIntoSubgridsAndTheRestIntoBands) {
  const spec::Grid grid =
      a_plan(48, 40).with_seeds(3).with_steps(2).with_scales({5, 7}).with_clip_skips(2).grid();

  const Image page = composed(grid, {.title = "four axes", .margin_px = 6});

  const Rect first = box_of(page, 0);
  const Rect next_subgrid = box_of(page, grid.index({0, 0, 1, 0}));
  const Rect next_band = box_of(page, grid.index({0, 0, 0, 1}));
  EXPECT_GT(next_subgrid.x - first.x, 3 * 48 + 2 * 6 + 6) << "further apart than cells";
  EXPECT_GT(next_band.y - first.y, 2 * 40 + 6 + 6);
  EXPECT_EQ(next_subgrid.y, first.y);
  EXPECT_EQ(next_band.x, first.x);
  const Arrangement arrangement(grid);
  for (std::uint64_t index = 0; index < grid.cell_count(); ++index) {
    const Place place = arrangement.place(index);
    const Rect expected{first.x + static_cast<int>(place.column) * (48 + 6) +
                            static_cast<int>(place.subgrid) * (next_subgrid.x - first.x),
                        first.y + static_cast<int>(place.row) * (40 + 6) +
                            static_cast<int>(place.band) * (next_band.y - first.y),
                        48, 40};
    EXPECT_EQ(box_of(page, index), expected) << index;
  }
}

TEST(Sheet, PicturesAreCopiedPixelForPixel) {
  const spec::Grid grid = a_plan(32, 32).with_seeds(2).grid();
  Image picture = Image::filled(32, 32, 0, 0, 0);
  for (std::size_t i = 0; i < picture.rgb.size(); ++i)
    picture.rgb[i] = static_cast<std::uint8_t>(i * 2654435761u >> 24);
  const Rect first = box_of(composed(grid), 0);

  const Image page = compose(grid,
                             [&](std::uint64_t) {
                               return CellPicture{picture, ""};
                             },
                             {})
                         .value();

  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x)
      ASSERT_EQ(pixel(page, first.x + x, first.y + y), pixel(picture, x, y));
}

TEST(Sheet, AsksForEveryCellOnceInOrder) {
  const spec::Grid grid = a_plan().with_seeds(2).with_steps(3).grid();
  std::vector<std::uint64_t> asked;

  const auto page = compose(grid,
                            [&](std::uint64_t index) {
                              asked.push_back(index);
                              return CellPicture{std::nullopt, "pending"};
                            },
                            {});

  EXPECT_TRUE(page);
  EXPECT_THAT(asked, ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(Sheet, AnErrorOfACellIsTheSheets) {
  const spec::Grid grid = a_plan().with_seeds(2).grid();

  const auto page = compose(
      grid,
      [](std::uint64_t) -> Result<CellPicture> { return fail(ErrorKind::Io, "The disk is gone."); },
      {});

  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().message, "The disk is gone.");
}

TEST(Sheet, LabelsStandAboveColumnsAndLeftOfRows) {
  const spec::Grid grid = a_plan().with_prompts({"cat", "dog"}).with_steps(2).grid();

  const Image page = composed(grid);

  for (int i = 0; i < 2; ++i) {
    const Rect column = box_of(page, grid.index({static_cast<std::uint64_t>(i), 0}));
    const Rect above = ink_in(page, {column.x, 0, column.width, column.y - 1});
    EXPECT_GT(above.width, 10);
    EXPECT_NEAR(above.x + above.width / 2, column.x + column.width / 2, 2) << "centred";
    EXPECT_LT(column.y - above.y - above.height, 16) << "close to its column";

    const Rect row = box_of(page, grid.index({0, static_cast<std::uint64_t>(i)}));
    const Rect beside = ink_in(page, {0, row.y, row.x - 1, row.height});
    EXPECT_GT(beside.width, 20);
    EXPECT_NEAR(beside.y + beside.height / 2, row.y + row.height / 2, 3) << "centred";
    EXPECT_LT(row.x - beside.x - beside.width, 16) << "close to its row";
  }
}

TEST(Sheet, SubgridsBandsAndTheTitleAreLabelled) {
  const spec::Grid plain = a_plan(128, 128).with_seeds(1).grid();
  const spec::Grid subgrids = a_plan(128, 128).with_seeds(1).with_steps(1).with_scales({7}).grid();
  const spec::Grid bands =
      a_plan(128, 128).with_seeds(1).with_steps(1).with_scales({7}).with_clip_skips(1).grid();
  const auto above = [](const Image& page) { return box_of(page, 0).y; };

  EXPECT_GT(above(composed(subgrids)), above(composed(plain)) + 12);
  EXPECT_GT(above(composed(bands)), above(composed(subgrids)) + 12);
  EXPECT_GT(above(composed(bands, {.title = "title"})), above(composed(bands)) + 16);
}

TEST(Sheet, WithoutAxesItIsOnePictureAndItsFrame) {
  const spec::Grid grid = a_plan(128, 96).grid();

  const Image page = composed(grid);

  const Rect picture = box_of(page, 0);
  EXPECT_EQ(picture.width, 128);
  EXPECT_EQ(picture.height, 96);
  EXPECT_LT(page.width, 128 + 64);
  EXPECT_EQ(ink_in(page, {0, 0, page.width, picture.y - 1}).width, 0) << "no label";
  EXPECT_GT(ink_in(composed(grid, {.title = "a title"}), {0, 0, 400, 40}).width, 30);
}

TEST(Sheet, LongLabelsStayOffTheCellsAndTheirNeighbours) {
  std::string longest = "masterpiece";
  for (int i = 0; i < 80; ++i) longest += ", best quality";
  const spec::Grid grid = a_plan(128, 128)
                              .with_prompts({longest, std::string(900, 'w'), "dog"})
                              .with_prompts({longest, "一只戴着帽子的猫，坐在垫子上"})
                              .grid();

  const Image page = composed(grid, {.title = longest});

  for (std::uint64_t index = 0; index < grid.cell_count(); ++index) {
    const Rect box = box_of(page, index);
    EXPECT_EQ(box.width, 128);
    EXPECT_EQ(box.height, 128);
    const Rect other = bounds_of(page, box, [&](Color c) { return c != color_of(index); });
    EXPECT_EQ(other.width, 0) << "letters over cell " << index;
  }
  EXPECT_LT(page.width, 2 * 3 * 132);
  EXPECT_LT(page.height, 2 * 2 * 132);
  const Rect left = box_of(page, 0);
  EXPECT_EQ(ink_in(page, {left.x + 128, 90, 4, left.y - 90}).width, 0)
      << "labels side by side keep apart";
}

TEST(Sheet, MissingCellsSayTheirState) {
  const spec::Grid grid = a_plan(128, 128).grid();
  const Rect box = box_of(composed(grid), 0);
  const int middle_x = box.x + box.width / 2;
  const int middle_y = box.y + box.height / 2;

  for (const char* text : {"pending", "failed: out of memory"}) {
    const Rect ink = ink_in(with_placeholders(grid, text), box);
    EXPECT_GT(ink.width, 30) << text;
    EXPECT_NEAR(ink.x + ink.width / 2, middle_x, 3) << text;
    EXPECT_NEAR(ink.y + ink.height / 2, middle_y, 5) << text;
  }
  EXPECT_EQ(ink_in(with_placeholders(grid, ""), box).width, 0);
  const Color empty = pixel(with_placeholders(grid, ""), box.x + 3, box.y + 2);
  EXPECT_NE(empty, (Color{255, 255, 255})) << "no letters, but a box";
}

TEST(Sheet, FailedCellsAreWarmAndWaitingOnesAreNot) {
  const spec::Grid grid = a_plan(128, 128).grid();
  const Rect box = box_of(composed(grid), 0);
  const auto warmth = [&](const char* text) {
    const Image page = with_placeholders(grid, text);
    int sum = 0;
    for (int x = box.x; x < box.x + box.width; ++x)
      sum += pixel(page, x, box.y + 1).r - pixel(page, x, box.y + 1).b;
    return sum / box.width;
  };

  EXPECT_GT(warmth("failed"), 8);
  EXPECT_LE(warmth("pending"), 0);
  EXPECT_LE(warmth("cancelled"), 0);
}

TEST(Sheet, SmallerPicturesStandInTheMiddleOfTheirCells) {
  const spec::Grid grid = a_plan(128, 128).with_sizes({{64, 128}, {128, 64}, {128, 128}}).grid();

  const Image page = composed(grid);

  const Rect tall = box_of(page, 0);
  const Rect wide = box_of(page, 1);
  const Rect whole_cell = box_of(page, 2);
  EXPECT_EQ(tall, (Rect{whole_cell.x - 2 * 132 + 32, whole_cell.y, 64, 128}));
  EXPECT_EQ(wide, (Rect{whole_cell.x - 132, whole_cell.y + 32, 128, 64}));
}

TEST(Sheet, APictureLargerThanItsRecipeSaysKeepsToItsCell) {
  const spec::Grid grid = a_plan(64, 64).with_seeds(2).grid();

  const Image page = compose(grid,
                             [&](std::uint64_t index) {
                               const Color c = color_of(index);
                               return CellPicture{Image::filled(256, 128, c.r, c.g, c.b), ""};
                             },
                             {})
                         .value();

  EXPECT_EQ(box_of(page, 0).width, 64);
  EXPECT_EQ(box_of(page, 0).height, 32);
  EXPECT_EQ(box_of(page, 1).x - box_of(page, 0).x, 68);
}

TEST(Sheet, CellsAreScaledDownToTheGivenSide) {
  const spec::Grid grid = a_plan(512, 256).with_seeds(2).grid();

  const Image page = composed(grid, {.max_cell_px = 64});

  EXPECT_EQ(box_of(page, 0).width, 64);
  EXPECT_EQ(box_of(page, 0).height, 32);
}

TEST(Sheet, CellsAreScaledDownToTheLimitsOfTheSheet) {
  const spec::Grid grid = a_plan(512, 512).with_seeds(5).with_steps(4).grid();

  const Image by_side = composed(grid, {.max_sheet_px = 1000});
  const Image by_pixels = composed(grid, {.max_pixels = 500'000});

  EXPECT_LE(by_side.width, 1000);
  EXPECT_GT(by_side.width, 900) << "no smaller than it must be";
  EXPECT_LE(by_pixels.width * by_pixels.height, 500'000);
  EXPECT_GT(by_pixels.width * by_pixels.height, 400'000);
}

TEST(Sheet, NarrowColumnsHaveTurnedLabels) {
  const spec::Grid grid = a_plan(512, 512).with_seeds(12).with_steps(2).grid();

  const Image page = composed(grid, {.max_cell_px = 20});

  const Rect column = box_of(page, 3);
  const Rect label = ink_in(page, {column.x - 2, 0, column.width + 4, column.y - 1});
  EXPECT_GT(label.height, 2 * label.width);
}

TEST(Sheet, OneVeryLongAxisIsScaledOrRefused) {
  const spec::Grid long_grid = a_plan(4096, 4096).with_steps(1500, v1::AXIS_ROLE_Y).grid();
  const spec::Grid too_long = a_plan(4096, 4096).with_steps(30'000, v1::AXIS_ROLE_Y).grid();
  const auto missing = [](std::uint64_t) { return CellPicture{std::nullopt, "pending"}; };

  const auto page = compose(long_grid, missing, {});

  ASSERT_TRUE(page) << page.error().message;
  EXPECT_LE(page->height, 32'000);
  EXPECT_GT(page->height, 30'000);
  EXPECT_FALSE(compose(too_long, missing, {}));
}

TEST(Sheet, AGridThatIsTooLargeIsRefusedBeforeAnyCellIsAskedFor) {
  for (const std::uint64_t side : {1900u, 9999u}) {
    const spec::Grid grid = a_plan(512, 512).with_seeds(side).with_steps(side).grid();
    bool is_asked = false;

    const auto page = compose(grid,
                              [&](std::uint64_t) {
                                is_asked = true;
                                return CellPicture{};
                              },
                              {});

    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().kind, ErrorKind::Invalid);
    EXPECT_THAT(page.error().message, HasSubstr("at most 500000 cells, 1600 a side"));
    EXPECT_FALSE(is_asked);
  }
}

}  // namespace
}  // namespace furrow::sheet
