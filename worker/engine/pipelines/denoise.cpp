#include "worker/engine/pipelines/denoise.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "worker/engine/diffusion/guidance.h"
#include "worker/engine/pipelines/denoiser_rows.h"

namespace furrow::engine::pipelines {

namespace {

/// What the network answered to one cell, by kind of row; undefined where it was not asked.
struct Answers {
  at::Tensor negative;
  at::Tensor picture;
  std::vector<at::Tensor> positives;
  at::Tensor skipped_layers;

  explicit Answers(std::span<const DenoiserRow> rows) {
    for (const DenoiserRow& row : rows) {
      switch (row.kind) {
        case RowKind::Negative:
          negative = row.output;
          break;
        case RowKind::Picture:
          picture = row.output;
          break;
        case RowKind::Positive:
          positives.push_back(row.output);
          break;
        case RowKind::SkippedLayers:
          skipped_layers = row.output;
          break;
      }
    }
  }
};

at::Tensor with_text(const Denoising& cell, const Answers& answers) {
  std::vector<double> weights;
  for (const WeightedConditioning& positive : cell.conditioning.positives)
    weights.push_back(positive.weight);
  const at::Tensor& without = answers.picture.defined() ? answers.picture : answers.negative;
  return diffusion::composed(without, at::cat(answers.positives), weights);
}

/// What guidance makes of a cell's answers, [1, C, h, w].
at::Tensor guided_output(const Denoising& cell, const Answers& answers) {
  const at::Tensor positive = with_text(cell, answers);
  // Where the negative answer cancels out or guidance has ended: the mean of the prompts.
  if (!answers.negative.defined()) return positive / cell.conditioning.total_weight();
  const double scale = cell.guidance_scale;
  at::Tensor output;
  if (answers.picture.defined()) {
    output = answers.negative + (positive - answers.picture) * scale +
             (answers.picture - answers.negative) * *cell.extra.guidance_scale;
  } else {
    output = diffusion::guided(answers.negative, positive, scale, cell.guidance_rescale);
  }
  if (!answers.skipped_layers.defined()) return output;
  return output + (answers.positives.front() - answers.skipped_layers) * cell.skip_layers->scale;
}

/// Puts the part that is kept back into the latent, as noisy as the next call expects it.
void put_back(const KnownRegion& known, diffusion::Sampler& sampler) {
  const at::Tensor kept = sampler.is_finished()
                              ? known.latent
                              : sampler.noised(known.latent, known.noise, sampler.call());
  sampler.replace_latent((1 - known.repaint) * kept + known.repaint * sampler.latent());
}

void go_on(Denoising& cell, std::span<const DenoiserRow> rows) {
  const Answers answers(rows);
  const at::Tensor output = guided_output(cell, answers);
  cell.is_torn = true;
  cell.sampler->advance(output, cell.draw, answers.negative);
  if (cell.known) put_back(*cell.known, *cell.sampler);
  cell.is_torn = false;
}

}  // namespace

void denoise_together(const Denoiser& denoiser, std::span<Denoising* const> cells) {
  std::vector<DenoiserRow> rows;
  std::vector<std::int64_t> counts;
  for (const Denoising* cell : cells) {
    auto of_cell = rows_of(*cell);
    counts.push_back(static_cast<std::int64_t>(of_cell.size()));
    for (DenoiserRow& row : of_cell) rows.push_back(std::move(row));
  }
  ask_controls(rows);
  ask(denoiser, rows);
  std::vector<at::Tensor> outputs;
  for (const DenoiserRow& row : rows) outputs.push_back(row.output);
  const at::Tensor finite = at::cat(outputs).isfinite().flatten(1).all(1).to(at::kCPU);

  std::int64_t row = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i]->is_broken = !finite.narrow(0, row, counts[i]).all().item<bool>();
    if (!cells[i]->is_broken)
      go_on(*cells[i], std::span(rows).subspan(static_cast<std::size_t>(row),
                                               static_cast<std::size_t>(counts[i])));
    row += counts[i];
  }
}

}  // namespace furrow::engine::pipelines
