#include "worker/engine/nn/autoencoder_tiling.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

namespace furrow::engine::nn {

namespace {

constexpr std::int64_t kRows = 2;  // the dimensions of [B, C, H, W] that are tiled
constexpr std::int64_t kColumns = 3;

// A size times a part of it, in whole cells: rounded down, as diffusers does.
std::int64_t part_of(std::int64_t size, double part) {
  return static_cast<std::int64_t>(static_cast<double>(size) * part);
}

struct Grid {
  std::int64_t tile;   // side of a tile, in cells of the input
  std::int64_t step;   // from one tile to the next, in cells of the input
  std::int64_t blend;  // over which two tiles fade into each other, in cells of the output
  std::int64_t keep;   // of each tile that has a next one, in cells of the output
};

Grid make_grid(std::int64_t in_size, std::int64_t out_size, double overlap) {
  TORCH_CHECK_VALUE(overlap >= 0 && overlap < 1, "tiles overlap by a part from 0 to below 1, got ",
                    overlap);
  const auto blend = part_of(out_size, overlap);
  const Grid grid = {in_size, part_of(in_size, 1 - overlap), blend, out_size - blend};
  TORCH_CHECK_VALUE(grid.step >= 1 && grid.keep >= 1, "tiles of ", in_size, " and ", out_size,
                    " cells cannot overlap by ", overlap);
  return grid;
}

// Fades from the end of `before` to the beginning of `tile`, along `dim`, in place.
void blend_into(at::Tensor& tile, const at::Tensor& before, std::int64_t dim, std::int64_t blend) {
  const auto extent = std::min({before.size(dim), tile.size(dim), blend});
  if (extent == 0) return;
  std::vector<std::int64_t> shape(4, 1);
  shape[static_cast<std::size_t>(dim)] = extent;
  const auto weight = (at::arange(extent, tile.options()) / extent).view(shape);
  auto start = tile.narrow(dim, 0, extent);
  const auto end = before.narrow(dim, before.size(dim) - extent, extent);
  start.copy_(end * (1 - weight) + start * weight);
}

at::Tensor cut(const at::Tensor& x, std::int64_t dim, std::int64_t first, std::int64_t length) {
  return x.narrow(dim, first, std::min(length, x.size(dim) - first));
}

template <typename Run>
at::Tensor run_in_tiles(const at::Tensor& x, const Grid& grid, Run run) {
  std::vector<at::Tensor> rows;
  std::vector<at::Tensor> above;
  for (std::int64_t y = 0; y < x.size(kRows); y += grid.step) {
    const auto strip = cut(x, kRows, y, grid.tile);
    std::vector<at::Tensor> row;
    std::vector<at::Tensor> kept;
    for (std::int64_t left = 0; left < x.size(kColumns); left += grid.step) {
      at::Tensor tile = run(cut(strip, kColumns, left, grid.tile));
      if (!above.empty()) blend_into(tile, above[row.size()], kRows, grid.blend);
      if (!row.empty()) blend_into(tile, row.back(), kColumns, grid.blend);
      kept.push_back(cut(cut(tile, kRows, 0, grid.keep), kColumns, 0, grid.keep));
      row.push_back(std::move(tile));
    }
    rows.push_back(at::cat(kept, kColumns));
    above = std::move(row);
  }
  return at::cat(rows, kRows);
}

bool is_larger(const at::Tensor& x, std::int64_t tile) {
  return x.dim() == 4 && (x.size(kRows) > tile || x.size(kColumns) > tile);
}

at::Tensor checked(at::Tensor result, std::int64_t height, std::int64_t width) {
  TORCH_CHECK_VALUE(result.size(kRows) == height && result.size(kColumns) == width,
                    "the tiles add up to ", result.size(kColumns), "x", result.size(kRows),
                    " instead of ", width, "x", height, ": choose another overlap");
  return result;
}

template <typename Run>
at::Tensor one_by_one(const at::Tensor& batch, Run run) {
  std::vector<at::Tensor> results;
  for (const auto& picture : batch.split(1)) results.push_back(run(picture));
  return at::cat(results);
}

}  // namespace

AutoencoderTiling AutoencoderTiling::of(const AutoencoderConfig& config) {
  return {.sample_size = config.sample_size,
          .latent_size = std::max<std::int64_t>(config.sample_size / config.spatial_factor(), 1)};
}

at::Tensor encode_tiled(const AutoencoderKl& vae, const at::Tensor& image,
                        const AutoencoderTiling& tiling) {
  if (!is_larger(image, tiling.sample_size)) return vae.encode(image);
  const auto grid = make_grid(tiling.sample_size, tiling.latent_size, tiling.overlap);
  const auto factor = vae.config.spatial_factor();
  return checked(
      run_in_tiles(image, grid, [&](const at::Tensor& tile) { return vae.encode(tile); }),
      image.size(kRows) / factor, image.size(kColumns) / factor);
}

at::Tensor decode_tiled(const AutoencoderKl& vae, const at::Tensor& latents,
                        const AutoencoderTiling& tiling) {
  if (!is_larger(latents, tiling.latent_size)) return vae.decode(latents);
  const auto grid = make_grid(tiling.latent_size, tiling.sample_size, tiling.overlap);
  const auto factor = vae.config.spatial_factor();
  return checked(
      run_in_tiles(latents, grid, [&](const at::Tensor& tile) { return vae.decode(tile); }),
      latents.size(kRows) * factor, latents.size(kColumns) * factor);
}

at::Tensor encode_sliced(const AutoencoderKl& vae, const at::Tensor& image) {
  return one_by_one(image, [&](const at::Tensor& picture) { return vae.encode(picture); });
}

at::Tensor decode_sliced(const AutoencoderKl& vae, const at::Tensor& latents) {
  return one_by_one(latents, [&](const at::Tensor& picture) { return vae.decode(picture); });
}

}  // namespace furrow::engine::nn
