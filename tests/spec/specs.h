#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/digest.h"
#include "common/spec/plan.h"

/// What the tests of sweeps start from.
namespace furrow::spec {

struct ModelTraits {
  std::uint32_t vae_factor = 8;
  std::uint32_t default_size = 128;
  bool vae_only = false;
  std::string_view kind = {};
};

/// A model whose content is `content`, by default its name.
inline v1::ModelOnDisk a_model(std::string_view name, const ModelTraits& traits = {},
                               std::string_view content = {}) {
  v1::ModelOnDisk model;
  model.mutable_model()->set_name(std::string(name));
  model.mutable_model()->set_hash(sha256(content.empty() ? name : content).raw());
  model.set_family("sd1");
  model.set_vae_factor(traits.vae_factor);
  model.set_default_size(traits.default_size);
  model.set_vae_only(traits.vae_only);
  model.set_kind(std::string(traits.kind));
  return model;
}

/// One SD 1.x model "emoji", the default, and one VAE "sharp".
inline Catalog a_catalog() {
  return {{a_model("emoji"), a_model("sharp", {.vae_only = true})}, "emoji"};
}

/// A picture that came with its content, which is its name.
inline v1::PictureRef a_picture(std::string_view name) {
  v1::PictureRef picture;
  picture.set_name(std::string(name));
  picture.set_hash(sha256(name).raw());
  return picture;
}

/// A sweep, written as a test reads best.
class SweepBuilder {
 public:
  SweepBuilder& prompt(std::string_view text) {
    spec_.mutable_base()->set_prompt(std::string(text));
    return *this;
  }

  SweepBuilder& negative_prompt(std::string_view text) {
    spec_.mutable_base()->set_negative_prompt(std::string(text));
    return *this;
  }

  SweepBuilder& axis(std::string_view label, std::string_view text,
                     v1::AxisRole role = v1::AXIS_ROLE_UNSPECIFIED) {
    v1::AxisSpec& axis = *spec_.add_axes();
    axis.set_label(std::string(label));
    axis.set_text(std::string(text));
    axis.set_role(role);
    return *this;
  }

  SweepBuilder& listed(std::string_view label, const std::vector<std::string>& values) {
    v1::AxisSpec& axis = *spec_.add_axes();
    axis.set_label(std::string(label));
    for (const std::string& value : values) axis.add_list(value);
    return *this;
  }

  v1::Parameters& base() { return *spec_.mutable_base(); }

  v1::JobSpec& spec() { return spec_; }

  /// Random seeds come out as 1000, 1001, …
  Result<PlanWithWarnings> plan(const Catalog& catalog = a_catalog()) const {
    std::uint32_t next = 1000;
    return make_plan(spec_, catalog, [&] { return next++; });
  }

 private:
  v1::JobSpec spec_;
};

inline SweepBuilder a_sweep() {
  return SweepBuilder();
}

}  // namespace furrow::spec
