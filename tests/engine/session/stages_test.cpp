#include <map>
#include <string>
#include <utility>
#include <vector>

#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "common/image/png.h"
#include "tests/weights/safetensors_writer.h"
#include "worker/engine/renderer.h"

// What cells go through before and after they are denoised: pictures they begin with, LoRAs, hires
// fix, and stages that are made once for several cells.

namespace furrow::engine {
namespace {

using testing::HasSubstr;
using weights::counting_tensor;
using weights::safetensors_bytes;

struct Ended {
  v1::FromEngine message;
  image::Image picture;

  bool is_rendered() const { return message.has_rendered(); }

  const std::string& detail() const { return message.failed().detail(); }
};

class StagesTest : public testing::Test {
 protected:
  static v1::RenderCell a_cell(std::uint64_t index) {
    v1::RenderCell cell;
    cell.mutable_token()->set_cell(index);
    cell.set_model_path(FURROW_EMBEDDED_MODEL);
    v1::Recipe& recipe = *cell.mutable_recipe();
    recipe.set_prompt("cat face");
    recipe.set_seed(7);
    recipe.set_steps(4);
    recipe.set_guidance_scale(5);
    recipe.set_sampler("euler");
    recipe.set_schedule("normal");
    recipe.set_width(64);
    recipe.set_height(64);
    recipe.mutable_model()->set_hash(std::string(32, 'm'));
    return cell;
  }

  /// Puts a file where the agent would have, and tells the cell of it under its hash.
  void add_file(v1::RenderCell& cell, const std::string& hash, std::string_view bytes) {
    v1::LocalFile& file = *cell.add_files();
    file.set_hash(hash);
    file.set_path(folder_.write(hash.substr(0, 8) + ".safetensors", bytes).string());
  }

  void add_lora(v1::RenderCell& cell, const std::string& module, double strength) {
    v1::ModelRef& lora = *cell.mutable_recipe()->add_loras();
    lora.set_name("style");
    lora.set_hash(std::string(32, 'l'));
    const auto shape = module.ends_with("norm") ? std::vector<std::int64_t>{96}
                                                : std::vector<std::int64_t>{96, 96};
    add_file(cell, lora.hash(), safetensors_bytes({counting_tensor(module + ".diff", shape)}));
    cell.mutable_recipe()->set_prompt("cat face <lora:style:" + std::to_string(strength) + ">");
  }

  void begin_with(v1::RenderCell& cell, const image::Image& picture, double strength) {
    v1::ImageToImage& begin = *cell.mutable_recipe()->mutable_image_to_image();
    begin.mutable_picture()->set_name("cat.png");
    begin.mutable_picture()->set_hash(std::string(32, 'p'));
    begin.set_denoising_strength(strength);
    add_file(cell, begin.picture().hash(), image::encode_png(picture, {}));
  }

  /// A mask whose right half is made anew.
  void mask_right_half(v1::RenderCell& cell, int width, int height) {
    v1::Inpaint& inpaint = *cell.mutable_recipe()->mutable_image_to_image()->mutable_inpaint();
    inpaint.mutable_mask()->set_name("mask.png");
    inpaint.mutable_mask()->set_hash(std::string(32, 'k'));
    image::Image mask = image::Image::filled(width, height, 0, 0, 0);
    for (int y = 0; y < height; ++y)
      for (int x = width / 2; x < width; ++x)
        for (int c = 0; c < 3; ++c)
          mask.rgb[static_cast<std::size_t>((y * width + x) * 3 + c)] = 255;
    add_file(cell, inpaint.mask().hash(), image::encode_png(mask, {}));
  }

  std::map<std::uint64_t, Ended> render(const std::vector<v1::RenderCell>& cells) {
    const c10::InferenceMode no_gradients;
    ended_.clear();
    for (const v1::RenderCell& cell : cells) renderer_.render(cell);
    while (renderer_.has_work()) renderer_.take_turn();
    return ended_;
  }

  Ended render(const v1::RenderCell& cell) { return render(std::vector{cell}).begin()->second; }

  image::Image picture_of(const v1::RenderCell& cell) {
    const Ended ended = render(cell);
    EXPECT_TRUE(ended.is_rendered()) << ended.detail();
    return ended.picture;
  }

  static RendererOptions options() {
    RendererOptions options;
    options.device = open_device("cpu", "fp32").value();
    options.max_batch = 4;
    options.model_cache_bytes = 1 << 30;
    return options;
  }

  const weights::TestFolder folder_;
  std::map<std::uint64_t, Ended> ended_;
  Renderer renderer_{
      options(), [this](v1::FromEngine message, std::string_view attachment) {
        if (message.has_rendered()) {
          const auto index = message.rendered().token().cell();
          ended_[index] = {std::move(message), image::decode_png(attachment).value().image};
        } else if (message.has_failed()) {
          const auto index = message.failed().token().cell();
          ended_[index] = {std::move(message), {}};
        }
      }};
};

int largest_difference(const image::Image& a, const image::Image& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i)
    largest = std::max(largest, std::abs(int{a.rgb[i]} - int{b.rgb[i]}));
  return largest;
}

TEST_F(StagesTest, ALoraChangesThePictureByItsStrength) {
  const image::Image plain = picture_of(a_cell(1));
  v1::RenderCell with = a_cell(1);
  add_lora(with, "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_q", 0.0001);
  v1::RenderCell none = with;
  none.mutable_recipe()->set_prompt("cat face <lora:style:0>");

  EXPECT_NE(picture_of(with), plain);
  EXPECT_EQ(picture_of(none), plain);
}

TEST_F(StagesTest, CellsWithDifferentLorasShareABatch) {
  const char* const module = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_q";
  v1::RenderCell strong = a_cell(1);
  add_lora(strong, module, 0.0002);
  v1::RenderCell weak = a_cell(2);
  add_lora(weak, module, 0.00005);
  const image::Image alone_strong = picture_of(strong);
  const image::Image alone_weak = picture_of(weak);
  const image::Image alone_plain = picture_of(a_cell(3));

  const auto together = render({strong, weak, a_cell(3)});

  EXPECT_LE(largest_difference(together.at(1).picture, alone_strong), 1);
  EXPECT_LE(largest_difference(together.at(2).picture, alone_weak), 1);
  EXPECT_LE(largest_difference(together.at(3).picture, alone_plain), 1);
}

TEST_F(StagesTest, ALoraThatChangesWhatRowsShareIsRenderedAlone) {
  v1::RenderCell with = a_cell(1);
  add_lora(with, "unet.mid_block.attentions.0.norm", 0.001);
  const image::Image alone = picture_of(with);

  const auto together = render({a_cell(2), with, a_cell(3)});

  ASSERT_EQ(together.size(), 3U);
  for (const auto& [index, ended] : together) EXPECT_TRUE(ended.is_rendered()) << ended.detail();
  EXPECT_LE(largest_difference(together.at(1).picture, alone), 1);
  EXPECT_GT(largest_difference(together.at(2).picture, alone), 1);
}

TEST_F(StagesTest, ALoraThatDidNotComeIsAFault) {
  v1::RenderCell cell = a_cell(1);
  cell.mutable_recipe()->set_prompt("cat <lora:style:1>");

  const Ended ended = render(cell);

  EXPECT_EQ(ended.message.failed().class_(), v1::FAILURE_CLASS_INPUT);
  EXPECT_THAT(ended.detail(), HasSubstr("\"style\""));
}

TEST_F(StagesTest, ALoraOfAnotherModelIsAFaultAndNoPlainPicture) {
  v1::RenderCell cell = a_cell(1);
  add_lora(cell, "lora_unet_double_blocks_0_img_attn_qkv", 1);

  EXPECT_THAT(render(cell).detail(), HasSubstr("it changes nothing of the model"));
}

TEST_F(StagesTest, TheStrengthDecidesHowMuchOfAPictureStays) {
  const image::Image red = image::Image::filled(64, 64, 200, 30, 30);
  v1::RenderCell little = a_cell(1);
  begin_with(little, red, 0.25);
  v1::RenderCell much = a_cell(2);
  begin_with(much, red, 1);

  const auto ended = render({little, much, a_cell(3)});

  ASSERT_TRUE(ended.at(1).is_rendered()) << ended.at(1).detail();
  ASSERT_TRUE(ended.at(2).is_rendered()) << ended.at(2).detail();
  const auto redness = [](const image::Image& picture) {
    double sum = 0;
    for (std::size_t i = 0; i < picture.rgb.size(); i += 3)
      sum += double{1} * picture.rgb[i] - picture.rgb[i + 1];
    return sum / static_cast<double>(picture.rgb.size() / 3);
  };
  EXPECT_GT(redness(ended.at(1).picture), redness(ended.at(2).picture) + 20);
}

TEST_F(StagesTest, WhatAMaskKeepsIsThePictureToTheLastBit) {
  image::Image picture = image::Image::filled(64, 64, 10, 200, 90);
  for (std::size_t i = 0; i < picture.rgb.size(); ++i)
    picture.rgb[i] = static_cast<std::uint8_t>((picture.rgb[i] + i * 7) % 256);
  v1::RenderCell cell = a_cell(1);
  begin_with(cell, picture, 1);
  mask_right_half(cell, 64, 64);

  const image::Image rendered = picture_of(cell);

  const auto half = [](const image::Image& of, int left) {
    return image::crop(of, {left, 0, 32, 64});
  };
  EXPECT_EQ(half(rendered, 0), half(picture, 0));
  EXPECT_NE(half(rendered, 32), half(picture, 32));
}

TEST_F(StagesTest, OnlyMaskedKeepsThePicturesOwnSize) {
  const image::Image picture = image::Image::filled(200, 120, 40, 80, 160);
  v1::RenderCell cell = a_cell(1);
  begin_with(cell, picture, 0.8);
  mask_right_half(cell, 200, 120);
  v1::Inpaint& inpaint = *cell.mutable_recipe()->mutable_image_to_image()->mutable_inpaint();
  inpaint.set_only_masked(true);
  inpaint.set_padding(8);

  const image::Image rendered = picture_of(cell);

  EXPECT_EQ(rendered.width, 200);
  EXPECT_EQ(rendered.height, 120);
  EXPECT_EQ(image::crop(rendered, {0, 0, 90, 120}), image::crop(picture, {0, 0, 90, 120}));
}

TEST_F(StagesTest, FaultsOfPicturesNameThem) {
  v1::RenderCell text = a_cell(1);
  begin_with(text, image::Image::filled(8, 8, 0, 0, 0), 0.5);
  ASSERT_TRUE(write_file(text.files(0).path(), "no picture", Durability::Cached));
  EXPECT_THAT(render(text).detail(), HasSubstr("cat.png: "));

  v1::RenderCell missing = a_cell(1);
  begin_with(missing, image::Image::filled(8, 8, 0, 0, 0), 0.5);
  missing.clear_files();
  EXPECT_THAT(render(missing).detail(), HasSubstr("cat.png"));

  v1::RenderCell mask = a_cell(1);
  begin_with(mask, image::Image::filled(64, 64, 0, 0, 0), 0.5);
  mask_right_half(mask, 64, 32);
  EXPECT_THAT(render(mask).detail(), HasSubstr("mask.png: the mask is 64x32"));
}

TEST_F(StagesTest, HiresGivesTheLargerPicture) {
  for (const char* way : {"latent", "latent (nearest-exact)", "lanczos"}) {
    v1::RenderCell cell = a_cell(1);
    v1::HiresFix& hires = *cell.mutable_recipe()->mutable_hires();
    hires.set_width(128);
    hires.set_height(96);
    hires.set_upscaler(way);
    hires.set_denoising_strength(0.5);

    const image::Image picture = picture_of(cell);

    EXPECT_EQ(picture.width, 128) << way;
    EXPECT_EQ(picture.height, 96) << way;
  }
}

TEST_F(StagesTest, AnUnknownWayToEnlargeIsAFault) {
  v1::RenderCell cell = a_cell(1);
  v1::HiresFix& hires = *cell.mutable_recipe()->mutable_hires();
  hires.set_width(128);
  hires.set_height(128);
  hires.set_upscaler("magic");
  hires.set_denoising_strength(0.5);

  EXPECT_THAT(render(cell).detail(), HasSubstr("\"magic\""));
}

TEST_F(StagesTest, CellsThatDifferInLaterStagesAreDenoisedOnce) {
  v1::RenderCell own = a_cell(1);
  v1::RenderCell other = a_cell(2);
  other.set_vae_path(FURROW_EMBEDDED_MODEL);
  other.mutable_recipe()->mutable_vae()->set_hash(std::string(32, 'v'));

  const auto ended = render({own, other});

  ASSERT_TRUE(ended.at(2).is_rendered()) << ended.at(2).detail();
  EXPECT_EQ(ended.at(2).picture, ended.at(1).picture);
  EXPECT_GT(ended.at(1).message.rendered().timing().denoise(), 0);
  EXPECT_EQ(ended.at(2).message.rendered().timing().denoise(), 0);
}

TEST_F(StagesTest, ALatentThatIsLostIsMadeAnewForWhoWaitedForIt) {
  v1::RenderCell own = a_cell(1);
  v1::RenderCell other = a_cell(2);
  other.set_vae_path(FURROW_EMBEDDED_MODEL);
  other.mutable_recipe()->mutable_vae()->set_hash(std::string(32, 'v'));
  const c10::InferenceMode no_gradients;
  renderer_.render(own);
  renderer_.render(other);
  renderer_.take_turn();

  renderer_.cancel(own.token());
  while (renderer_.has_work()) renderer_.take_turn();

  EXPECT_FALSE(ended_.at(1).is_rendered());
  EXPECT_TRUE(ended_.at(2).is_rendered());
}

TEST_F(StagesTest, ACellFromACachedStageIsTheSamePicture) {
  const image::Image first = picture_of(a_cell(1));
  EXPECT_EQ(picture_of(a_cell(2)), first);
  EXPECT_EQ(ended_.at(2).message.rendered().timing().denoise(), 0);
}

}  // namespace
}  // namespace furrow::engine
