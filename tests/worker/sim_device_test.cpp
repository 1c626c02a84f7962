#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/digest.h"
#include "common/image/infotext.h"
#include "common/image/png.h"
#include "common/spec/recipe.h"
#include "worker/sim/device.h"

namespace furrow::worker::sim {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

v1::RenderCell a_cell(std::uint64_t cell, std::uint32_t steps = 4, std::uint32_t width = 64) {
  v1::RenderCell request;
  request.mutable_token()->set_job(1);
  request.mutable_token()->set_cell(cell);
  request.mutable_token()->set_attempt(1);
  auto& recipe = *request.mutable_recipe();
  recipe.set_prompt("a cat face");
  recipe.set_seed(cell);
  recipe.set_steps(steps);
  recipe.set_sampler("euler");
  recipe.set_schedule("normal");
  recipe.set_width(width);
  recipe.set_height(64);
  recipe.mutable_model()->set_name("emoji");
  recipe.mutable_model()->set_hash(sha256("emoji").raw());
  return request;
}

v1::Render a_render(const std::vector<v1::RenderCell>& cells) {
  v1::Render render;
  for (const auto& cell : cells) *render.add_cells() = cell;
  return render;
}

/// All that a device says until it has nothing left to do, and how long it took.
struct Run {
  std::vector<Received<v1::FromEngine>> said;
  Duration busy{};
  Device::End end = Device::End::None;
};

Run run(Device& device) {
  Run run;
  while (!device.is_idle() && run.end == Device::End::None) {
    auto tick = device.tick();
    run.busy += tick.busy;
    run.end = tick.end;
    for (auto& word : tick.said) run.said.push_back(std::move(word));
  }
  return run;
}

std::vector<std::uint64_t> rendered_cells(const Run& run) {
  std::vector<std::uint64_t> cells;
  for (const auto& word : run.said) {
    if (word.message.has_rendered()) cells.push_back(word.message.rendered().token().cell());
  }
  return cells;
}

TEST(SimDevice, SaysEveryStageAndEveryStepOfACell) {
  Device device(Profile{}, "sim:0");
  device.render(a_render({a_cell(1, 3)}));

  std::vector<std::string> words;
  for (const auto& word : run(device).said) {
    words.push_back(word.message.has_progress()
                        ? v1::Phase_Name(word.message.progress().phase()) + " " +
                              std::to_string(word.message.progress().step())
                        : "rendered");
  }

  EXPECT_THAT(
      words, ElementsAre("PHASE_LOADING 0", "PHASE_ENCODING 0", "PHASE_DENOISING 1",
                         "PHASE_DENOISING 2", "PHASE_DENOISING 3", "PHASE_DECODING 3", "rendered"));
}

TEST(SimDevice, TakesTheTimeOfItsProfile) {
  Profile profile;
  profile.load_seconds = 2;
  profile.encode_seconds = 0.5;
  profile.seconds_per_step = 0.1;
  profile.seconds_per_step_megapixel = 1000.0 / 4096;  // 64 x 64 pixels: 1 ms
  profile.decode_seconds = 0.25;
  Device device(profile, "sim:0");
  device.render(a_render({a_cell(1, 10)}));

  const auto first = run(device);
  device.render(a_render({a_cell(2, 10)}));
  const auto second = run(device);

  EXPECT_NEAR(to_seconds(first.busy), 2 + 0.5 + 10 * 0.101 + 0.25, 1e-6);
  EXPECT_NEAR(to_seconds(second.busy), 0.5 + 10 * 0.101 + 0.25, 1e-6) << "the model is loaded";
  const auto& timing = second.said.back().message.rendered().timing();
  EXPECT_NEAR(timing.total(), to_seconds(second.busy), 1e-6);
}

TEST(SimDevice, CellsOfOneShapeShareTheirStepsUpToTheBatch) {
  Profile profile;
  profile.seconds_per_step = 1;
  profile.batch_cost = 0.5;
  profile.max_batch = 2;
  Device device(profile, "sim:0");
  device.render(a_render({a_cell(1, 4), a_cell(2, 4, 128), a_cell(3, 4), a_cell(4, 4)}));

  const auto all = run(device);

  EXPECT_THAT(rendered_cells(all), testing::UnorderedElementsAre(1, 2, 3, 4));
  // 1 and 3 together at 1.5 s a step, then 4 and 2, each alone.
  EXPECT_NEAR(to_seconds(all.busy), 4 * 1.5 + 4 * 1 + 4 * 1, 1e-6);
}

TEST(SimDevice, TimeScaleZeroWaitsForNothing) {
  Profile profile;
  profile.seconds_per_step = 100;
  profile.time_scale = 0;
  Device device(profile, "sim:0");
  device.render(a_render({a_cell(1)}));

  EXPECT_EQ(run(device).busy, Duration::zero());
}

TEST(SimDevice, APictureCarriesItsRecipe) {
  Device device(Profile{}, "sim:0");
  const auto cell = a_cell(7);
  device.render(a_render({cell}));

  const auto all = run(device);

  const auto& last = all.said.back();
  const auto decoded = image::decode_png(last.attachment);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->image.width, 64);
  const auto metadata = image::read_metadata(decoded->texts);
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->recipe().seed(), 7u);
  EXPECT_EQ(metadata->recipe_hash(), spec::recipe_hash(cell.recipe()).hex());
  EXPECT_EQ(last.message.rendered().recipe_hash(), spec::recipe_hash(cell.recipe()).raw());
}

TEST(SimDevice, ZeroWorkAnswersAllCellsInOneTickWithoutPictures) {
  Profile profile;
  profile.zero_work = true;
  Device device(profile, "sim:0");
  device.render(a_render({a_cell(1), a_cell(2, 4, 128), a_cell(3)}));

  const auto tick = device.tick();

  ASSERT_THAT(tick.said, SizeIs(3));
  EXPECT_EQ(tick.busy, Duration::zero());
  for (const auto& word : tick.said) {
    EXPECT_TRUE(word.message.has_rendered());
    EXPECT_TRUE(word.attachment.empty());
    EXPECT_EQ(word.message.rendered().recipe_hash().size(), 32u);
  }
  EXPECT_TRUE(device.is_idle());
}

TEST(SimDevice, ACancelledCellIsAnsweredOnceAndNotRendered) {
  Device device(Profile{}, "sim:0");
  device.render(a_render({a_cell(1), a_cell(2)}));
  device.tick();

  device.cancel(a_cell(1).token());
  device.cancel(a_cell(1).token());
  device.cancel(a_cell(9).token());
  const auto all = run(device);

  EXPECT_THAT(rendered_cells(all), ElementsAre(2));
  int cancelled = 0;
  for (const auto& word : all.said) {
    cancelled += word.message.failed().class_() == v1::FAILURE_CLASS_CANCELLED ? 1 : 0;
  }
  EXPECT_EQ(cancelled, 1);
}

TEST(SimDevice, CellsBeyondItsMemoryFailForMemory) {
  Profile profile;
  profile.oom_above_megapixels = 0.005;
  Device device(profile, "sim:0");
  device.render(a_render({a_cell(1, 4, 64), a_cell(2, 4, 128)}));

  const auto all = run(device);

  EXPECT_THAT(rendered_cells(all), ElementsAre(1));
  EXPECT_EQ(all.said.front().message.failed().class_(), v1::FAILURE_CLASS_OOM);
}

TEST(SimDevice, FailsAsOftenAsItsProfileSaysAndAlwaysTheSameAttempts) {
  Profile profile;
  profile.zero_work = true;
  profile.fail = {{v1::FAILURE_CLASS_NAN, 0.1}, {v1::FAILURE_CLASS_IO, 0.2}};
  std::map<v1::FailureClass, int> counts;
  std::vector<std::uint64_t> rendered[2];
  for (int repetition = 0; repetition < 2; ++repetition) {
    Device device(profile, "sim:0");
    for (std::uint64_t cell = 0; cell < 10'000; ++cell) device.render(a_render({a_cell(cell)}));
    const auto all = run(device);
    rendered[repetition] = rendered_cells(all);
    for (const auto& word : all.said) {
      if (word.message.has_failed()) ++counts[word.message.failed().class_()];
    }
  }

  EXPECT_EQ(rendered[0], rendered[1]);
  // Five standard deviations of a binomial of 20 000 draws.
  EXPECT_NEAR(counts[v1::FAILURE_CLASS_NAN], 2 * 1000, 2 * 150);
  EXPECT_NEAR(counts[v1::FAILURE_CLASS_IO], 2 * 2000, 2 * 200);
}

TEST(SimDevice, CrashesAtHalfOfTheSteps) {
  Profile profile;
  profile.crash_rate = 1;
  Device device(profile, "sim:0");
  device.render(a_render({a_cell(1, 10)}));

  const auto all = run(device);

  EXPECT_EQ(all.end, Device::End::Crash);
  EXPECT_EQ(all.said.back().message.progress().step(), 5u);
}

TEST(SimDevice, SaysWhatItIs) {
  Profile profile;
  profile.name = "RTX 4090";
  profile.memory_gib = 24;
  const auto hello = Device(profile, "cuda:1").hello();

  EXPECT_EQ(hello.protocol(), kEngineProtocol);
  EXPECT_EQ(hello.device(), "cuda:1");
  EXPECT_EQ(hello.device_name(), "RTX 4090");
  EXPECT_EQ(hello.memory_bytes(), 24ULL << 30);
  EXPECT_GT(hello.samplers_size(), 0);
}

TEST(SimDevice, WhatTheRecipeNamesMustComeAlong) {
  Device device({}, "cpu");
  auto cell = a_cell(1);
  auto& picture = *cell.mutable_recipe()->mutable_image_to_image()->mutable_picture();
  picture.set_name("cat.png");
  picture.set_hash(sha256("cat").raw());
  auto& lora = *cell.mutable_recipe()->add_loras();
  lora.set_name("fur");
  lora.set_hash(sha256("fur").raw());

  device.render(a_render({cell}));
  auto run_without = run(device);
  ASSERT_THAT(run_without.said, SizeIs(1));
  EXPECT_EQ(run_without.said[0].message.failed().class_(), v1::FAILURE_CLASS_INPUT);
  EXPECT_EQ(run_without.said[0].message.failed().detail(), "no file was given for picture cat.png");

  for (const auto& hash : {picture.hash(), lora.hash()}) {
    auto& file = *cell.add_files();
    file.set_hash(hash);
    file.set_path("/somewhere");
  }
  device.render(a_render({cell}));
  EXPECT_THAT(rendered_cells(run(device)), ElementsAre(1));
}

}  // namespace
}  // namespace furrow::worker::sim
