#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/prompt/lora_tag.h"
#include "furrow/v1/engine.pb.h"
#include "worker/engine/model/stable_diffusion.h"
#include "worker/engine/pipelines/denoising.h"
#include "worker/engine/stage_cache.h"
#include "worker/engine/weights/adapter_switch.h"
#include "worker/engine/weights/lora.h"

namespace furrow::engine {

/// The LoRAs of one cell, made ready for the model.
struct CellLoras {
  std::vector<pipelines::CellLora> unet;
  weights::RowLoras text_encoder;
  weights::RowLoras text_encoder_2;
  /// Tells apart what the text encoders give with other LoRAs; empty without any.
  std::string text_key;
  /// One of them changes weights that all rows of a batch share: the cell is rendered alone.
  bool are_for_one_cell = false;
  std::vector<std::string> notes;  ///< what of the files is not used, in sentences for people
};

/// The LoRAs of the model under way: those used last, opened, and those that are applied now.
/// Borrows the model, whose weights nothing else may adapt. Owned by the device thread.
class ModelLoras {
 public:
  explicit ModelLoras(const StableDiffusion& model);

  /// Takes all of them off.
  ~ModelLoras();

  ModelLoras(const ModelLoras&) = delete;
  ModelLoras& operator=(const ModelLoras&) = delete;

  /// What the tags of a cell's prompt ask for. Each names one of the recipe's LoRAs, which is among
  /// the cell's files by its hash.
  ///
  /// Errors: Invalid, quoting the name, when it is not; as weights::Lora::open.
  Result<CellLoras> read(const std::vector<prompt::LoraTag>& tags, const v1::RenderCell& cell);

  /// Makes the text encoders ready for this cell's texts.
  Result<void> use_on_text_encoders(const CellLoras& loras);

  /// For the denoiser.
  weights::AdapterSwitch& unet() { return unet_; }

 private:
  using Adapters = std::shared_ptr<const weights::NetworkAdapters>;

  /// A file, and what was taken of it: a rank, a part of the network. The same part is the same
  /// pointer, by which the switches know it.
  struct OpenLora {
    weights::Lora lora;
    std::map<std::string, Adapters> parts;
  };

  Result<std::shared_ptr<OpenLora>> open(const std::filesystem::path& file,
                                         const std::string& hash);
  void add(const prompt::LoraTag& tag, OpenLora& lora, CellLoras& to) const;

  const StableDiffusion& model_;
  weights::AdapterSwitch unet_;
  std::optional<weights::AdapterSwitch> text_encoder_;
  std::optional<weights::AdapterSwitch> text_encoder_2_;
  StageCache<std::shared_ptr<OpenLora>> open_;
};

}  // namespace furrow::engine
