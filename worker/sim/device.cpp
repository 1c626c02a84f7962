#include "worker/sim/device.h"

#include <algorithm>
#include <utility>

#include "common/base/version.h"
#include "common/image/image.h"
#include "common/image/infotext.h"
#include "common/image/png.h"
#include "common/spec/inputs.h"
#include "common/spec/recipe.h"
#include "common/spec/sampler_names.h"

namespace furrow::worker::sim {

namespace {

constexpr double kPixelsPerMegapixel = 1e6;
constexpr double kBytesPerGib = 1024.0 * 1024.0 * 1024.0;

enum Salt : std::uint64_t { kCrash = 1, kHang, kFail };

double megapixels(const v1::Recipe& recipe) {
  return static_cast<double>(recipe.width()) * recipe.height() / kPixelsPerMegapixel;
}

bool step_together(const v1::Recipe& a, const v1::Recipe& b) {
  return a.width() == b.width() && a.height() == b.height() && a.model().hash() == b.model().hash();
}

bool is_same(const v1::Token& a, const v1::Token& b) {
  return a.job() == b.job() && a.cell() == b.cell() && a.attempt() == b.attempt();
}

/// SplitMix64's finaliser (Steele, Lea, Flood 2014).
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// What the recipe names and no file was given for: "picture cat.png"; empty: nothing.
std::string missing_file(const v1::RenderCell& cell) {
  const auto is_given = [&cell](const std::string& hash) {
    return std::ranges::any_of(cell.files(), [&](const v1::LocalFile& file) {
      return file.hash() == hash && !file.path().empty();
    });
  };
  for (const auto& picture : spec::inputs_of(cell.recipe())) {
    if (!is_given(picture.hash())) return "picture " + picture.name();
  }
  for (const auto& [part, model] : spec::models_of(cell.recipe())) {
    const bool has_path = part == spec::ModelPart::Model || part == spec::ModelPart::Vae;
    if (!has_path && !is_given(model->hash())) {
      return std::string(name_of(part)) + " " + model->name();
    }
  }
  return {};
}

}  // namespace

Device::Device(Profile profile, std::string device)
    : profile_(std::move(profile)), device_(std::move(device)) {}

v1::EngineHello Device::hello() const {
  v1::EngineHello hello;
  hello.set_protocol(kEngineProtocol);
  hello.set_backend("sim");
  hello.set_version(std::string("furrow ") + kVersion + ", simulated");
  hello.set_device(device_);
  hello.set_device_name(profile_.name);
  hello.set_memory_bytes(static_cast<std::uint64_t>(profile_.memory_gib * kBytesPerGib));
  hello.set_max_batch(profile_.max_batch);
  hello.set_precision(profile_.precision);
  hello.add_families("sd1");
  for (const auto& sampler : spec::samplers()) hello.add_samplers(std::string(sampler.name));
  return hello;
}

void Device::render(v1::Render render) {
  for (auto& cell : *render.mutable_cells()) {
    if (refuse(cell)) continue;
    if (profile_.zero_work) {
      answer_at_once(cell);
    } else {
      waiting_.push_back({std::move(cell), 0, false, {}});
    }
  }
}

void Device::answer_at_once(const v1::RenderCell& cell) {
  Received<v1::FromEngine> answer;
  auto& rendered = *answer.message.mutable_rendered();
  *rendered.mutable_token() = cell.token();
  rendered.set_recipe_hash(spec::recipe_hash(cell.recipe()).raw());
  said_.push_back(std::move(answer));
}

/// Cells that fail before they begin.
bool Device::refuse(const v1::RenderCell& cell) {
  if (const auto missing = missing_file(cell); !missing.empty()) {
    say_failed(cell.token(), v1::FAILURE_CLASS_INPUT, "no file was given for " + missing);
    return true;
  }
  const double size = megapixels(cell.recipe());
  if (profile_.oom_above_megapixels > 0 && size > profile_.oom_above_megapixels) {
    say_failed(cell.token(), v1::FAILURE_CLASS_OOM,
               "the simulated device has no memory for " + std::to_string(cell.recipe().width()) +
                   " x " + std::to_string(cell.recipe().height()) + " pixels");
    return true;
  }
  double drawn = chance(cell.token(), kFail);
  for (const auto& fail : profile_.fail) {
    drawn -= fail.rate;
    if (drawn >= 0) continue;
    say_failed(cell.token(), fail.failure, "the profile of the simulated device says so");
    return true;
  }
  return false;
}

void Device::cancel(const v1::Token& token) {
  const auto is_it = [&token](const Cell& cell) { return is_same(cell.request.token(), token); };
  const auto removed = std::erase_if(waiting_, is_it) + std::erase_if(batch_, is_it);
  if (removed > 0) say_failed(token, v1::FAILURE_CLASS_CANCELLED, "cancelled");
}

Device::Tick Device::tick() {
  Tick tick;
  tick.said = std::exchange(said_, {});
  if (!tick.said.empty()) return tick;
  fill_batch();
  if (needs_load()) {
    load(tick);
  } else if (std::any_of(batch_.begin(), batch_.end(),
                         [](const Cell& cell) { return !cell.is_encoded; })) {
    encode(tick);
  } else {
    step(tick);
  }
  return tick;
}

void Device::fill_batch() {
  if (batch_.empty()) {
    batch_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  for (auto cell = waiting_.begin();
       cell != waiting_.end() && batch_.size() < profile_.max_batch;) {
    if (step_together(cell->request.recipe(), batch_.front().request.recipe())) {
      batch_.push_back(std::move(*cell));
      cell = waiting_.erase(cell);
    } else {
      ++cell;
    }
  }
}

bool Device::needs_load() const {
  return batch_.front().request.recipe().model().hash() != loaded_;
}

/// Says that it begins in one tick and takes its time in the next.
void Device::load(Tick& tick) {
  if (!std::exchange(is_loading_, true)) {
    for (const auto& cell : batch_) say_progress(tick, cell, v1::PHASE_LOADING);
    return;
  }
  is_loading_ = false;
  loaded_ = batch_.front().request.recipe().model().hash();
  tick.busy = busy_for(profile_.load_seconds);
  const double share = to_seconds(tick.busy) / static_cast<double>(batch_.size());
  for (auto& cell : batch_) cell.timing.set_load(share);
}

void Device::encode(Tick& tick) {
  tick.busy = busy_for(profile_.encode_seconds);
  for (auto& cell : batch_) {
    if (std::exchange(cell.is_encoded, true)) continue;
    cell.timing.set_encode(to_seconds(tick.busy) / static_cast<double>(batch_.size()));
    say_progress(tick, cell, v1::PHASE_ENCODING);
  }
}

void Device::step(Tick& tick) {
  const auto& recipe = batch_.front().request.recipe();
  const double alone =
      profile_.seconds_per_step + profile_.seconds_per_step_megapixel * megapixels(recipe);
  const auto others = static_cast<double>(batch_.size() - 1);
  tick.busy = busy_for(alone * (1 + profile_.batch_cost * others));
  const double share = to_seconds(tick.busy) / static_cast<double>(batch_.size());
  for (auto& cell : batch_) {
    ++cell.step;
    cell.timing.set_denoise(cell.timing.denoise() + share);
    say_progress(tick, cell, v1::PHASE_DENOISING);
    tick.end = std::max(tick.end, fate_of(cell));
  }
  if (tick.end == End::None) decode_finished(tick);
}

void Device::decode_finished(Tick& tick) {
  const auto is_done = [](const Cell& cell) { return cell.step >= cell.request.recipe().steps(); };
  for (auto& cell : batch_) {
    if (!is_done(cell)) continue;
    const auto busy = busy_for(profile_.decode_seconds);
    tick.busy += busy;
    auto& timing = cell.timing;
    timing.set_decode(to_seconds(busy));
    timing.set_total(timing.load() + timing.encode() + timing.denoise() + timing.decode());
    say_progress(tick, cell, v1::PHASE_DECODING);
    say_rendered(tick.said, cell);
  }
  std::erase_if(batch_, is_done);
}

Device::End Device::fate_of(const Cell& cell) const {
  if (cell.step != (cell.request.recipe().steps() + 1) / 2) return End::None;
  const auto& token = cell.request.token();
  if (chance(token, kHang) < profile_.hang_rate) return End::Hang;
  return chance(token, kCrash) < profile_.crash_rate ? End::Crash : End::None;
}

/// In [0, 1), by seed, attempt and what for.
double Device::chance(const v1::Token& token, std::uint64_t salt) const {
  std::uint64_t state = mix(profile_.seed + salt * 0x9E3779B97F4A7C15ULL);
  for (const std::uint64_t part : {token.job(), token.cell(), std::uint64_t{token.attempt()}}) {
    state = mix(state ^ (part + 0x9E3779B97F4A7C15ULL));
  }
  return static_cast<double>(state >> 11) * 0x1.0p-53;
}

Duration Device::busy_for(double seconds) const {
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(seconds * profile_.time_scale));
}

/// One colour, by the recipe.
std::string Device::picture(const Cell& cell) const {
  const auto& request = cell.request;
  const auto hash = spec::recipe_hash(request.recipe());
  v1::ImageMetadata metadata;
  metadata.set_schema("furrow.image/1");
  *metadata.mutable_recipe() = request.recipe();
  metadata.set_recipe_hash(hash.hex());
  metadata.set_job(request.token().job());
  metadata.set_cell(request.token().cell());
  *metadata.mutable_provenance() = request.provenance();
  metadata.set_backend("sim");
  metadata.set_version(std::string("furrow ") + kVersion + ", simulated");
  metadata.set_device(device_);
  metadata.set_precision(profile_.precision);
  const auto image = image::Image::filled(static_cast<int>(request.recipe().width()),
                                          static_cast<int>(request.recipe().height()),
                                          hash.bytes[0], hash.bytes[1], hash.bytes[2]);
  return image::encode_png(image, image::metadata_texts(metadata), image::PngEffort::Fast);
}

void Device::say_progress(Tick& tick, const Cell& cell, v1::Phase phase) const {
  Received<v1::FromEngine> word;
  auto& progress = *word.message.mutable_progress();
  *progress.mutable_token() = cell.request.token();
  progress.set_phase(phase);
  progress.set_step(cell.step);
  progress.set_steps(cell.request.recipe().steps());
  tick.said.push_back(std::move(word));
}

void Device::say_rendered(std::vector<Received<v1::FromEngine>>& said, const Cell& cell) const {
  Received<v1::FromEngine> word;
  auto& rendered = *word.message.mutable_rendered();
  *rendered.mutable_token() = cell.request.token();
  rendered.set_recipe_hash(spec::recipe_hash(cell.request.recipe()).raw());
  rendered.set_width(cell.request.recipe().width());
  rendered.set_height(cell.request.recipe().height());
  *rendered.mutable_timing() = cell.timing;
  if (profile_.image == Pictures::Solid) word.attachment = picture(cell);
  said.push_back(std::move(word));
}

void Device::say_failed(const v1::Token& token, v1::FailureClass failure, std::string detail) {
  Received<v1::FromEngine> word;
  auto& failed = *word.message.mutable_failed();
  *failed.mutable_token() = token;
  failed.set_class_(failure);
  failed.set_detail(std::move(detail));
  said_.push_back(std::move(word));
}

}  // namespace furrow::worker::sim
