#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/digest.h"
#include "common/spec/inputs.h"
#include "furrow/v1/recipe.pb.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::scheduler {

/// What a cell asks of a worker.
struct Needs {
  struct Weights {
    spec::ModelPart part = spec::ModelPart::Model;
    std::string name;
    Digest hash;
  };

  std::string model_name;
  Digest model;
  std::vector<Weights> others;  ///< what goes with the model: VAE, LoRAs, refiner, upscaler
  std::string sampler;          ///< canonical name
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
  std::unordered_map<Digest, std::string> families;  ///< of all weights on disk, VAEs and LoRAs too
};

Abilities abilities_of(const v1::Capabilities& capabilities);

/// Whether a worker can render a cell, and if not, what it lacks first.
enum class Fit { Fits, NoDevice, NoModel, NoOther, NoFamily, NoSampler };

/// Memory is not asked about here: what a shape needs is learned, and the table of it goes beside
/// this (scheduler/throughput_table).
Fit fit(const Needs& needs, const Abilities& abilities);

/// "has model emoji-diffusion", "can run the sampler heun": what is missing, after "no worker …".
std::string missing(const Needs& needs, Fit fit);

}  // namespace furrow::scheduler
