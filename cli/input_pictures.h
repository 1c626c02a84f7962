#pragma once

#include <filesystem>
#include <vector>

#include "cli/client.h"
#include "common/base/digest.h"
#include "common/base/result.h"
#include "furrow/v1/spec.pb.h"

/// The pictures that a sweep begins with: files of this machine until the coordinator keeps them.
namespace furrow::cli {

struct InputPicture {
  std::filesystem::path file;
  Digest digest;
};

/// Reads the files that the pictures of a sweep name, and fills their hashes in. A picture that has
/// a hash is left as it is. Errors: every fault, one a line: NotFound, no such file; Invalid, a
/// folder, too large (spec::kMaxInputBytes) or no picture; NotAllowed or Io, it cannot be read.
Result<std::vector<InputPicture>> hash_pictures(v1::JobSpec& sweep);

struct SendOptions {
  /// With nothing going and nothing coming for so long, the blob port counts as closed.
  std::chrono::milliseconds patience{20'000};
  int interrupt_fd = -1;
};

/// Sends those pictures that the coordinator does not keep yet to its blob port; returns them when
/// they are stored. Errors: Invalid, the coordinator does not take one; Unreachable; Cancelled.
Result<std::vector<InputPicture>> send_pictures(Client& client,
                                                const std::vector<InputPicture>& pictures,
                                                const SendOptions& options = {});

}  // namespace furrow::cli
