#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/digest.h"
#include "common/spec/grid.h"
#include "furrow/v1/recipe.pb.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::test {

/// The model of this name; its content is the name.
inline v1::ModelRef model_ref(const std::string& name) {
  v1::ModelRef model;
  model.set_name(name);
  model.set_hash(sha256(name).raw());
  return model;
}

/// A resolved sweep, axis by axis. The first axis varies fastest.
class SweepBuilder {
 public:
  SweepBuilder() {
    v1::Recipe& base = *plan_.mutable_base();
    base.set_prompt("a cat face");
    base.set_seed(1);
    base.set_steps(20);
    base.set_guidance_scale(6);
    base.set_sampler("euler");
    base.set_schedule("normal");
    base.set_width(128);
    base.set_height(128);
    base.set_clip_skip(1);
    *base.mutable_model() = model_ref("cats");
  }

  SweepBuilder& with_prompt(const std::string& prompt) {
    plan_.mutable_base()->set_prompt(prompt);
    return *this;
  }

  /// Begins with the picture of this name; its content is the name.
  SweepBuilder& with_picture(const std::string& name) {
    v1::PictureRef& picture = *plan_.mutable_base()->mutable_image_to_image()->mutable_picture();
    picture.set_name(name);
    picture.set_hash(sha256(name).raw());
    return *this;
  }

  SweepBuilder& with_loras(const std::vector<std::string>& names) {
    for (const std::string& name : names) *plan_.mutable_base()->add_loras() = model_ref(name);
    return *this;
  }

  SweepBuilder& with_seeds(std::uint64_t count, std::int64_t step = 1) {
    v1::IntegerRun& run = *axis("Seed", "seed").add_integers();
    run.set_first(1);
    run.set_step(step);
    run.set_count(count);
    return *this;
  }

  SweepBuilder& with_models(const std::vector<std::string>& names) {
    v1::AxisValues& values = axis("Model", "model");
    for (const std::string& name : names) *values.add_models()->mutable_model() = model_ref(name);
    return *this;
  }

  SweepBuilder& with_samplers(const std::vector<std::string>& names) {
    v1::AxisValues& values = axis("Sampler", "sampler");
    for (const std::string& name : names) values.add_samplers()->set_sampler(name);
    return *this;
  }

  std::shared_ptr<const spec::Grid> grid() const {
    return std::make_shared<const spec::Grid>(plan_);
  }

 private:
  v1::AxisValues& axis(const std::string& label, const std::string& field) {
    v1::PlanAxis& axis = *plan_.add_axes();
    axis.set_label(label);
    axis.set_field(field);
    return *axis.mutable_values();
  }

  v1::Plan plan_;
};

inline SweepBuilder a_sweep() {
  return {};
}

/// A worker with one device that can do everything, and these models.
inline v1::Hello a_hello(const std::string& name, std::uint32_t credits,
                         const std::vector<std::string>& models = {"cats"}) {
  v1::Hello hello;
  hello.set_protocol_min(1);
  hello.set_protocol_max(1);
  hello.set_worker("uuid-" + name);
  hello.set_name(name);
  hello.set_credits(credits);
  hello.add_devices()->set_device("cpu");
  for (const std::string& model : models) *hello.add_models()->mutable_model() = model_ref(model);
  return hello;
}

}  // namespace furrow::test
