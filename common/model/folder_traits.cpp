#include "common/model/folder_traits.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "common/base/files.h"
#include "common/base/json.h"

namespace furrow::model {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// The pipelines of diffusers that run the families that are known here.
constexpr std::array kUNetPipelines = std::to_array<std::string_view>(
    {"StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline",
     "StableDiffusionInstructPix2PixPipeline", "StableDiffusionDepth2ImgPipeline",
     "StableDiffusionUpscalePipeline", "StableDiffusionXLPipeline",
     "StableDiffusionXLImg2ImgPipeline", "StableDiffusionXLInpaintPipeline",
     "StableDiffusionXLInstructPix2PixPipeline"});
constexpr std::array kSd3Pipelines =
    std::to_array<std::string_view>({"StableDiffusion3Pipeline", "StableDiffusion3Img2ImgPipeline",
                                     "StableDiffusion3InpaintPipeline"});
constexpr std::array kFluxPipelines = std::to_array<std::string_view>(
    {"FluxPipeline", "FluxImg2ImgPipeline", "FluxInpaintPipeline", "FluxFillPipeline"});

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Unexpected invalid(std::string what) {
  return fail(ErrorKind::Invalid, std::move(what));
}

std::int64_t integer_of(const Json& config, const char* key, std::int64_t otherwise) {
  const auto found = config.find(key);
  return found != config.end() && found->is_number_integer() ? found->get<std::int64_t>()
                                                             : otherwise;
}

/// By what the network was built to take: classes and names are reused across families.
std::string family_of_unet(const Json& config) {
  const auto context = integer_of(config, "cross_attention_dim", 0);
  const auto embedding = config.find("addition_embed_type");
  constexpr std::int64_t kRefinerContext = 1280;
  if (embedding != config.end() && *embedding == "text_time")
    return context == kRefinerContext ? "sdxl_refiner" : "sdxl";
  const auto linear = config.find("use_linear_projection");
  return linear != config.end() && *linear == true ? "sd2" : "sd1";
}

Variant variant_of_unet(const Json& config) {
  const auto channels = integer_of(config, "in_channels", 4);
  if (channels == 4) return Variant::Plain;
  if (channels == 9) return Variant::Inpaint;
  return channels == 8 ? Variant::Instruct : Variant::Other;
}

Prediction prediction_of(const Json& scheduler) {
  const auto type = scheduler.find("prediction_type");
  if (type == scheduler.end() || *type == "epsilon") return Prediction::Epsilon;
  return *type == "v_prediction" ? Prediction::V : Prediction::Unknown;
}

}  // namespace

Result<Json> read_json_object(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored))
    return invalid(fmt::format("The file {} is missing.", path.string()));
  FURROW_TRY(const std::string text, read_file(path));
  Json json = parse_json(text);
  if (!json.is_object()) return invalid(fmt::format("{} is not a JSON object.", path.string()));
  return json;
}

std::string class_of(const Json& config) {
  const auto name = config.find("_class_name");
  return name != config.end() && name->is_string() ? name->get<std::string>() : std::string();
}

FamilyParts parts_of(std::string_view family) {
  if (family == "sdxl")
    return {"unet", {"text_encoder", "text_encoder_2"}, {"tokenizer", "tokenizer_2"}};
  if (family == "sdxl_refiner") return {"unet", {"text_encoder_2"}, {"tokenizer_2"}};
  if (family == "sd3")
    return {"transformer",
            {"text_encoder", "text_encoder_2", "text_encoder_3"},
            {"tokenizer", "tokenizer_2", "tokenizer_3"}};
  if (family == "flux")
    return {"transformer", {"text_encoder", "text_encoder_2"}, {"tokenizer", "tokenizer_2"}};
  return {"unet", {"text_encoder"}, {"tokenizer"}};
}

Result<Traits> read_pipeline_traits(const fs::path& folder, const Json& index) {
  const std::string name = class_of(index);
  const bool is_flux = contains(kFluxPipelines, name);
  const bool has_unet = contains(kUNetPipelines, name);
  if (!has_unet && !is_flux && !contains(kSd3Pipelines, name)) {
    return invalid(
        fmt::format("{} is a {}, which is not supported yet. Known are the pipelines of Stable "
                    "Diffusion 1.x, 2.x, XL, 3 and Flux.",
                    folder.string(), name.empty() ? "model of no class" : name));
  }
  FURROW_TRY(const Json network,
             read_json_object(folder / (has_unet ? "unet" : "transformer") / "config.json"));
  FURROW_TRY(const Json scheduler,
             read_json_object(folder / "scheduler" / "scheduler_config.json"));
  Traits traits;
  traits.kind = Kind::Checkpoint;
  if (!has_unet) {
    traits.family = is_flux ? "flux" : "sd3";
    traits.prediction = Prediction::Flow;
    // Fill takes the mask and the masked picture behind the 64 channels of the latent.
    const bool inpaints = is_flux && integer_of(network, "in_channels", 64) == 384;
    if (inpaints) traits.variant = Variant::Inpaint;
    return traits;
  }
  traits.family = family_of_unet(network);
  traits.variant = variant_of_unet(network);
  traits.prediction = prediction_of(scheduler);
  const auto rescale = scheduler.find("rescale_betas_zero_snr");
  traits.has_zero_terminal_snr = rescale != scheduler.end() && *rescale == true;
  return traits;
}

}  // namespace furrow::model
