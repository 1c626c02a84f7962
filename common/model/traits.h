#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace furrow::model {

/// What weights are for.
enum class Kind {
  Checkpoint,   ///< a network with what it needs besides, in one file or a folder
  Network,      ///< a UNet or transformer alone
  Vae,          ///< an autoencoder alone
  TextEncoder,  ///< one text encoder alone
  Lora,         ///< changes of a model's weights, of any form (LoRA, LoHa, LoKr, …)
  Embedding,    ///< vectors for the text encoders' vocabularies
  ControlNet,
  T2iAdapter,
  IpAdapter,
  Upscaler,
};

/// "checkpoint", "network", "vae", "text_encoder", "lora", …
std::string_view name_of(Kind kind);

/// What a network takes besides the latent.
enum class Variant {
  Plain,
  Inpaint,   ///< a mask and the masked picture
  Instruct,  ///< a picture to be edited (InstructPix2Pix)
  Other,     ///< something else: depth, a small picture to be enlarged
};

/// "", "inpaint", "ip2p", "other".
std::string_view name_of(Variant variant);

enum class Prediction { Unknown, Epsilon, V, Flow };

/// "", "epsilon", "v_prediction", "flow".
std::string_view name_of(Prediction prediction);

/// What a model is, by its configs or by the names and shapes of its tensors, never by its name or
/// size.
struct Traits {
  Kind kind = Kind::Checkpoint;
  /// "sd1", "sd2", "sdxl", "sdxl_refiner", "sd3", "flux"; empty: nothing tells, or it serves
  /// several.
  std::string family;
  Variant variant = Variant::Plain;
  Prediction prediction = Prediction::Unknown;
  bool has_zero_terminal_snr = false;
  /// Its networks as diffusers calls them ("unet", "text_encoder_2"), sorted; empty: it has none.
  std::vector<std::string> parts;
  std::string note;                ///< what else people should know; a few words, may be empty
  std::uint32_t vae_factor = 0;    ///< pixels a latent cell; 0: it makes no pictures
  std::uint32_t default_size = 0;  ///< pixels of a side it was trained for; 0: as above

  bool operator==(const Traits&) const = default;
};

/// The size that the released models of a family were trained for: 512, from SDXL on 1024; of
/// Stable Diffusion 2.x those that predict v 768.
std::uint32_t default_size_of(std::string_view family, Prediction prediction);

enum class Layout { Folder, SingleFile };

/// Whether the engine renders with it: a whole model, or what goes with one (a VAE, a LoRA, an
/// upscaler). Workers tell the farm of nothing else.
bool engine_renders(const Traits& traits, Layout layout);

/// "an sdxl LoRA", "an sd1 checkpoint (inpaint)": for sentences.
std::string phrase_of(const Traits& traits);

}  // namespace furrow::model
