#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "furrow/v1/engine.pb.h"
#include "worker/engine/attempt.h"
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

  bool has_work() const {
    return !queue_.waiting().empty() || !active_.empty() || !followers_.empty();
  }

  void take_turn();

 private:
  using Id = pipelines::Batcher::CellId;

  /// A cell that waits for the latent that a cell under way is making.
  struct Follower {
    WaitingCell waiting;
    std::string latent_key;
  };

  // Joining.
  void let_cells_join();
  void let_followers_go();
  void join(WaitingCell waiting);
  bool is_being_made(const std::string& latent_key) const;
  void limit_rows(const v1::Recipe& recipe);
  std::optional<Failure> load_for(const WaitingCell& waiting, Attempt& attempt);
  Result<void> load_parts(const WaitingCell& waiting, Attempt& attempt);
  Result<void> change_model(const WaitingCell& waiting);
  Result<std::shared_ptr<const LoadedModel>> load(const WaitingCell& waiting);
  std::optional<Failure> read(Attempt& attempt);
  Result<void> read_prompts(Attempt& attempt);
  std::optional<Failure> begin(const WaitingCell& waiting, Attempt& attempt,
                               pipelines::Denoising& denoising);
  Result<void> begin_run(const WaitingCell& waiting, Attempt& attempt,
                         pipelines::Denoising& denoising);
  Result<pipelines::Conditioning> condition(const Attempt& attempt);
  Result<pipelines::TextConditioning> encode(const Attempt& attempt, const std::string& text);

  // Stepping.
  std::int64_t rows() const;
  std::optional<Failure> tick();
  void step();
  void tell_progress(Id id, Attempt& attempt);

  // Leaving.
  std::vector<Id> done_cells() const;
  void let_cells_leave();
  void keep_latent(const Attempt& attempt);
  void go_on(Attempt attempt, Run next, pipelines::Denoising denoising);
  void enlarge(Attempt attempt);
  Result<at::Tensor> enlarged(const Attempt& attempt);
  void decode(std::vector<Attempt> attempts);
  void decode_together(std::span<Attempt> attempts);
  void deliver(const Attempt& attempt, const image::Image& picture);
  void drop(Id id, const Failure& failure);

  void tell_phase(const v1::Token& token, v1::Phase phase);
  void tell_failed(const v1::Token& token, const Failure& failure);

  const RendererOptions options_;
  const Tell tell_;

  RenderQueue queue_;
  ModelCache models_;
  StageCache<pipelines::TextConditioning> prompts_;  // by model, clip skip, LoRAs and text
  StageCache<at::Tensor> latents_;                   // before hires fix, by Attempt::latent_key

  // The batch under way: cells of one key and its model.
  std::optional<BatchKey> running_;
  std::shared_ptr<const LoadedModel> model_;
  std::optional<ModelLoras> loras_;  // of model_
  pipelines::Batcher batcher_;
  std::map<Id, Attempt> active_;
  bool takes_no_more_ = false;  // until the batch is empty: a cell in it, or the next one, is alone
  std::vector<Follower> followers_;
  std::vector<Attempt> ready_;  // of this turn: their latent was there already
  Id next_id_ = 0;
  double unpaid_load_seconds_ = 0;  // loading that no cell has been charged for yet
};

}  // namespace furrow::engine
