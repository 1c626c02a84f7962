#include "worker/engine/session.h"

#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "common/image/infotext.h"
#include "common/image/png.h"
#include "common/spec/recipe.h"
#include "common/spec/sampler_names.h"
#include "worker/channel/engine_channel.h"

namespace furrow::engine {

namespace {

using testing::HasSubstr;

using Message = worker::Received<v1::FromEngine>;

v1::RenderCell a_cell(std::uint64_t index) {
  v1::RenderCell cell;
  cell.mutable_token()->set_job(3);
  cell.mutable_token()->set_cell(index);
  cell.mutable_token()->set_attempt(1);
  cell.set_model_path(FURROW_EMBEDDED_MODEL);
  cell.mutable_provenance()->set_job_name("first");
  v1::Recipe& recipe = *cell.mutable_recipe();
  recipe.set_prompt("cat face");
  recipe.set_seed(index);
  recipe.set_steps(3);
  recipe.set_guidance_scale(6);
  recipe.set_sampler("euler_a");
  recipe.set_schedule("normal");
  recipe.set_width(64);
  recipe.set_height(64);
  recipe.mutable_model()->set_name("emoji-diffusion");
  recipe.mutable_model()->set_hash(std::string(32, 'm'));
  return cell;
}

/// A session on its own thread and the agent's end of its socket.
class SessionTest : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    agent_.emplace(FileDescriptor(ends[0]));
    RendererOptions options;
    options.device = open_device("cpu", "fp32").value();
    options.max_batch = 4;
    options.model_cache_bytes = 1 << 30;
    engine_ = std::jthread(
        [this, options, fd = ends[1]] { ended_ = run_session(FileDescriptor(fd), options); });
  }

  void TearDown() override { agent_.reset(); }  // the session ends with its socket

  Message next() {
    auto received = agent_->receive<v1::FromEngine>().value();
    return std::move(received.value());
  }

  void render(const std::vector<v1::RenderCell>& cells) {
    v1::ToEngine command;
    for (const auto& cell : cells) *command.mutable_render()->add_cells() = cell;
    ASSERT_TRUE(agent_->send(command).has_value());
  }

  /// Reads on until every cell has its end, by index.
  std::map<std::uint64_t, Message> ends_of(std::size_t cells) {
    std::map<std::uint64_t, Message> ends;
    while (ends.size() < cells) {
      Message received = next();
      if (received.message.has_rendered())
        ends[received.message.rendered().token().cell()] = std::move(received);
      else if (received.message.has_failed())
        ends[received.message.failed().token().cell()] = std::move(received);
      else
        told_.push_back(std::move(received));
    }
    return ends;
  }

  v1::EngineFailed failure_of(const v1::RenderCell& cell) {
    render({cell});
    return ends_of(1).begin()->second.message.failed();
  }

  std::optional<worker::EngineChannel> agent_;
  std::vector<Message> told_;
  Result<void> ended_;
  std::jthread engine_;
};

TEST_F(SessionTest, SaysHelloFirst) {
  const v1::EngineHello hello = next().message.hello();

  EXPECT_EQ(hello.protocol(), worker::kEngineProtocol);
  EXPECT_EQ(hello.backend(), "libtorch");
  EXPECT_EQ(hello.device(), "cpu");
  EXPECT_EQ(hello.precision(), "fp32");
  EXPECT_EQ(hello.max_batch(), 4U);
  EXPECT_EQ(hello.samplers_size(), static_cast<int>(spec::samplers().size()));
  EXPECT_GT(hello.memory_bytes(), 0U);
}

TEST_F(SessionTest, ReturnsAPictureThatTellsItsRecipe) {
  next();
  render({a_cell(5)});

  const Message end = ends_of(1).at(5);

  ASSERT_TRUE(end.message.has_rendered()) << end.message.failed().detail();
  const v1::EngineRendered& rendered = end.message.rendered();
  EXPECT_EQ(rendered.recipe_hash(), spec::recipe_hash(a_cell(5).recipe()).raw());
  const auto png = image::decode_png(end.attachment).value();
  EXPECT_EQ(png.image.width, 64);
  EXPECT_EQ(png.image.height, 64);
  const v1::ImageMetadata metadata = image::read_metadata(png.texts).value();
  EXPECT_EQ(metadata.recipe().SerializeAsString(), a_cell(5).recipe().SerializeAsString());
  EXPECT_EQ(metadata.provenance().job_name(), "first");
  EXPECT_EQ(metadata.backend(), "libtorch");
  EXPECT_EQ(metadata.cell(), 5U);
}

TEST_F(SessionTest, RecordsWhatCameOfThePrompts) {
  next();
  v1::RenderCell cell = a_cell(5);
  cell.mutable_recipe()->set_prompt("{cat|cat} face # mine");
  cell.mutable_recipe()->set_negative_prompt("dog");
  render({cell});

  const Message end = ends_of(1).at(5);

  ASSERT_TRUE(end.message.has_rendered()) << end.message.failed().detail();
  const auto png = image::decode_png(end.attachment).value();
  const v1::ImageMetadata metadata = image::read_metadata(png.texts).value();
  EXPECT_EQ(metadata.recipe().prompt(), "{cat|cat} face # mine");
  EXPECT_EQ(metadata.final_prompt(), "cat face ");
  EXPECT_EQ(metadata.final_negative_prompt(), "");
  ASSERT_EQ(metadata.choices_size(), 1);
  EXPECT_EQ(metadata.choices(0).written(), "{cat|cat}");
  EXPECT_EQ(metadata.choices(0).taken(), "cat");
}

TEST_F(SessionTest, RefusesAPromptThatItCannotReadOrApply) {
  next();
  v1::RenderCell schedule = a_cell(1);
  schedule.mutable_recipe()->set_prompt("[a:b:c]");
  v1::RenderCell lora = a_cell(2);
  lora.mutable_recipe()->set_prompt("cat <lora:fur:0.8>");

  const v1::EngineFailed unread = failure_of(schedule);
  const v1::EngineFailed unapplied = failure_of(lora);

  EXPECT_EQ(unread.class_(), v1::FAILURE_CLASS_INPUT);
  EXPECT_THAT(unread.detail(), HasSubstr("prompt: character 1"));
  EXPECT_EQ(unapplied.class_(), v1::FAILURE_CLASS_INPUT);
  EXPECT_THAT(unapplied.detail(), HasSubstr("the LoRA \"fur\""));
}

TEST_F(SessionTest, TellsPhasesAndEveryStep) {
  next();
  render({a_cell(0)});
  ends_of(1);

  std::vector<v1::Phase> phases;
  std::vector<std::uint32_t> steps;
  for (const Message& told : told_) {
    const v1::EngineProgress& progress = told.message.progress();
    if (phases.empty() || phases.back() != progress.phase()) phases.push_back(progress.phase());
    if (progress.phase() == v1::PHASE_DENOISING) steps.push_back(progress.step());
  }
  EXPECT_THAT(phases, testing::ElementsAre(v1::PHASE_LOADING, v1::PHASE_ENCODING,
                                           v1::PHASE_DENOISING, v1::PHASE_DECODING));
  EXPECT_THAT(steps, testing::ElementsAre(1, 2, 3));
}

TEST_F(SessionTest, ChargesEveryCellItsTime) {
  next();
  render({a_cell(0), a_cell(1)});

  for (const auto& [index, end] : ends_of(2)) {
    const v1::Timing& timing = end.message.rendered().timing();
    EXPECT_GT(timing.load(), 0);
    EXPECT_GT(timing.denoise(), 0);
    EXPECT_GT(timing.decode(), 0);
    EXPECT_NEAR(
        timing.total(),
        timing.load() + timing.encode() + timing.denoise() + timing.decode() + timing.save(), 1e-9);
  }
}

TEST_F(SessionTest, RendersMoreCellsThanItsBatchAndOfOtherSizes) {
  next();
  std::vector<v1::RenderCell> cells;
  for (std::uint64_t i = 0; i < 7; ++i) cells.push_back(a_cell(i));
  cells[2].mutable_recipe()->set_width(32);
  cells[4].mutable_recipe()->set_sampler("heun");
  cells[5].mutable_recipe()->set_guidance_scale(1);
  render(cells);

  for (const auto& [index, end] : ends_of(7))
    EXPECT_TRUE(end.message.has_rendered()) << end.message.failed().detail();
}

TEST_F(SessionTest, SaysWhatIsWrongWithACellAndGoesOn) {
  next();
  v1::RenderCell bad_size = a_cell(1);
  bad_size.mutable_recipe()->set_width(100);
  v1::RenderCell bad_sampler = a_cell(2);
  bad_sampler.mutable_recipe()->set_sampler("plms");
  v1::RenderCell no_model = a_cell(3);
  no_model.set_model_path("/nowhere/model");

  const auto size = failure_of(bad_size);
  const auto sampler = failure_of(bad_sampler);
  const auto model = failure_of(no_model);

  EXPECT_EQ(size.class_(), v1::FAILURE_CLASS_INPUT);
  EXPECT_THAT(size.detail(), HasSubstr("multiples of 8"));
  EXPECT_EQ(sampler.class_(), v1::FAILURE_CLASS_INPUT);
  EXPECT_THAT(sampler.detail(), HasSubstr("\"plms\""));
  EXPECT_EQ(model.class_(), v1::FAILURE_CLASS_REJECTED);
  EXPECT_THAT(model.detail(), HasSubstr("/nowhere/model"));
  render({a_cell(4)});
  EXPECT_TRUE(ends_of(1).at(4).message.has_rendered());
}

TEST_F(SessionTest, StopsACancelledCellBetweenSteps) {
  next();
  v1::RenderCell endless = a_cell(1);
  endless.mutable_recipe()->set_steps(900);
  render({endless, a_cell(2)});
  while (next().message.progress().phase() != v1::PHASE_DENOISING) {
  }

  v1::ToEngine cancel;
  *cancel.mutable_cancel()->mutable_token() = endless.token();
  ASSERT_TRUE(agent_->send(cancel).has_value());
  const auto ends = ends_of(2);

  EXPECT_EQ(ends.at(1).message.failed().class_(), v1::FAILURE_CLASS_CANCELLED);
  EXPECT_TRUE(ends.at(2).message.has_rendered());
}

TEST_F(SessionTest, EndsWhenItsSocketClosesInTheMiddleOfARender) {
  next();
  v1::RenderCell endless = a_cell(1);
  endless.mutable_recipe()->set_steps(900);
  render({endless});
  while (next().message.progress().phase() != v1::PHASE_DENOISING) {
  }

  agent_.reset();
  engine_.join();  // would not return before 900 steps are done

  SUCCEED();
}

TEST_F(SessionTest, EndsWhenTold) {
  next();
  v1::ToEngine stop;
  stop.mutable_stop();

  ASSERT_TRUE(agent_->send(stop).has_value());
  engine_.join();

  EXPECT_TRUE(ended_.has_value());
}

}  // namespace

}  // namespace furrow::engine
