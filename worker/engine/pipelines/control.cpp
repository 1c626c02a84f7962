#include "worker/engine/pipelines/control.h"

#include <cmath>
#include <cstdint>
#include <utility>

#include <ATen/ATen.h>
#include <fmt/format.h>

namespace furrow::engine::pipelines {

namespace {

Result<void> check_settings(const ControlSettings& settings) {
  if (!std::isfinite(settings.scale))
    return fail(ErrorKind::Invalid, "ControlNet scale: a finite number is expected");
  const auto& [start, end] = settings.window;
  if (start >= 0 && start < end && end <= 1) return {};
  return fail(ErrorKind::Invalid,
              fmt::format("ControlNet window {} to {}: it begins before it ends and lies between 0 "
                          "and 1",
                          start, end));
}

/// What a net sees of a run must be what it was trained on.
Result<void> check_net(const nn::ControlNet& net, const Denoising& cell) {
  const auto misfit = [](const char* what, std::int64_t of_net, std::int64_t of_model) {
    return fail(ErrorKind::Invalid,
                fmt::format("the ControlNet takes {} of {}, and the model's have {}: it belongs to "
                            "another kind of model",
                            what, of_net, of_model));
  };
  const std::int64_t channels = cell.sampler->latent().size(1);
  if (net.config.unet.in_channels != channels)
    return misfit("latents", net.config.unet.in_channels, channels);
  const std::int64_t width = cell.conditioning.positives.front().prompt.at(0).states.size(2);
  const std::int64_t expected = net.config.unet.levels.front().cross_attention_dim;
  if (expected != width) return misfit("prompts", expected, width);
  return {};
}

}  // namespace

Result<void> add_control(Denoising& cell, std::shared_ptr<const nn::ControlNet> net,
                         const at::Tensor& picture, const ControlSettings& settings) {
  FURROW_TRY_VOID(check_settings(settings));
  FURROW_TRY_VOID(check_net(*net, cell));
  const std::int64_t channels = net->config.conditioning_channels;
  if (picture.size(1) != channels)
    return fail(ErrorKind::Invalid,
                fmt::format("control picture: it has {} channels, and the ControlNet takes {}",
                            picture.size(1), channels));
  const at::Tensor& latent = cell.sampler->latent();
  const at::Tensor embedded = net->embed(picture.to(latent.device()));
  if (embedded.size(2) != latent.size(2) || embedded.size(3) != latent.size(3))
    return fail(ErrorKind::Invalid,
                fmt::format("control picture: it is {}x{}, which is not the size of the picture "
                            "that is made; resize it",
                            picture.size(3), picture.size(2)));
  cell.controls.push_back(
      {std::move(net), embedded, settings.scale, settings.window, settings.guess});
  return {};
}

}  // namespace furrow::engine::pipelines
