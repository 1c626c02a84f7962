#include "cli/output/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/digest.h"

namespace furrow::cli {

namespace {

using testing::ElementsAre;

std::vector<std::string> keys_of(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

/// Seeds across, guidance scales down, texts beyond: 2 × 2 × 2 cells.
v1::Plan plan_of_eight() {
  v1::Plan plan;
  plan.mutable_base()->set_prompt("a cat face");
  plan.mutable_base()->set_seed(1);
  plan.mutable_base()->set_steps(20);
  plan.mutable_base()->set_sampler("euler_a");
  plan.mutable_base()->set_schedule("normal");
  v1::PlanAxis& seeds = *plan.add_axes();
  seeds.set_label("Seed");
  seeds.set_field("seed");
  v1::IntegerRun& run = *seeds.mutable_values()->add_integers();
  run.set_first(5);
  run.set_step(2);
  run.set_count(2);
  v1::PlanAxis& scales = *plan.add_axes();
  scales.set_label("CFG scale");
  scales.set_field("guidance_scale");
  scales.mutable_values()->add_numbers(6);
  scales.mutable_values()->add_numbers(7.5);
  v1::PlanAxis& texts = *plan.add_axes();
  texts.set_label("Prompt S/R");
  texts.set_field("prompt_sr");
  texts.mutable_values()->add_texts("cat face");
  texts.mutable_values()->add_texts("dog face");
  return plan;
}

v1::JobView running_job() {
  v1::JobView job;
  job.set_id(12);
  job.set_name("first");
  job.set_state(v1::JOB_STATE_RUNNING);
  job.set_owner("ada");
  job.set_priority(3);
  job.set_created_at_ms(1'783'935'000'250);
  job.mutable_cells()->set_total(8);
  job.mutable_cells()->set_done(3);
  job.mutable_cells()->set_running(5);
  job.set_eta_s(-1);
  *job.mutable_plan() = plan_of_eight();
  return job;
}

TEST(JobJson, HasThePromisedFields) {
  const Json json = job_json(running_job());

  for (const char* field : {"schema", "id", "name", "state", "owner", "priority", "created_at",
                            "finished_at", "cells", "eta_s", "axes"}) {
    EXPECT_TRUE(json.contains(field)) << field;
  }
  EXPECT_THAT(keys_of(json["cells"]), ElementsAre("total", "pending", "running", "done", "cached",
                                                  "failed", "cancelled", "skipped", "infeasible"));
  EXPECT_EQ(json["schema"], "furrow.job/1");
  EXPECT_EQ(json["id"], 12);
  EXPECT_EQ(json["state"], "running");
  EXPECT_EQ(json["created_at"], "2026-07-13T09:30:00.250Z");
  EXPECT_TRUE(json["finished_at"].is_null());
  EXPECT_TRUE(json["eta_s"].is_null());
}

TEST(JobJson, ListsAxesWithTypedValues) {
  const Json axes = job_json(running_job())["axes"];

  ASSERT_EQ(axes.size(), 3u);
  EXPECT_EQ(axes[0],
            Json::parse(R"({"label": "Seed", "field": "seed", "count": 2, "values": [5, 7]})"));
  EXPECT_EQ(axes[1]["values"], Json::parse("[6.0, 7.5]"));
  EXPECT_EQ(axes[2]["values"], Json::parse(R"(["cat face", "dog face"])"));
}

TEST(JobJson, NamesThePicturesThatItBeginsWith) {
  v1::JobView job = running_job();
  EXPECT_EQ(job_json(job)["inputs"], Json::array());
  auto& picture = *job.mutable_plan()->mutable_base()->mutable_image_to_image()->mutable_picture();
  picture.set_name("cat.png");
  picture.set_hash(sha256("cat").raw());

  EXPECT_EQ(job_json(job)["inputs"], (Json{{{"name", "cat.png"}, {"hash", sha256("cat").hex()}}}));
}

TEST(JobJson, LeavesAxesOutWhenThereIsNoPlan) {
  v1::JobView job = running_job();
  job.clear_plan();

  EXPECT_FALSE(job_json(job).contains("axes"));
}

TEST(JobJson, SurvivesTextThatIsNoUtf8) {
  v1::JobView job;
  job.set_name("bad \xff name");

  EXPECT_NE(document(job_json(job)).find("bad \uFFFD name"), std::string::npos);
}

TEST(CellJson, HasExactlyThePromisedFields) {
  v1::CellView cell;
  cell.set_index(7);
  cell.set_state(v1::CELL_STATE_DONE);
  cell.set_attempt(2);
  cell.set_worker("node1");
  cell.set_seconds(1.5);
  cell.set_artifact(sha256("picture").raw());

  const Json json = cell_json(spec::Grid(plan_of_eight()), cell);

  EXPECT_THAT(keys_of(json), ElementsAre("index", "coordinates", "state", "attempt", "worker",
                                         "seconds", "seed", "artifact", "error"));
  EXPECT_EQ(json["coordinates"],
            Json::parse(R"({"Seed": 7, "CFG scale": 7.5, "Prompt S/R": "dog face"})"));
  EXPECT_EQ(json["seed"], 7);
  EXPECT_EQ(json["artifact"], sha256("picture").hex());
  EXPECT_TRUE(json["error"].is_null());
}

TEST(CellJson, SaysNullOfWhatIsNotYet) {
  v1::CellView cell;
  cell.set_state(v1::CELL_STATE_PENDING);

  const Json json = cell_json(spec::Grid(plan_of_eight()), cell);

  EXPECT_EQ(json["state"], "pending");
  EXPECT_TRUE(json["worker"].is_null());
  EXPECT_TRUE(json["seconds"].is_null());
  EXPECT_TRUE(json["artifact"].is_null());
}

TEST(CellJson, TellsTwoAxesOfOneLabelApart) {
  v1::Plan plan = plan_of_eight();
  *plan.add_axes() = plan.axes(2);

  const Json coordinates = coordinates_of(spec::Grid(plan), 0);

  EXPECT_THAT(keys_of(coordinates), ElementsAre("Seed", "CFG scale", "Prompt S/R", "Prompt S/R 2"));
}

TEST(StateNames, AreTheWordsOfTheDesign) {
  EXPECT_EQ(cell_state_name(v1::CELL_STATE_LEASED), "running");
  EXPECT_EQ(cell_state_name(v1::CELL_STATE_CACHED), "cached");
  EXPECT_EQ(job_state_name(v1::JOB_STATE_CANCELLED), "cancelled");
  EXPECT_EQ(job_state_name(static_cast<v1::JobState>(99)), "unknown");
}

}  // namespace

}  // namespace furrow::cli
