#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/digest.h"
#include "furrow/v1/recipe.pb.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::scheduler {

/// What a cell asks of a worker.
struct Needs {
  std::string model_name;
  Digest model;
  std::string vae_name;       ///< empty: the model's own
  std::optional<Digest> vae;  ///< absent: the model's own
  std::string sampler;        ///< canonical name
};

Needs needs_of(const v1::Recipe& recipe);

/// What a worker can do, arranged for quick questions. Names count for nothing: a model is its
/// hash.
struct Abilities {
  /// What one device accepts. An empty list accepts everything.
  struct Device {
    std::vector<std::string> samplers;
    std::vector<std::string> families;
  };

  std::vector<Device> devices;
  std::unordered_map<Digest, std::string> families;  ///< of each model on disk; VAEs are among them
};

Abilities abilities_of(const v1::Capabilities& capabilities);

/// Whether a worker can render a cell, and if not, what it lacks first.
enum class Fit { Fits, NoDevice, NoModel, NoVae, NoFamily, NoSampler };

/// Memory is not asked about here: what a shape needs is learned, and the table of it goes beside
/// this (scheduler/throughput_table).
Fit fit(const Needs& needs, const Abilities& abilities);

/// "has model emoji-diffusion", "can run the sampler heun": what is missing, after "no worker …".
std::string missing(const Needs& needs, Fit fit);

}  // namespace furrow::scheduler
