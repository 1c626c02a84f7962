#include "common/spec/inputs.h"

#include <algorithm>

namespace furrow::spec {

namespace {

void add(const v1::PictureRef& picture, std::vector<v1::PictureRef>& pictures) {
  const bool is_known = std::ranges::any_of(
      pictures, [&](const v1::PictureRef& known) { return known.hash() == picture.hash(); });
  if (!is_known) pictures.push_back(picture);
}

}  // namespace

// PNG: ISO/IEC 15948, 5.2. JPEG: ISO/IEC 10918-1, B.1.1.3: start of image, then a marker. WebP: RFC
// 9649, 2.4: a RIFF header, whose size is any, around "WEBP".
bool is_picture(std::string_view bytes) {
  using namespace std::string_view_literals;
  const bool is_webp =
      bytes.starts_with("RIFF"sv) && bytes.substr(0, 12).ends_with("WEBP"sv) && bytes.size() >= 12;
  return bytes.starts_with("\x89PNG\r\n\x1a\n"sv) || bytes.starts_with("\xff\xd8\xff"sv) || is_webp;
}

std::vector<v1::PictureRef> inputs_of(const v1::Recipe& recipe) {
  std::vector<v1::PictureRef> pictures;
  const v1::ImageToImage& start = recipe.image_to_image();
  if (start.has_picture()) add(start.picture(), pictures);
  if (start.inpaint().has_mask()) add(start.inpaint().mask(), pictures);
  return pictures;
}

std::vector<v1::PictureRef> inputs_of(const v1::Plan& plan) {
  // No axis varies pictures, so every cell begins with the base's.
  return inputs_of(plan.base());
}

std::string_view name_of(ModelPart part) {
  switch (part) {
    case ModelPart::Model:
      return "model";
    case ModelPart::Vae:
      return "VAE";
    case ModelPart::Lora:
      return "LoRA";
    case ModelPart::Refiner:
      return "refiner";
    case ModelPart::Upscaler:
      return "upscaler";
  }
  return "";
}

std::vector<NamedModel> models_of(const v1::Recipe& recipe) {
  std::vector<NamedModel> models = {{ModelPart::Model, &recipe.model()}};
  if (recipe.has_vae()) models.push_back({ModelPart::Vae, &recipe.vae()});
  for (const v1::ModelRef& lora : recipe.loras()) models.push_back({ModelPart::Lora, &lora});
  if (recipe.refiner().has_model()) {
    models.push_back({ModelPart::Refiner, &recipe.refiner().model()});
  }
  if (recipe.hires().has_upscaler_model()) {
    models.push_back({ModelPart::Upscaler, &recipe.hires().upscaler_model()});
  }
  return models;
}

bool have_same_models(const v1::Recipe& a, const v1::Recipe& b) {
  return std::ranges::equal(
      models_of(a), models_of(b), [](const NamedModel& one, const NamedModel& other) {
        return one.part == other.part && one.model->hash() == other.model->hash();
      });
}

}  // namespace furrow::spec
