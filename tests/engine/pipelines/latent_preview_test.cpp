#include "worker/engine/pipelines/latent_preview.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "tests/engine/pipelines/embedded_model.h"

namespace furrow::engine::pipelines {

namespace {

/// The scaled latent of a picture of one colour.
at::Tensor latent_of_colour(const at::Tensor& rgb) {
  const auto& vae = *embedded_model().vae;
  const at::Tensor picture = rgb.view({1, 3, 1, 1}).expand({1, 3, 64, 64}).contiguous();
  return vae.encode(picture * 2 - 1).narrow(1, 0, vae.config.latent_channels) *
         vae.config.scaling_factor;
}

TEST(LatentPreview, ShowsColoursAboutAsTheyAre) {
  const c10::InferenceMode no_gradients;
  const LatentPreview preview = LatentPreview::fit(*embedded_model().vae);
  for (const auto& rgb : {at::tensor({0.9F, 0.1F, 0.1F}), at::tensor({0.1F, 0.2F, 0.8F}),
                          at::tensor({0.9F, 0.9F, 0.9F}), at::tensor({0.1F, 0.1F, 0.1F})}) {
    const image::Image drawn = preview.draw(latent_of_colour(rgb));

    ASSERT_EQ(drawn.width, 8);
    ASSERT_EQ(drawn.height, 8);
    const std::size_t middle = (4 * 8 + 4) * 3;
    for (std::size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(drawn.rgb[middle + c], rgb[static_cast<std::int64_t>(c)].item<float>() * 255, 60)
          << rgb << " channel " << c;
  }
}

TEST(LatentPreview, HasOnePixelALatentCell) {
  const c10::InferenceMode no_gradients;

  const image::Image drawn =
      LatentPreview::fit(*embedded_model().vae).draw(at::zeros({1, 4, 3, 5}));

  EXPECT_EQ(drawn.width, 5);
  EXPECT_EQ(drawn.height, 3);
  EXPECT_EQ(drawn.rgb.size(), 5U * 3 * 3);
}

}  // namespace

}  // namespace furrow::engine::pipelines
