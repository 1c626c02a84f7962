// Whole checkpoints in the original layouts: what every tensor becomes, byte for byte, and what the
// networks that are loaded from them compute.

#include "worker/engine/weights/single_file.h"

#include <set>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/digest.h"
#include "common/weights/single_file_configs.h"
#include "tests/golden_runner/families.h"
#include "tests/golden_runner/families/added_inputs.h"
#include "tests/golden_runner/families/text_outputs.h"
#include "tests/golden_runner/or_throw.h"
#include "worker/engine/model/network_loader.h"
#include "worker/engine/nn/autoencoder.h"
#include "worker/engine/nn/clip_text.h"
#include "worker/engine/nn/unet.h"
#include "worker/engine/weights/tensors.h"

namespace furrow::golden {

namespace {

using engine::weights::Checkpoint;
using engine::weights::SingleFile;
using engine::weights::SingleFileMap;
using nlohmann::json;

at::Tensor scalar(std::int64_t value) {
  return at::scalar_tensor(value, at::kLong);
}

// The name of the family that a case is about; empty where it does not say.
std::string_view expected_family(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kFamilies = {{
      {"refiner", "sdxl_refiner"},
      {"sdxl", "sdxl"},
      {"sd1", "sd1"},
      {"sd2", "sd2"},
      {"sd3", "sd3"},
      {"sd35", "sd3"},
      {"flux", "flux"},
  }};
  for (const auto& [part, family] : kFamilies) {
    if (name.find(part) != std::string::npos) return family;
  }
  return "";
}

void check_family(const Case& c, const engine::weights::ModelTraits& traits, Verdict& verdict) {
  const auto expected = expected_family(c.name);
  if (expected.empty()) return;
  verdict.expect(name_of(traits.family) == expected,
                 fmt::format("taken for {}, is {}", name_of(traits.family), expected));
}

// The names that a row of keys.json should become: one, several, or "" for none.
std::vector<std::string> expected_names(const json& row) {
  if (row.at(2).is_array()) return row.at(2).get<std::vector<std::string>>();
  const auto name = row.at(2).get<std::string>();
  return name.empty() ? std::vector<std::string>{} : std::vector<std::string>{name};
}

// What the shapes tell of each network's config, where the case gives it.
void check_configs(const Case& c, const engine::weights::TensorShapes& shapes,
                   const SingleFileMap& map, Verdict& verdict) {
  const auto expected = c.config.value("component_configs", json::object());
  for (const auto& [component, config] : expected.items()) {
    const auto inferred = or_throw(engine::weights::infer_config(shapes, map, component));
    for (const auto& [key, value] : inferred.items()) {
      if (!config.contains(key) || config.at(key) == value) continue;
      verdict.expect(false, fmt::format("{} {}: expected {}, inferred {}", component, key,
                                        config.at(key).dump(), value.dump()));
    }
  }
}

// Names and shapes alone.
void check_keys(const Case& c, Verdict& verdict) {
  const auto groups = c.read_json("keys.json");
  engine::weights::TensorShapes shapes;
  for (const auto& group : groups) {
    for (const auto& row : group.at("rows")) {
      shapes.emplace(group.at("prefix").get<std::string>() + row.at(0).get<std::string>(),
                     row.at(1).get<engine::weights::Shape>());
    }
  }
  const auto map = or_throw(SingleFileMap::of(shapes));
  check_family(c, map.traits(), verdict);
  std::int64_t count = 0;
  for (const auto& group : groups) {
    const auto component = group.at("component").get<std::string>();
    for (const auto& row : group.at("rows")) {
      const auto name = group.at("prefix").get<std::string>() + row.at(0).get<std::string>();
      const auto place = map.place(name, shapes.at(name));
      std::vector<std::string> names;
      if (place) {
        for (const auto& piece : place->pieces) names.push_back(piece.name);
      }
      const bool is_right = place && names == expected_names(row) &&
                            place->component == (component == "ignored" ? "" : component);
      verdict.expect(is_right,
                     fmt::format("{}: expected {} {}, got {} {}", name, component,
                                 expected_names(row), place ? place->component : "nothing", names));
      if (is_right) ++count;
    }
  }
  verdict.compare(c, "out.count", scalar(count));
  check_configs(c, shapes, map, verdict);
}

// The first digits of the hash of a weight's bytes in float32.
std::string hash_of(const Checkpoint::Entry& entry) {
  const auto value = engine::weights::change_layout(
                         or_throw(engine::weights::read_as(entry.tensor, {})), entry.change)
                         .contiguous();
  const std::string_view bytes(static_cast<const char*>(value.data_ptr()), value.nbytes());
  return sha256(bytes).hex().substr(0, 16);
}

// Every tensor of every component, no more and no fewer; gives their number.
std::int64_t check_tensors(const Case& c, const SingleFile& file, Verdict& verdict) {
  const auto expected = c.read_json("expected_tensors.json");
  std::int64_t count = 0;
  for (const auto& [component, hashes] : expected.items()) {
    const auto checkpoint = or_throw(file.component(component));
    for (const auto& [name, entry] : checkpoint.entries()) {
      verdict.expect(hashes.contains(name), fmt::format("{} {} is too many", component, name));
    }
    for (const auto& [name, hash] : hashes.items()) {
      const auto* entry = checkpoint.find(name);
      verdict.expect(entry != nullptr && hash_of(*entry) == hash.get<std::string>(),
                     fmt::format("{} {} is {}", component, name,
                                 entry == nullptr ? "missing" : "another tensor"));
      ++count;
    }
  }
  verdict.expect(file.unknown().empty(), fmt::format("unknown: {}", file.unknown()));
  return count;
}

template <typename Config>
Config config_of(const Case& c, const std::string& component) {
  return or_throw(Config::read(c.read_json(component + "_config.json")));
}

template <typename Net, typename Config>
engine::Loaded<Net> load(const Case& c, const SingleFile& file, const std::string& component,
                         engine::weights::KeyMap key_map) {
  const auto checkpoint = or_throw(file.component(component, key_map));
  return or_throw(engine::build_adaptable<Net>(checkpoint, config_of<Config>(c, component), {}));
}

void check_text_encoder(const Case& c, const SingleFile& file, const std::string& component,
                        Verdict& verdict) {
  const auto encoder = load<engine::nn::ClipText, engine::nn::ClipTextConfig>(
      c, file, component, engine::weights::clip_text_key);
  const auto out = encoder->forward(c.tensor(fmt::format("in.{}.input_ids", component)));
  compare_text_outputs(c, verdict, fmt::format("out.{}.", component), out);
}

void check_autoencoder(const Case& c, const SingleFile& file, Verdict& verdict) {
  const auto vae = load<engine::nn::AutoencoderKl, engine::nn::AutoencoderConfig>(
      c, file, "vae", engine::weights::same_key);
  verdict.compare(c, "out.vae_moments", vae->encode(c.tensor("in.image")));
  verdict.compare(c, "out.vae_decoded", vae->decode(c.tensor("in.latents")));
}

void check_unet(const Case& c, const SingleFile& file, Verdict& verdict) {
  const auto unsupported = engine::nn::UNetConfig::unsupported(c.read_json("unet_config.json"));
  if (!unsupported.empty()) {
    verdict.leave_out("out.unet_sample");
    return;
  }
  const auto unet =
      load<engine::nn::UNet, engine::nn::UNetConfig>(c, file, "unet", engine::weights::same_key);
  verdict.compare(c, "out.unet_sample",
                  unet->forward(c.tensor("in.sample"), c.tensor("in.timestep"),
                                c.tensor("in.encoder_hidden_states"), added_inputs(c)));
}

}  // namespace

Verdict check_single_file(const Case& c) {
  Verdict verdict;
  if (std::filesystem::exists(c.folder / "keys.json")) {
    check_keys(c, verdict);
    return verdict;
  }
  const auto file = or_throw(SingleFile::open(c.folder / "model.safetensors"));
  check_family(c, file.traits(), verdict);
  const auto count = check_tensors(c, file, verdict);
  if (c.has("out.count")) verdict.compare(c, "out.count", scalar(count));
  if (!c.config.contains("components")) return verdict;
  for (const auto& component : c.config.at("components").get<std::vector<std::string>>()) {
    if (component == "unet") {
      check_unet(c, file, verdict);
    } else if (component == "vae") {
      check_autoencoder(c, file, verdict);
    } else {
      check_text_encoder(c, file, component, verdict);
    }
  }
  return verdict;
}

}  // namespace furrow::golden
