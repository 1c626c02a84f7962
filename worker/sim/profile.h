#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "furrow/v1/engine.pb.h"

namespace furrow::worker::sim {

enum class Pictures { None, Solid };

/// A share of the attempts that fails in one way.
struct FailRate {
  v1::FailureClass failure = v1::FAILURE_CLASS_UNSPECIFIED;
  double rate = 0;  ///< of 1
};

/// The GPU that furrow-engine-sim plays. Written as YAML, of which JSON is a part; every key may be
/// left out and then has the value shown here:
///
///   name: Simulated GPU
///   memory_gib: 8
///   max_batch: 4
///   precision: fp16
///   load_seconds: 0                # once for every model that is not the last one used
///   encode_seconds: 0
///   seconds_per_step: 0            # of one cell, whatever its size
///   seconds_per_step_megapixel: 0  # more, for each megapixel
///   batch_cost: 0.5                # what each further cell adds to a step: 0 nothing, 1 a whole
///   cell's decode_seconds: 0              # a cell time_scale: 1                  # all of these
///   times this; 0: no waiting at all image: solid                   # a picture of one colour by
///   the recipe, with its metadata; or none zero_work: false               # no steps, no pictures,
///   no waiting: results as fast as they go out seed: 1                        # what decides which
///   attempts fail faults:
///     crash_rate: 0                # of attempts, at half of their steps
///     crash_signal: 11
///     hang_rate: 0                 # stops for good at half of the steps
///     oom_above_megapixels: 0      # cells that are larger fail for memory; 0: none
///     fail: []                     # e.g. [{class: nan, rate: 0.01}]; a class of engine.proto
///     without
///                                  # its prefix: gpu_fault, input, io, rejected, timeout, nan,
///                                  internal
struct Profile {
  std::string name = "Simulated GPU";
  double memory_gib = 8;
  std::uint32_t max_batch = 4;
  std::string precision = "fp16";
  double load_seconds = 0;
  double encode_seconds = 0;
  double seconds_per_step = 0;
  double seconds_per_step_megapixel = 0;
  double batch_cost = 0.5;
  double decode_seconds = 0;
  double time_scale = 1;
  Pictures image = Pictures::Solid;
  bool zero_work = false;
  std::uint64_t seed = 1;
  double crash_rate = 0;
  int crash_signal = 11;
  double hang_rate = 0;
  double oom_above_megapixels = 0;
  std::vector<FailRate> fail;
};

/// Errors: Invalid, every fault a line: an unknown key with the nearest known one, a value that is
/// no number or out of its range, text that is no YAML with its line.
Result<Profile> parse_profile(std::string_view text);
/// The same of a file; every line of an error begins with the file's name.
Result<Profile> read_profile(const std::filesystem::path& path);

}  // namespace furrow::worker::sim
