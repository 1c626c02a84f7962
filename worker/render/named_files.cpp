#include "worker/render/named_files.h"

#include <algorithm>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/model/model_index.h"
#include "common/spec/inputs.h"

namespace furrow::worker {

namespace {

namespace fs = std::filesystem;

/// A file that may be what a recipe names.
struct Candidate {
  fs::path path;
  std::string hash;  // raw
};

Result<Candidate> read_picture(const fs::path& path) {
  std::error_code failed;
  const auto bytes = fs::file_size(path, failed);
  if (!failed && bytes > spec::kMaxInputBytes) {
    return fail(ErrorKind::Invalid, fmt::format("{} is larger than the {} bytes that are taken.",
                                                path.string(), spec::kMaxInputBytes));
  }
  FURROW_TRY(const std::string content, read_file(path));
  if (!spec::is_picture(content)) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} is no picture that furrow reads. Give a PNG, JPEG or WebP file.",
                            path.string()));
  }
  return Candidate{path, sha256(content).raw()};
}

Result<Candidate> read_weights(const fs::path& path) {
  FURROW_TRY(const auto found, model::read_model(path));
  return Candidate{path, found.description.model().hash()};
}

/// Looks through what is at hand, each file read once.
class Search {
 public:
  static Result<Search> open(const FilesAtHand& at_hand) {
    Search search(at_hand.folder);
    for (const fs::path& path : at_hand.pictures) {
      FURROW_TRY(search.pictures_.emplace_back(), read_picture(path));
    }
    for (const fs::path& path : at_hand.weights) {
      FURROW_TRY(search.weights_.emplace_back(), read_weights(path));
    }
    return search;
  }

  void find(v1::PictureRef& picture) {
    if (auto found = by_hash_or_name(pictures_, picture)) return take(*found, picture);
    std::vector<fs::path> beside = {folder_ / picture.name()};
    if (const auto digest = Digest::from_raw(picture.hash())) {
      beside.push_back(folder_ / digest->hex());
    }
    for (const fs::path& path : beside) {
      std::error_code ignored;
      if (!fs::is_regular_file(path, ignored)) continue;
      const auto read = read_picture(path);
      if (!read) return add_fault(read.error().message);
      const bool is_it = picture.hash().empty() || picture.hash() == read->hash;
      if (is_it) return take(*read, picture);
    }
    add_fault(
        fmt::format("The recipe begins with the picture \"{}\"{}. Give its file with "
                    "--picture.",
                    picture.name(), in_brackets(picture.hash())));
  }

  void find(spec::ModelPart part, v1::ModelRef& model) {
    if (auto found = by_hash_or_name(weights_, model)) return take(*found, model);
    add_fault(fmt::format("The recipe names the {} \"{}\"{}. Give its file with --weights.",
                          name_of(part), model.name(), in_brackets(model.hash())));
  }

  Result<std::vector<v1::LocalFile>> finish() && {
    if (faults_.empty()) return std::move(files_);
    return fail(ErrorKind::NotFound, std::move(faults_));
  }

 private:
  explicit Search(fs::path folder) : folder_(std::move(folder)) {}

  template <typename Ref>
  static std::optional<Candidate> by_hash_or_name(const std::vector<Candidate>& candidates,
                                                  const Ref& ref) {
    const auto found = std::ranges::find_if(candidates, [&](const Candidate& candidate) {
      if (!ref.hash().empty()) return candidate.hash == ref.hash();
      return candidate.path == ref.name() || candidate.path.filename() == ref.name() ||
             candidate.path.stem() == ref.name();
    });
    return found == candidates.end() ? std::nullopt : std::optional(*found);
  }

  template <typename Ref>
  void take(const Candidate& found, Ref& ref) {
    ref.set_hash(found.hash);
    auto& file = files_.emplace_back();
    file.set_hash(found.hash);
    file.set_path(fs::absolute(found.path).string());
  }

  static std::string in_brackets(const std::string& hash) {
    const auto digest = Digest::from_raw(hash);
    return digest ? fmt::format(" ({})", digest->hex()) : std::string();
  }

  void add_fault(const std::string& fault) { faults_ += (faults_.empty() ? "" : "\n") + fault; }

  fs::path folder_;
  std::vector<Candidate> pictures_;
  std::vector<Candidate> weights_;
  std::vector<v1::LocalFile> files_;
  std::string faults_;
};

}  // namespace

Result<std::vector<v1::LocalFile>> find_named_files(v1::Recipe& recipe,
                                                    const FilesAtHand& at_hand) {
  FURROW_TRY(Search search, Search::open(at_hand));
  if (recipe.image_to_image().has_picture()) {
    search.find(*recipe.mutable_image_to_image()->mutable_picture());
  }
  if (recipe.image_to_image().inpaint().has_mask()) {
    search.find(*recipe.mutable_image_to_image()->mutable_inpaint()->mutable_mask());
  }
  for (v1::ModelRef& lora : *recipe.mutable_loras()) search.find(spec::ModelPart::Lora, lora);
  if (recipe.refiner().has_model()) {
    search.find(spec::ModelPart::Refiner, *recipe.mutable_refiner()->mutable_model());
  }
  if (recipe.hires().has_upscaler_model()) {
    search.find(spec::ModelPart::Upscaler, *recipe.mutable_hires()->mutable_upscaler_model());
  }
  return std::move(search).finish();
}

}  // namespace furrow::worker
