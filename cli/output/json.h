#pragma once

#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/spec/grid.h"
#include "furrow/v1/client.pb.h"

/// What `--json` prints. The fields of furrow.job/1 and of a cell are promised to scripts
/// (tests/cli/json_test.cpp); others may be added, none is renamed. Times are RFC 3339 UTC, spans
/// are seconds, what is not known is null.
namespace furrow::cli {

using Json = nlohmann::ordered_json;

/// One document as text, indented, with a line break; text that is no UTF-8 is replaced.
std::string document(const Json& json);
/// The same on one line.
std::string json_line(const Json& json);

std::string_view job_state_name(v1::JobState state);
/// "running" for a leased cell: that is what people ask about.
std::string_view cell_state_name(v1::CellState state);

/// An integer, a number or the label of an axis' value, as its field's type says.
Json axis_value(const spec::Grid& grid, std::size_t axis, std::uint64_t i);
/// {axis label: value} of a cell.
Json coordinates_of(const spec::Grid& grid, std::uint64_t index);
/// [{label, field, values}] of a plan.
Json axes_of(const spec::Grid& grid);
Json counts_of(const v1::CellCounts& counts);

/// furrow.job/1. `axes` only when the view carries its plan.
Json job_json(const v1::JobView& job);
/// One element of `cell list`.
Json cell_json(const spec::Grid& grid, const v1::CellView& cell);
/// All that decides a picture, by the field names of recipe.proto.
Json recipe_json(const v1::Recipe& recipe);
Json worker_json(const v1::WorkerView& worker);
Json model_json(const v1::ModelOnDisk& model);

}  // namespace furrow::cli
