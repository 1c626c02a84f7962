#include "worker/engine/pipelines/denoise.h"

#include <vector>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/guidance.h"

namespace furrow::engine::pipelines {

namespace {

/// The rows of one forward pass: a cell's negative prompt, where it has one, then its positive.
struct Rows {
  std::vector<at::Tensor> latents;
  std::vector<at::Tensor> prompts;
  std::vector<const nn::AddedConditioning*> added;
  std::vector<double> timesteps;

  void add(const at::Tensor& latent, const at::Tensor& prompt,
           const nn::AddedConditioning& added_to_it, double timestep) {
    latents.push_back(latent);
    prompts.push_back(prompt);
    added.push_back(&added_to_it);
    timesteps.push_back(timestep);
  }
};

Rows rows_of(std::span<Denoising* const> cells) {
  Rows rows;
  for (const Denoising* cell : cells) {
    const at::Tensor input = cell->sampler->model_input();
    const double timestep = cell->sampler->timestep();
    if (cell->negative.defined()) rows.add(input, cell->negative, cell->negative_added, timestep);
    rows.add(input, cell->positive, cell->positive_added, timestep);
  }
  return rows;
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
    cell->sampler->advance(taken == 1
                               ? mine
                               : diffusion::guided(mine.narrow(0, 0, 1), mine.narrow(0, 1, 1),
                                                   cell->guidance_scale, cell->guidance_rescale),
                           cell->draw);
  }
}

}  // namespace furrow::engine::pipelines
