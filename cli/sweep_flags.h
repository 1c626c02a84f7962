#pragma once

#include "cli/arguments.h"
#include "common/base/result.h"
#include "furrow/v1/spec.pb.h"

namespace furrow::cli {

/// The sweep that the flags of `furrow submit` describe: --spec FILE first, every other flag over
/// it. -x, -y and -z replace the file's axis of the same role; --axis replaces the file's axis of
/// the same label and is added otherwise. Pictures get the absolute paths of their files; a spec
/// file's are relative to its folder. Errors: Invalid, every fault on a line of its own;
/// NotFound and Io of the file.
Result<v1::JobSpec> sweep_of_flags(const Arguments& arguments);

}  // namespace furrow::cli
