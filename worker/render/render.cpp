#include "worker/render/render.h"

#include <array>
#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <poll.h>

#include "common/base/files.h"
#include "common/model/model_index.h"
#include "common/spec/recipe_json.h"
#include "common/spec/size_rule.h"
#include "worker/render/named_files.h"
#include "worker/render/progress_line.h"

namespace furrow::worker {

namespace {

/// How long an engine may take to start, torch on a cold disk included.
constexpr Duration kStartPatience = std::chrono::minutes(2);
constexpr Duration kDyingPatience = std::chrono::seconds(1);
constexpr Duration kStopPatience = std::chrono::seconds(2);

ErrorKind kind_of(v1::FailureClass failure) {
  switch (failure) {
    case v1::FAILURE_CLASS_INPUT:
    case v1::FAILURE_CLASS_REJECTED:
      return ErrorKind::Invalid;
    case v1::FAILURE_CLASS_OOM:
      return ErrorKind::OutOfMemory;
    case v1::FAILURE_CLASS_IO:
      return ErrorKind::Io;
    case v1::FAILURE_CLASS_TIMEOUT:
      return ErrorKind::Timeout;
    case v1::FAILURE_CLASS_CANCELLED:
      return ErrorKind::Cancelled;
    default:
      return ErrorKind::Internal;
  }
}

/// A model or VAE that the engine can use; hashed.
Result<model::FoundModel> read_renderable(const std::filesystem::path& path, model::Kind kind) {
  FURROW_TRY(model::FoundModel found, model::find_model(path));
  if (found.traits.kind != kind || !model::engine_uses(found.traits)) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} is {}, which this engine does not take here. Give {}.",
                            path.string(), model::phrase_of(found.traits),
                            kind == model::Kind::Vae ? "a VAE"
                                                     : "a whole model of sd1, sd2 or sdxl"));
  }
  return model::read_model(path);
}

Result<v1::Recipe> read_recipe(const RenderOptions& options, const model::FoundModel& model) {
  FURROW_TRY(const std::string text, read_file(options.recipe));
  auto recipe = spec::recipe_from_json(text, model.description.default_size());
  if (!recipe) {
    return fail(recipe.error().kind, options.recipe.string() + ": " + recipe.error().message);
  }
  const std::string& made_with = recipe->model().hash();
  if (!made_with.empty() && made_with != model.description.model().hash()) {
    return fail(
        ErrorKind::Conflict,
        fmt::format("{}: it was made with another model (\"{}\") than the one in {}. Give that "
                    "model's folder, or take \"model\" out of the recipe.",
                    options.recipe.string(), recipe->model().name(), options.model.string()));
  }
  *recipe->mutable_model() = model.description.model();
  const spec::SizeRule rule{model.description.vae_factor(),
                            model.description.model().name() + " needs"};
  for (const auto side : {recipe->width(), recipe->height()}) {
    if (const auto fault = rule.fault_of(side)) {
      return fail(ErrorKind::Invalid,
                  fmt::format("{}: size {} {}", options.recipe.string(), side, *fault));
    }
  }
  if (options.vae) {
    FURROW_TRY(const auto vae, read_renderable(*options.vae, model::Kind::Vae));
    *recipe->mutable_vae() = vae.description.model();
  } else if (recipe->has_vae()) {
    return fail(ErrorKind::Invalid, options.recipe.string() + ": it names the VAE \"" +
                                        recipe->vae().name() + "\". Give its folder with --vae.");
  }
  return recipe;
}

/// One engine and one cell.
class Rendering {
 public:
  explicit Rendering(EngineProcess engine) : engine_(std::move(engine)) {}

  Result<Received<v1::FromEngine>> run(const v1::ToEngine& request) {
    FURROW_TRY(auto hello, next(kStartPatience));
    if (!hello.message.has_hello() || hello.message.hello().protocol() != kEngineProtocol) {
      return fail(ErrorKind::Invalid, "the engine speaks another protocol than this furrow-worker");
    }
    FURROW_TRY_VOID(engine_.channel().send(request));
    for (;;) {
      FURROW_TRY(auto received, next(std::nullopt));
      if (received.message.has_progress()) line_.show(received.message.progress());
      if (received.message.has_rendered() || received.message.has_failed()) {
        line_.end();
        return received;
      }
    }
  }

  /// Lets the engine end by itself, so that it can put away what it wants to keep.
  void stop() {
    v1::ToEngine stop;
    stop.mutable_stop();
    if (engine_.channel().send(stop)) engine_.wait(kStopPatience);
  }

 private:
  /// The engine's next message, while its log passes by on stderr.
  Result<Received<v1::FromEngine>> next(std::optional<Duration> patience) {
    const auto deadline = Now::read().instant + patience.value_or(Duration::zero());
    for (;;) {
      FURROW_TRY(auto received, engine_.channel().take<v1::FromEngine>());
      if (received) return *std::move(received);
      const auto left = deadline - Now::read().instant;
      if (patience && left <= Duration::zero()) {
        return fail(ErrorKind::Timeout, "the engine did not start in time");
      }
      std::array<pollfd, 2> items{
          {{engine_.channel().fd(), POLLIN, 0}, {engine_.log_fd(), POLLIN, 0}}};
      const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
      ::poll(items.data(), items.size(), patience ? static_cast<int>(ms) + 1 : -1);
      pass_log_on();
      FURROW_TRY(const auto arrived, engine_.channel().read_available());
      if (arrived == Arrived::Closed) return death();
    }
  }

  void pass_log_on() {
    for (const auto& line : engine_.read_log()) {
      line_.end();
      std::cerr << line << "\n";
    }
  }

  Unexpected death() {
    const auto exit = engine_.wait(kDyingPatience);
    pass_log_on();
    line_.end();
    const bool no_memory = exit && exit->out_of_memory;
    return fail(no_memory ? ErrorKind::OutOfMemory : ErrorKind::Internal,
                "the engine " + (exit ? exit->words : "closed its socket") +
                    (no_memory ? ": the machine has no memory left" : ""));
  }

  EngineProcess engine_;
  ProgressLine line_;
};

}  // namespace

Result<void> render_recipe(const RenderOptions& options) {
  FURROW_TRY(const auto model, read_renderable(options.model, model::Kind::Checkpoint));
  FURROW_TRY(auto recipe, read_recipe(options, model));
  FURROW_TRY(const auto files,
             find_named_files(recipe, {options.pictures, options.weights,
                                       std::filesystem::absolute(options.recipe).parent_path()}));
  v1::ToEngine request;
  auto& cell = *request.mutable_render()->add_cells();
  cell.mutable_token()->set_attempt(1);
  *cell.mutable_recipe() = recipe;
  cell.set_model_path(std::filesystem::absolute(options.model));
  if (options.vae) cell.set_vae_path(std::filesystem::absolute(*options.vae));
  for (const auto& file : files) *cell.add_files() = file;

  FURROW_TRY(auto engine, EngineProcess::start(options.engine, options.device));
  Rendering rendering(std::move(engine));
  FURROW_TRY(const auto answer, rendering.run(request));
  rendering.stop();
  if (answer.message.has_failed()) {
    return fail(kind_of(answer.message.failed().class_()), answer.message.failed().detail());
  }
  const auto& rendered = answer.message.rendered();
  if (answer.attachment.empty()) {
    return fail(ErrorKind::Invalid, "the engine makes no pictures, so there is nothing to write");
  }
  FURROW_TRY_VOID(write_file(options.out, answer.attachment, Durability::Cached));
  std::cerr << fmt::format("{} x {}, {} steps, {:.2f} s\n", rendered.width(), rendered.height(),
                           recipe.steps(), rendered.timing().total());
  std::cout << options.out.string() << "\n";
  return {};
}

}  // namespace furrow::worker
