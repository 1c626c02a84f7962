#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "furrow/v1/engine.pb.h"
#include "worker/engine/device.h"
#include "worker/engine/failure.h"
#include "worker/engine/model_cache.h"
#include "worker/engine/model_loras.h"
#include "worker/engine/pipelines/batcher.h"
#include "worker/engine/pipelines/begin.h"
#include "worker/engine/render_queue.h"
#include "worker/engine/stage_cache.h"

namespace furrow::engine {

struct RendererOptions {
  Device device;
  std::size_t max_batch = 8;            ///< most cells denoised at once
  std::uint64_t model_cache_bytes = 0;  ///< weights kept beside the ones in use
};

/// Renders cells: owns the device, the models, the caches and the cells under way.
///
/// Work is done in turns: a turn lets waiting cells join, asks the model once for all cells under
/// way, and finishes the cells that are done. Commands are given between turns, so a cancelled cell
/// costs at most one step. Everything that libtorch throws ends here, as a failure of the cells
/// concerned. Used by the device thread alone, under c10::InferenceMode.
class Renderer {
 public:
  /// Takes what there is to tell, with its attachment: EngineProgress, EngineRendered,
  /// EngineFailed.
  using Tell = std::function<void(v1::FromEngine message, std::string_view attachment)>;

  Renderer(RendererOptions options, Tell tell);

  void render(v1::RenderCell cell);

  /// Answers with a failed cell unless the attempt is not here any more.
  void cancel(const v1::Token& token);

  bool has_work() const { return !queue_.waiting().empty() || !active_.empty(); }

  void take_turn();

 private:
  /// A cell under way. Its denoising is in the batcher, by the same id.
  struct Attempt {
    v1::RenderCell cell;
    pipelines::RecipePrompts prompts;
    CellLoras loras;
    std::shared_ptr<const nn::AutoencoderKl> vae;
    v1::Timing timing;
    Instant previewed;  // when its last preview was made
  };

  using Id = pipelines::Batcher::CellId;

  // Joining.
  void let_cells_join();
  Result<std::shared_ptr<const LoadedModel>> load(const v1::RenderCell& cell);
  Result<void> change_model(const v1::RenderCell& cell);
  Result<void> load_parts(const v1::RenderCell& cell, Attempt& attempt);
  std::optional<Failure> load_for(const v1::RenderCell& cell, Attempt& attempt);
  Result<void> begin(v1::RenderCell cell, Attempt& attempt, pipelines::Denoising& denoising);
  std::optional<Failure> prepare(v1::RenderCell cell, Attempt& attempt,
                                 pipelines::Denoising& denoising);
  Result<pipelines::TextConditioning> encode(const v1::RenderCell& cell, const CellLoras& loras,
                                             const std::string& text);
  void limit_rows(const v1::Recipe& recipe);

  // Stepping.
  std::int64_t rows() const;
  std::optional<Failure> tick();
  void step();
  void tell_progress(Id id, Attempt& attempt);

  // Leaving.
  std::vector<Id> done_cells() const;
  void finish(const std::vector<Id>& ids);
  void decode(const std::vector<Id>& ids);
  void deliver(const Attempt& attempt, const image::Image& picture, v1::Timing timing);
  void drop(Id id, const Failure& failure);

  void tell_phase(const v1::Token& token, v1::Phase phase);
  void tell_failed(const v1::Token& token, const Failure& failure);

  const RendererOptions options_;
  const Tell tell_;

  RenderQueue queue_;
  ModelCache models_;
  StageCache<pipelines::TextConditioning> prompts_;  // by model, clip skip, LoRAs and text

  // The batch under way: cells of one key and its model.
  std::optional<BatchKey> running_;
  std::shared_ptr<const LoadedModel> model_;
  std::optional<ModelLoras> loras_;  // of model_
  pipelines::Batcher batcher_;
  std::map<Id, Attempt> active_;
  bool takes_no_more_ = false;  // until the batch is empty: a cell in it, or the next one, is alone
  Id next_id_ = 0;
  double unpaid_load_seconds_ = 0;  // loading that no cell has been charged for yet
};

}  // namespace furrow::engine
