#include <cstdint>
#include <string>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/spec/grid.h"
#include "common/spec/plan.h"
#include "common/spec/spec_file.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace furrow;

spec::Catalog a_catalog() {
  spec::Catalog catalog;
  v1::ModelOnDisk& model = catalog.models.emplace_back();
  model.mutable_model()->set_name("m");
  model.mutable_model()->set_hash(std::string(32, 'h'));
  model.set_family("sd1");
  model.set_vae_factor(8);
  model.set_default_size(64);
  catalog.default_model = "m";
  return catalog;
}

void check_plan(const v1::Plan& plan) {
  const auto grid = spec::Grid::open(plan);
  FURROW_CHECK(grid.has_value(), "a plan that was made can be opened");
  FURROW_CHECK(grid->cell_count() >= 1 && grid->cell_count() <= spec::kMaxCells,
               "a grid is bounded");
  for (const auto index : {std::uint64_t{0}, grid->cell_count() / 2, grid->cell_count() - 1}) {
    const auto at = grid->coordinates(index);
    FURROW_CHECK(grid->index(at) == index, "coordinates are an index");
    FURROW_CHECK(grid->index_in_render_order(index) < grid->cell_count(), "an order is of cells");
    grid->recipe_hash(index);
    for (std::size_t axis = 0; axis < at.size(); ++axis) {
      FURROW_CHECK(is_valid_utf8(grid->coordinate_label(axis, at[axis])), "a label can be drawn");
    }
  }
}

}  // namespace

// A byte, then a sweep as YAML or JSON. One that was read is planned; its grid's cells are
// rendered as far as their recipes.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::FuzzInput input(data, size);
  const auto format = input.take_byte() % 2 == 0 ? spec::SpecFormat::Yaml : spec::SpecFormat::Json;

  const auto job = spec::read_spec(input.rest(), format);

  if (!job) {
    FURROW_CHECK(is_valid_utf8(job.error().message), "a message can be shown");
    return 0;
  }
  std::string bytes;
  FURROW_CHECK(job->SerializeToString(&bytes), "a sweep can be sent");
  static const auto kCatalog = a_catalog();
  const auto planned = spec::make_plan(*job, kCatalog, [] { return 7U; });
  if (!planned) {
    FURROW_CHECK(is_valid_utf8(planned.error().message), "a message can be shown");
    return 0;
  }
  check_plan(planned->plan);
  return 0;
}
