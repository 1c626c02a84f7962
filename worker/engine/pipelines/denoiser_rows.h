#pragma once

#include <optional>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "worker/engine/pipelines/denoiser.h"
#include "worker/engine/pipelines/denoising.h"

/// What the cells of a batch ask of the network, row by row. For the sources of this room.
namespace furrow::engine::pipelines {

/// What a cell asks a row for.
enum class RowKind {
  Negative,       ///< neither prompt nor, where it guides, picture
  Picture,        ///< InstructPix2Pix: the picture without the prompt
  Positive,       ///< one of its prompts
  SkippedLayers,  ///< its first prompt without some of the network's blocks
};

/// One row of a forward pass, each tensor of one row.
struct DenoiserRow {
  const Denoising* cell = nullptr;
  RowKind kind = RowKind::Positive;
  at::Tensor latent;    ///< [1, C, h, w], what ControlNets see
  at::Tensor prompt;    ///< [1, T, D]
  at::Tensor channels;  ///< [1, E, h, w], what the network sees beside; undefined: none
  double timestep = 0;
  int step = 0;  ///< of the cell's run, from 0
  nn::AddedConditioning added;
  at::Tensor output;  ///< [1, C, h, w], what the network answered
};

/// The rows of a cell's next call, in the order of RowKind.
std::vector<DenoiserRow> rows_of(const Denoising& cell);

/// Adds to the rows what the ControlNets of their cells say, each net asked as seldom as possible.
void ask_controls(std::span<DenoiserRow> rows);

/// Fills in the outputs: one forward pass for all rows that can go together.
void ask(const Denoiser& denoiser, std::span<DenoiserRow> rows);

}  // namespace furrow::engine::pipelines
