#include <cstdint>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/model/model_folder.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/memory_file.h"

namespace {

// What a folder has besides what is fuzzed; the content does not matter.
void write_constant_files(const furrow::fuzz::MemoryFolder& folder) {
  for (const char* file :
       {"tokenizer/vocab.json", "tokenizer/merges.txt", "scheduler/scheduler_config.json",
        "text_encoder/config.json", "text_encoder/model.safetensors", "unet/a.safetensors",
        "vae/diffusion_pytorch_model.safetensors"}) {
    folder.write(file, "{}");
  }
}

}  // namespace

// The JSON files of a model's folder that are looked into, each ended by a zero: the index, the
// VAE's and the UNet's config, and the list of the UNet's shards.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace furrow;
  static const fuzz::MemoryFolder kFolder;
  static const bool kIsReady = (write_constant_files(kFolder), true);
  fuzz::FuzzInput input(data, size);
  for (const char* file : {"model_index.json", "vae/config.json", "unet/config.json",
                           "unet/diffusion_pytorch_model.safetensors.index.json"}) {
    kFolder.write(file, input.take_text());
  }

  const auto vae = model::open_model_folder(kFolder.path() / "vae");
  const auto opened = model::open_model_folder(kFolder.path());

  FURROW_CHECK(kIsReady, "the files are there");
  FURROW_CHECK(!vae || vae->traits.kind == model::Kind::Vae, "a VAE is no whole model");
  if (!opened) {
    FURROW_CHECK(is_valid_utf8(opened.error().message), "a message can be shown");
    return 0;
  }
  FURROW_CHECK(opened->traits.vae_factor >= 1 && opened->traits.vae_factor <= 128,
               "the VAE has a few levels");
  FURROW_CHECK(opened->traits.default_size > 0, "a picture has a size");
  for (const auto& file : opened->content) {
    FURROW_CHECK(std::filesystem::is_regular_file(kFolder.path() / file), "its files are there");
  }
  return 0;
}
