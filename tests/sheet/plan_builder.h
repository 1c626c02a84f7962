#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/spec/grid.h"

namespace furrow::sheet {

/// A plan as make_plan would return it: `a_plan().with_seeds(3).with_prompts({"cat", "dog"})`.
class PlanBuilder {
 public:
  explicit PlanBuilder(std::uint32_t width, std::uint32_t height) {
    v1::Recipe& base = *plan_.mutable_base();
    base.set_prompt("a cat");
    base.set_steps(20);
    base.set_guidance_scale(7);
    base.set_sampler("euler_a");
    base.set_schedule("normal");
    base.set_width(width);
    base.set_height(height);
    base.set_clip_skip(1);
  }

  PlanBuilder& with_seeds(std::uint64_t count, v1::AxisRole role = v1::AXIS_ROLE_UNSPECIFIED) {
    return with_integers("Seed", "seed", count, role);
  }

  PlanBuilder& with_steps(std::uint64_t count, v1::AxisRole role = v1::AXIS_ROLE_UNSPECIFIED) {
    return with_integers("Steps", "steps", count, role);
  }

  PlanBuilder& with_clip_skips(std::uint64_t count, v1::AxisRole role = v1::AXIS_ROLE_UNSPECIFIED) {
    return with_integers("Clip skip", "clip_skip", count, role);
  }

  PlanBuilder& with_scales(std::vector<double> scales,
                           v1::AxisRole role = v1::AXIS_ROLE_UNSPECIFIED) {
    v1::AxisValues& values = add("CFG scale", "guidance_scale", role);
    for (const double scale : scales) values.add_numbers(scale);
    return *this;
  }

  PlanBuilder& with_prompts(std::vector<std::string> prompts,
                            v1::AxisRole role = v1::AXIS_ROLE_UNSPECIFIED) {
    v1::AxisValues& values = add("Prompt", "prompt", role);
    for (std::string& prompt : prompts) values.add_texts(std::move(prompt));
    return *this;
  }

  PlanBuilder& with_sizes(const std::vector<std::pair<std::uint32_t, std::uint32_t>>& sizes) {
    v1::AxisValues& values = add("Size", "size", v1::AXIS_ROLE_UNSPECIFIED);
    for (const auto& [width, height] : sizes) {
      v1::SizeValue& size = *values.add_sizes();
      size.set_width(width);
      size.set_height(height);
    }
    return *this;
  }

  spec::Grid grid() const { return spec::Grid(plan_); }

 private:
  v1::AxisValues& add(const char* label, const char* field, v1::AxisRole role) {
    v1::PlanAxis& axis = *plan_.add_axes();
    axis.set_label(label);
    axis.set_field(field);
    axis.set_role(role);
    return *axis.mutable_values();
  }

  PlanBuilder& with_integers(const char* label, const char* field, std::uint64_t count,
                             v1::AxisRole role) {
    v1::IntegerRun& run = *add(label, field, role).add_integers();
    run.set_first(1);
    run.set_step(1);
    run.set_count(count);
    return *this;
  }

  v1::Plan plan_;
};

inline PlanBuilder a_plan(std::uint32_t width = 64, std::uint32_t height = 64) {
  return PlanBuilder(width, height);
}

}  // namespace furrow::sheet
