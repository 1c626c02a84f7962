#include "common/weights/safetensors.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/weights/little_endian.h"
#include "common/weights/safetensors_header.h"

namespace furrow::engine::weights {

namespace {

constexpr std::uint64_t kLengthBytes = 8;
// The limit of the format's own library: a longer header is an attack or not a header.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

struct Parts {
  std::string_view header;
  std::string_view data;
};

Result<Parts> split(std::string_view bytes) {
  if (bytes.size() < kLengthBytes) {
    return fail(ErrorKind::Invalid,
                fmt::format("it has {} bytes, fewer than the {} of the header's length",
                            bytes.size(), kLengthBytes));
  }
  const auto length = little_endian(bytes.substr(0, kLengthBytes));
  if (length > kMaxHeaderBytes) {
    return fail(ErrorKind::Invalid, fmt::format("it does not begin as a safetensors file (a header "
                                                "of {} bytes, at most {} are allowed)",
                                                length, kMaxHeaderBytes));
  }
  if (length > bytes.size() - kLengthBytes) {
    return fail(
        ErrorKind::Invalid,
        fmt::format("it is truncated: a header of {} bytes in a file of {}", length, bytes.size()));
  }
  return Parts{bytes.substr(kLengthBytes, length), bytes.substr(kLengthBytes + length)};
}

}  // namespace

std::size_t size_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::F64:
    case Dtype::I64:
      return 8;
    case Dtype::F32:
    case Dtype::I32:
      return 4;
    case Dtype::F16:
    case Dtype::BF16:
    case Dtype::I16:
      return 2;
    case Dtype::F8E4M3:
    case Dtype::F8E5M2:
    case Dtype::I8:
    case Dtype::U8:
    case Dtype::Bool:
      return 1;
  }
  return 0;
}

std::string_view name_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::F64:
      return "F64";
    case Dtype::F32:
      return "F32";
    case Dtype::F16:
      return "F16";
    case Dtype::BF16:
      return "BF16";
    case Dtype::F8E4M3:
      return "F8_E4M3";
    case Dtype::F8E5M2:
      return "F8_E5M2";
    case Dtype::I64:
      return "I64";
    case Dtype::I32:
      return "I32";
    case Dtype::I16:
      return "I16";
    case Dtype::I8:
      return "I8";
    case Dtype::U8:
      return "U8";
    case Dtype::Bool:
      return "BOOL";
  }
  return {};
}

std::string to_string(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

Result<SafetensorsFile> SafetensorsFile::open(const std::filesystem::path& path) {
  FURROW_TRY(auto mapped, MappedFile::open(path));
  const auto named = [&](const Error& error) {
    return fail(error.kind, fmt::format("{} cannot be used: {}. Copy or download it again.",
                                        path.string(), error.message));
  };
  const auto parts = split(mapped.bytes());
  if (!parts) return named(parts.error());
  auto header = read_header(parts->header, parts->data.size());
  if (!header) return named(header.error());

  SafetensorsFile file;
  file.path_ = path;
  file.metadata_ = std::move(header->metadata);
  for (auto& [name, tensor] : header->tensors) {
    const auto bytes = parts->data.substr(tensor.begin, tensor.end - tensor.begin);
    file.tensors_.emplace(name, StoredTensor{tensor.dtype, std::move(tensor.shape), bytes,
                                             /*is_mapped=*/true});
  }
  file.file_ = std::make_shared<const MappedFile>(std::move(mapped));
  return file;
}

const StoredTensor* SafetensorsFile::find(std::string_view name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

}  // namespace furrow::engine::weights
