// The axes of runs that begin with a picture, and of their masks. Setters change nothing in a
// recipe without one: a plan of ours has none of these axes then.
#include "common/spec/axis_table.h"

namespace furrow::spec {

namespace {

template <typename Change>
void in_image_to_image(v1::Recipe& recipe, Change change) {
  if (recipe.has_image_to_image()) change(*recipe.mutable_image_to_image());
}

template <typename Change>
void in_inpaint(v1::Recipe& recipe, Change change) {
  if (recipe.image_to_image().has_inpaint())
    change(*recipe.mutable_image_to_image()->mutable_inpaint());
}

/// As in A1111, the same strength is that of the second run when there is one.
void set_denoising_strength(v1::Recipe& recipe, const ValueAt& value) {
  in_image_to_image(recipe,
                    [&](v1::ImageToImage& run) { run.set_denoising_strength(number_at(value)); });
  if (recipe.has_hires()) recipe.mutable_hires()->set_denoising_strength(number_at(value));
}

void set_resize_mode(v1::Recipe& recipe, const ValueAt& value) {
  in_image_to_image(recipe, [&](v1::ImageToImage& run) {
    run.set_resize_mode(static_cast<v1::ResizeMode>(choice_at(value, resize_modes())));
  });
}

void set_image_guidance_scale(v1::Recipe& recipe, const ValueAt& value) {
  in_image_to_image(recipe,
                    [&](v1::ImageToImage& run) { run.set_image_guidance_scale(number_at(value)); });
}

void set_mask_blur(v1::Recipe& recipe, const ValueAt& value) {
  in_inpaint(recipe, [&](v1::Inpaint& inpaint) { inpaint.set_blur(number_at(value)); });
}

void set_mask_invert(v1::Recipe& recipe, const ValueAt& value) {
  in_inpaint(recipe, [&](v1::Inpaint& inpaint) { inpaint.set_inverted(truth_at(value)); });
}

void set_masked_content(v1::Recipe& recipe, const ValueAt& value) {
  in_inpaint(recipe, [&](v1::Inpaint& inpaint) {
    inpaint.set_content(static_cast<v1::MaskedContent>(choice_at(value, masked_contents())));
  });
}

void set_only_masked(v1::Recipe& recipe, const ValueAt& value) {
  in_inpaint(recipe, [&](v1::Inpaint& inpaint) { inpaint.set_only_masked(truth_at(value)); });
}

void set_mask_padding(v1::Recipe& recipe, const ValueAt& value) {
  in_inpaint(recipe, [&](v1::Inpaint& inpaint) { inpaint.set_padding(small_at(value)); });
}

}  // namespace

// clang-format off
// field, label, type, cost, speaks for itself, aliases, how it is set, limits, needs, options

std::vector<AxisKind> picture_axes() {
  using enum AxisType;
  return {
      {"denoising_strength", "Denoising strength", Number, 0, false,
       {"Denoising", "[Param] Denoising strength", "Strength"}, set_denoising_strength, {0, 1},
       Needs::PictureOrHires},
      {"resize_mode", "Resize mode", Choice, 0, false, {}, set_resize_mode, {}, Needs::Picture, resize_modes},
      {"image_guidance_scale", "Image CFG scale", Number, 0, false,
       {"Image CFG Scale", "[Guidance] Image scale", "CFG image"}, set_image_guidance_scale, {0, 1000, 30},
       Needs::Picture},
      {"mask_blur", "Mask blur", Number, 0, false, {}, set_mask_blur, {0, 256, 64}, Needs::Mask},
      {"mask_invert", "Mask mode", Choice, 0, false, {"Inpainting mask invert"}, set_mask_invert, {},
       Needs::Mask, mask_modes},
      {"masked_content", "Masked content", Choice, 0, false, {"Inpainting fill"}, set_masked_content, {},
       Needs::Mask, masked_contents},
      {"only_masked", "Inpaint area", Choice, 0, false, {"Inpaint full res"}, set_only_masked, {}, Needs::Mask,
       inpaint_areas},
      {"mask_padding", "Masked area padding", Integer, 0, false,
       {"Inpaint full res padding", "Only masked padding"}, set_mask_padding, {0, 4096, 256}, Needs::Mask},
  };
}

// clang-format on

}  // namespace furrow::spec
