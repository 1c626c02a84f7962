#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "tests/support/temporary_folder.h"
#include "worker/sim/profile.h"

namespace furrow::worker::sim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(SimProfile, NothingIsTheDefaultProfile) {
  const auto profile = parse_profile("");

  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->max_batch, 4u);
  EXPECT_EQ(profile->image, Pictures::Solid);
}

TEST(SimProfile, ReadsEveryKeyFromYaml) {
  const auto profile = parse_profile(R"(
name: RTX 4090
memory_gib: 24
max_batch: 16
precision: bf16
load_seconds: 2.5
encode_seconds: 0.1
seconds_per_step: 0.02
seconds_per_step_megapixel: 0.08
batch_cost: 0.25
decode_seconds: 0.05
time_scale: 0.01
image: none
zero_work: true
seed: 42
faults:
  crash_rate: 0.01
  crash_signal: 6
  hang_rate: 0.02
  oom_above_megapixels: 4
  fail: [{class: nan, rate: 0.1}, {class: gpu_fault, rate: 0.2}]
)");

  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->name, "RTX 4090");
  EXPECT_EQ(profile->memory_gib, 24);
  EXPECT_EQ(profile->max_batch, 16u);
  EXPECT_EQ(profile->precision, "bf16");
  EXPECT_EQ(profile->load_seconds, 2.5);
  EXPECT_EQ(profile->encode_seconds, 0.1);
  EXPECT_EQ(profile->seconds_per_step, 0.02);
  EXPECT_EQ(profile->seconds_per_step_megapixel, 0.08);
  EXPECT_EQ(profile->batch_cost, 0.25);
  EXPECT_EQ(profile->decode_seconds, 0.05);
  EXPECT_EQ(profile->time_scale, 0.01);
  EXPECT_EQ(profile->image, Pictures::None);
  EXPECT_TRUE(profile->zero_work);
  EXPECT_EQ(profile->seed, 42u);
  EXPECT_EQ(profile->crash_rate, 0.01);
  EXPECT_EQ(profile->crash_signal, 6);
  EXPECT_EQ(profile->hang_rate, 0.02);
  EXPECT_EQ(profile->oom_above_megapixels, 4);
  ASSERT_EQ(profile->fail.size(), 2u);
  EXPECT_EQ(profile->fail[1].failure, v1::FAILURE_CLASS_GPU_FAULT);
  EXPECT_EQ(profile->fail[1].rate, 0.2);
}

TEST(SimProfile, JsonIsReadToo) {
  const auto profile = parse_profile(R"({"max_batch": 8, "faults": {"hang_rate": 1}})");

  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->max_batch, 8u);
  EXPECT_EQ(profile->hang_rate, 1);
}

TEST(SimProfile, NamesEveryFaultWithItsLine) {
  const auto profile = parse_profile("max_bach: 4\nload_seconds: soon\nfaults:\n  crash_rate: 2\n");

  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(profile.error().message,
              AllOf(HasSubstr("line 1: \"max_bach\""), HasSubstr("Did you mean \"max_batch\"?"),
                    HasSubstr("line 2: load_seconds"), HasSubstr("line 4: crash_rate")));
}

TEST(SimProfile, RefusesWhatIsOutOfRangeOrOfAnotherKind) {
  for (const char* text :
       {"max_batch: 0", "max_batch: -1", "max_batch: 2.5", "seed: -1", "time_scale: -1",
        "image: gradient", "zero_work: maybe", "faults: [1]", "faults: {fail: nan}",
        "faults: {fail: [{rate: 0.5}]}", "faults: {fail: [{class: sick}]}", "name: [a]",
        "just a text", "- a\n- list", "memory_gib: .nan"}) {
    EXPECT_FALSE(parse_profile(text)) << text;
  }
}

TEST(SimProfile, TextThatIsNoYamlIsAnErrorWithItsLine) {
  const auto profile = parse_profile("name: x\nfaults: {");

  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error().message, HasSubstr("line "));
}

TEST(SimProfile, ErrorsOfAFileNameTheFile) {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "gpu.yaml";
  ASSERT_TRUE(write_file(path, "a: 1\nb: 2\n", Durability::Cached));

  const auto profile = read_profile(path);

  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error().message, AllOf(HasSubstr(path.string() + ": line 1"),
                                             HasSubstr("\n" + path.string() + ": line 2")));
  EXPECT_EQ(read_profile(folder.path() / "none").error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace furrow::worker::sim
