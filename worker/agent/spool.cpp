#include "worker/agent/spool.h"

#include <system_error>

#include <google/protobuf/util/json_util.h>

#include "common/base/digest.h"
#include "common/base/files.h"

namespace furrow::worker {

namespace {

constexpr const char* kPictureSuffix = ".png";
constexpr const char* kSidecarSuffix = ".json";

std::string stem_of(const v1::Token& token) {
  return std::to_string(token.job()) + "-" + std::to_string(token.cell()) + "-" +
         std::to_string(token.attempt());
}

Result<v1::RenderedCell> read_sidecar(const std::filesystem::path& path) {
  FURROW_TRY(const std::string text, read_file(path));
  v1::RenderedCell cell;
  if (!google::protobuf::util::JsonStringToMessage(text, &cell).ok()) {
    return fail(ErrorKind::Invalid, path.string() + " is not a spooled result");
  }
  return cell;
}

bool picture_is_whole(const std::filesystem::path& path, const v1::RenderedCell& cell) {
  const auto picture = MappedFile::open(path);
  return picture && sha256(picture->bytes()).raw() == cell.artifact();
}

}  // namespace

std::vector<v1::RenderedCell> SpoolFolder::recover() const {
  std::vector<v1::RenderedCell> cells;
  std::vector<std::filesystem::path> leftovers;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(folder_, ignored)) {
    if (file.path().extension() != kSidecarSuffix) {
      leftovers.push_back(file.path());
      continue;
    }
    auto cell = read_sidecar(file.path());
    if (cell && stem_of(cell->token()) == file.path().stem() &&
        picture_is_whole(picture_path(cell->token()), *cell)) {
      cells.push_back(*std::move(cell));
    } else {
      leftovers.push_back(file.path());
    }
  }
  for (const auto& cell : cells) std::erase(leftovers, picture_path(cell.token()));
  for (const auto& path : leftovers) std::filesystem::remove(path, ignored);
  return cells;
}

Result<void> SpoolFolder::store(const v1::RenderedCell& cell, std::string_view picture) const {
  std::string sidecar;
  google::protobuf::util::JsonPrintOptions readable;
  readable.add_whitespace = true;
  if (!google::protobuf::util::MessageToJsonString(cell, &sidecar, readable).ok()) {
    return fail(ErrorKind::Internal, "a result cannot be written as JSON");
  }
  auto stored = write_file(picture_path(cell.token()), picture, Durability::Cached);
  if (stored) stored = write_file(sidecar_path(cell.token()), sidecar, Durability::Cached);
  if (!stored) remove(cell.token());
  return stored;
}

void SpoolFolder::remove(const v1::Token& token) const {
  std::error_code ignored;
  std::filesystem::remove(sidecar_path(token), ignored);
  std::filesystem::remove(picture_path(token), ignored);
}

std::filesystem::path SpoolFolder::picture_path(const v1::Token& token) const {
  return folder_ / (stem_of(token) + kPictureSuffix);
}

std::filesystem::path SpoolFolder::sidecar_path(const v1::Token& token) const {
  return folder_ / (stem_of(token) + kSidecarSuffix);
}

}  // namespace furrow::worker
