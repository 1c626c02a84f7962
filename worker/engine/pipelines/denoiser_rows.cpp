#include "worker/engine/pipelines/denoiser_rows.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include <ATen/ATen.h>

namespace furrow::engine::pipelines {

namespace {

/// The step that the sampler's next call belongs to, from 0.
int current_step(const diffusion::Sampler& sampler) {
  int step = sampler.steps_done();
  while (step > 0 && sampler.first_call_of(step) > sampler.call()) --step;
  return step;
}

/// How much of the cell's run is done before its next call and behind it, 0 … 1.
struct Position {
  double before;
  double behind;

  explicit Position(const Denoising& cell) {
    const diffusion::Sampler& sampler = *cell.sampler;
    const int call = sampler.call();
    const int end = cell.end_call.value_or(sampler.call_count());
    before = sampler.share_done(call, cell.first_call, end);
    behind = sampler.share_done(call + 1, cell.first_call, end);
  }
};

bool is_asked_now(const Control& control, const Position& position) {
  return position.before >= control.window.start && position.behind <= control.window.end;
}

/// Whether the call is guided away from anything.
bool is_guided_now(const Denoising& cell, const Position& position) {
  return cell.conditioning.negative.defined() && position.before < cell.guidance_end;
}

bool holds_now(const SkipLayerGuidance& guidance, const Position& position) {
  return position.before > guidance.window.start && position.before < guidance.window.end;
}

/// Rows that one forward pass can take: those of one key.
using Rows = std::vector<DenoiserRow*>;

template <typename Key, typename KeyOf>
std::map<Key, Rows> grouped(std::span<DenoiserRow> rows, KeyOf key_of) {
  std::map<Key, Rows> groups;
  for (DenoiserRow& row : rows) groups[key_of(row)].push_back(&row);
  return groups;
}

template <typename TensorOf>
at::Tensor concatenated(const Rows& rows, TensorOf tensor_of) {
  std::vector<at::Tensor> tensors;
  for (const DenoiserRow* row : rows) tensors.push_back(tensor_of(*row));
  return at::cat(tensors);
}

at::Tensor timesteps_of(const Rows& rows) {
  std::vector<double> timesteps;
  for (const DenoiserRow* row : rows) timesteps.push_back(row->timestep);
  return at::tensor(timesteps, at::kFloat).to(rows.front()->latent.device());
}

at::Tensor guidance_of(const Rows& rows) {
  if (!rows.front()->cell->embedded_guidance) return {};
  std::vector<double> scales;
  for (const DenoiserRow* row : rows) scales.push_back(*row->cell->embedded_guidance);
  return at::tensor(scales, at::kFloat).to(rows.front()->latent.device());
}

const std::vector<std::int64_t>& skipped_layers_of(const DenoiserRow& row) {
  static const std::vector<std::int64_t> none;
  return row.kind == RowKind::SkippedLayers ? row.cell->skip_layers->layers : none;
}

/// The LoRAs of each row; empty: none has any.
std::vector<weights::RowLoras> loras_of(const Rows& rows) {
  std::vector<weights::RowLoras> loras;
  bool has_any = false;
  for (const DenoiserRow* row : rows) {
    weights::RowLoras& of_row = loras.emplace_back();
    for (const CellLora& lora : row->cell->loras) {
      const double scale =
          lora.strength.at(row->step, row->cell->sampler->step_count() - row->cell->first_step);
      if (scale != 0) of_row.push_back({lora.adapters, scale});
    }
    has_any = has_any || !of_row.empty();
  }
  return has_any ? loras : std::vector<weights::RowLoras>();
}

nn::AddedConditioning added_to(const Rows& rows) {
  std::vector<nn::AddedConditioning> added;
  for (const DenoiserRow* row : rows) added.push_back(row->added);
  return nn::concatenate(added);
}

/// What a ControlNet shares of a row's conditioning.
nn::AddedConditioning without_adapters(const nn::AddedConditioning& added) {
  nn::AddedConditioning shared;
  shared.text_embeds = added.text_embeds;
  shared.time_ids = added.time_ids;
  return shared;
}

/// A row and the ControlNet that it asks.
struct ControlledRow {
  DenoiserRow* row;
  const Control* control;
};

/// Asks one net about rows of equally long prompts, and adds to each what it says.
void ask_control(const nn::ControlNet& net, bool guess, const std::vector<ControlledRow>& asked) {
  Rows rows;
  std::vector<at::Tensor> embedded;
  std::vector<nn::AddedConditioning> added;
  for (const auto& [row, control] : asked) {
    rows.push_back(row);
    embedded.push_back(control->embedded);
    added.push_back(without_adapters(row->added));
  }
  const nn::ControlResiduals said = net.forward(
      concatenated(rows, [](const DenoiserRow& row) { return row.latent; }), timesteps_of(rows),
      concatenated(rows, [](const DenoiserRow& row) { return row.prompt; }), at::cat(embedded),
      {.guess = guess}, nn::concatenate(added));

  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto mine = [&](const at::Tensor& residual) {
      return residual.narrow(0, static_cast<std::int64_t>(i), 1) * asked[i].control->scale;
    };
    nn::ControlResiduals residuals;
    for (const at::Tensor& down : said.down) residuals.down.push_back(mine(down));
    residuals.mid = mine(said.mid);
    asked[i].row->added.control.add(residuals);
  }
}

}  // namespace

std::vector<DenoiserRow> rows_of(const Denoising& cell) {
  const int step = current_step(*cell.sampler) - cell.first_step;
  DenoiserRow common;
  common.cell = &cell;
  common.latent = cell.sampler->model_input();
  common.channels = cell.extra.channels;
  common.timestep = cell.sampler->timestep();
  common.step = step;
  const auto row = [&](RowKind kind, const ScheduledConditioning& prompt,
                       const nn::AddedConditioning& added) {
    DenoiserRow one = common;
    one.kind = kind;
    const TextConditioning& text = prompt.at(step);
    one.prompt = text.states;
    one.added = added;
    if (text.pooled.defined()) one.added.text_embeds = text.pooled;
    return one;
  };

  std::vector<DenoiserRow> rows;
  const Conditioning& conditioning = cell.conditioning;
  const Position position(cell);
  const bool is_guided = is_guided_now(cell, position);
  if (is_guided) {
    rows.push_back(row(RowKind::Negative, conditioning.negative, cell.negative_added));
    if (cell.is_guided_by_picture()) {
      rows.push_back(row(RowKind::Picture, conditioning.negative, cell.negative_added));
      rows.front().channels = at::zeros_like(cell.extra.channels);
    }
  }
  for (const WeightedConditioning& positive : conditioning.positives)
    rows.push_back(row(RowKind::Positive, positive.prompt, cell.positive_added));
  if (is_guided && cell.skip_layers && holds_now(*cell.skip_layers, position))
    rows.push_back(
        row(RowKind::SkippedLayers, conditioning.positives.front().prompt, cell.positive_added));
  return rows;
}

void ask_controls(std::span<DenoiserRow> rows) {
  // In the order of a cell's list, so that sums do not depend on the batch.
  using Key = std::tuple<std::size_t, const nn::ControlNet*, bool, std::int64_t>;
  std::map<Key, std::vector<ControlledRow>> asked;
  for (DenoiserRow& row : rows) {
    const bool is_positive = row.kind == RowKind::Positive || row.kind == RowKind::SkippedLayers;
    for (std::size_t i = 0; i < row.cell->controls.size(); ++i) {
      const Control& control = row.cell->controls[i];
      if (!is_asked_now(control, Position(*row.cell))) continue;
      if (!is_positive && control.is_for_positives_only()) continue;
      asked[{i, control.net.get(), control.guess, row.prompt.size(1)}].push_back({&row, &control});
    }
  }
  for (const auto& [key, controlled] : asked)
    ask_control(*std::get<const nn::ControlNet*>(key), std::get<bool>(key), controlled);
}

void ask(const Denoiser& denoiser, std::span<DenoiserRow> rows) {
  using Key =
      std::tuple<std::int64_t, bool, bool, std::size_t, std::size_t, std::vector<std::int64_t>>;
  const auto groups = grouped<Key>(rows, [](const DenoiserRow& row) {
    return Key(row.prompt.size(1), row.cell->embedded_guidance.has_value(),
               !row.added.control.down.empty(), row.added.adapter_features.size(),
               row.added.image_prompts.size(), skipped_layers_of(row));
  });
  for (const auto& [key, group] : groups) {
    const DenoiserInput input = {
        .latents = concatenated(
            group,
            [](const DenoiserRow& row) {
              return row.channels.defined() ? at::cat({row.latent, row.channels}, 1) : row.latent;
            }),
        .timesteps = timesteps_of(group),
        .prompts = concatenated(group, [](const DenoiserRow& row) { return row.prompt; }),
        .added = added_to(group),
        .guidance = guidance_of(group),
        .skipped_layers = skipped_layers_of(*group.front()),
        .loras = loras_of(group)};
    const auto outputs = denoiser.forward(input).to(at::kFloat).split(1);
    for (std::size_t i = 0; i < group.size(); ++i) group[i]->output = outputs[i];
  }
}

}  // namespace furrow::engine::pipelines
