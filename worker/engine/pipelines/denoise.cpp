#include "worker/engine/pipelines/denoise.h"

#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/guidance.h"

namespace furrow::engine::pipelines {

namespace {

/// The step that the sampler's next call belongs to, from 0.
int current_step(const diffusion::Sampler& sampler) {
  int step = sampler.steps_done();
  while (step > 0 && sampler.first_call_of(step) > sampler.call()) --step;
  return step;
}

/// The rows of one forward pass: a cell's negative prompt, where it has one, then its positive
/// ones.
struct Rows {
  std::vector<at::Tensor> latents;
  std::vector<at::Tensor> prompts;
  std::vector<nn::AddedConditioning> added;
  std::vector<double> timesteps;

  void add(const at::Tensor& latent, const TextConditioning& text, nn::AddedConditioning beside,
           double timestep) {
    latents.push_back(latent);
    prompts.push_back(text.states);
    if (text.pooled.defined()) beside.text_embeds = text.pooled;
    added.push_back(std::move(beside));
    timesteps.push_back(timestep);
  }
};

Rows rows_of(std::span<Denoising* const> cells) {
  Rows rows;
  for (const Denoising* cell : cells) {
    const at::Tensor input = cell->sampler->model_input();
    const double timestep = cell->sampler->timestep();
    const int step = current_step(*cell->sampler);
    const Conditioning& conditioning = cell->conditioning;
    if (conditioning.negative.defined())
      rows.add(input, conditioning.negative.at(step), cell->negative_added, timestep);
    for (const WeightedConditioning& positive : conditioning.positives)
      rows.add(input, positive.prompt.at(step), cell->positive_added, timestep);
  }
  return rows;
}

/// What guidance makes of a cell's rows, [rows, C, h, w] to [1, C, h, w].
at::Tensor guided_output(const Denoising& cell, const at::Tensor& outputs) {
  const bool has_negative = cell.conditioning.negative.defined();
  const at::Tensor negative = has_negative ? outputs.narrow(0, 0, 1) : at::Tensor();
  const at::Tensor positives = has_negative ? outputs.narrow(0, 1, outputs.size(0) - 1) : outputs;
  std::vector<double> weights;
  for (const WeightedConditioning& positive : cell.conditioning.positives)
    weights.push_back(positive.weight);
  const at::Tensor positive = diffusion::composed(negative, positives, weights);
  if (!has_negative) return positive * cell.guidance_scale;
  return diffusion::guided(negative, positive, cell.guidance_scale, cell.guidance_rescale);
}

}  // namespace

void denoise_together(const nn::UNet& unet, std::span<Denoising* const> cells) {
  const Rows rows = rows_of(cells);
  const at::Device device = rows.latents.front().device();
  const at::Tensor timesteps = at::tensor(rows.timesteps, at::kFloat).to(device);
  const at::Tensor output = unet.forward(at::cat(rows.latents), timesteps, at::cat(rows.prompts),
                                         nn::concatenate(rows.added))
                                .to(at::kFloat);
  const at::Tensor finite = output.isfinite().flatten(1).all(1).to(at::kCPU);

  std::int64_t row = 0;
  for (Denoising* cell : cells) {
    const std::int64_t taken = cell->rows();
    const at::Tensor mine = output.narrow(0, row, taken);
    cell->is_broken = !finite.narrow(0, row, taken).all().item<bool>();
    row += taken;
    if (cell->is_broken) continue;
    const at::Tensor negative =
        cell->conditioning.negative.defined() ? mine.narrow(0, 0, 1) : at::Tensor();
    cell->sampler->advance(guided_output(*cell, mine), cell->draw, negative);
  }
}

}  // namespace furrow::engine::pipelines
