#include "worker/engine/weights/torch_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "common/base/files.h"
#include "worker/engine/weights/pickle_tensor.h"
#include "worker/engine/weights/shown.h"
#include "worker/engine/weights/torch_container.h"

namespace furrow::engine::weights {

namespace {

using pickle::Pickle;
using pickle::TensorRef;
using pickle::ValueId;

// Deeper than any state dict; and more than any has, however often the same one is reached.
constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxVisits = std::size_t{1} << 21;
constexpr std::size_t kMaxNameBytes = 4096;

Unexpected invalid(std::string sentence) {
  return fail(ErrorKind::Invalid, std::move(sentence));
}

struct Memory {
  explicit Memory(MappedFile mapped) : file(std::move(mapped)) {}

  MappedFile file;
  std::deque<std::string> copies;  // of tensors that do not lie row-major; addresses stay
};

/// Makes stored tensors out of a container.
class Collector {
 public:
  Collector(const TorchContainer& container, Memory& memory)
      : container_(container), memory_(memory) {}

  Result<TorchFile::Tensors> collect() {
    FURROW_TRY_VOID(visit(container_.pickle.root(), "", 0));
    return std::move(tensors_);
  }

 private:
  Result<void> visit(ValueId id, const std::string& name, std::size_t depth) {
    if (++visits_ > kMaxVisits) return invalid("its containers hold each other too often");
    const auto& value = container_.pickle.at(id);
    if (const auto* tensor = std::get_if<TensorRef>(&value)) return add(*tensor, name);
    const auto* dict = std::get_if<pickle::Dict>(&value);
    const auto* list = std::get_if<pickle::List>(&value);
    if (dict == nullptr && list == nullptr) return {};
    if (name.size() > kMaxNameBytes) {
      return invalid(fmt::format("it has a name of more than {} bytes", kMaxNameBytes));
    }
    if (depth == kMaxDepth) {
      return invalid(fmt::format("its containers are nested more than {} deep", kMaxDepth));
    }
    const auto prefix = name.empty() ? name : name + ".";
    if (dict != nullptr) {
      for (const auto& [key, item] : dict->items) {
        FURROW_TRY_VOID(visit(item, prefix + text_of(key), depth + 1));
      }
      return {};
    }
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      FURROW_TRY_VOID(visit(list->items[i], prefix + std::to_string(i), depth + 1));
    }
    return {};
  }

  std::string text_of(ValueId key) const {
    const auto& value = container_.pickle.at(key);
    if (const auto* text = std::get_if<pickle::Text>(&value)) {
      return std::string(text->value.substr(0, kMaxNameBytes));
    }
    const auto* number = std::get_if<std::int64_t>(&value);
    return number == nullptr ? "?" : std::to_string(*number);
  }

  Result<void> add(const TensorRef& tensor, const std::string& name) {
    FURROW_TRY(const auto bytes, bytes_of(tensor));
    names_bytes_ += name.size();
    if (names_bytes_ > pickle::kMaxBytes) return invalid("the names of its tensors are too long");
    const StoredTensor stored = {tensor.storage.dtype, tensor.shape, bytes};
    if (tensors_.emplace(name, stored).second) return {};
    return invalid(fmt::format("it has two tensors {}", shown(name)));
  }

  Result<std::string_view> bytes_of(const TensorRef& tensor) {
    const auto storage = container_.storages.find(tensor.storage.key)->second;
    const auto size = size_of(tensor.storage.dtype);
    const auto bytes = pickle::element_count(tensor) * size;
    if (bytes == 0) return std::string_view();
    // Whoever converts tensors copies each of them, however many share a storage. Tied weights are
    // there twice; no honest file holds the same bytes more often.
    constexpr std::size_t kMaxTimes = 2;
    if (__builtin_add_overflow(total_bytes_, bytes, &total_bytes_) ||
        total_bytes_ > kMaxTimes * memory_.file.bytes().size()) {
      return invalid("its tensors together are larger than the file");
    }
    if (pickle::is_row_major(tensor)) return storage.substr(tensor.offset * size, bytes);
    memory_.copies.push_back(row_major_copy(tensor, storage));
    return std::string_view(memory_.copies.back());
  }

  static std::string row_major_copy(const TensorRef& tensor, std::string_view storage) {
    const auto size = size_of(tensor.storage.dtype);
    const auto dims = tensor.shape.size();
    std::string copy(pickle::element_count(tensor) * size, '\0');
    std::vector<std::int64_t> at(dims, 0);
    auto from = static_cast<std::int64_t>(tensor.offset);
    for (std::size_t to = 0; to < copy.size(); to += size) {
      std::memcpy(copy.data() + to, storage.data() + static_cast<std::size_t>(from) * size, size);
      // The next position, the last dimension fastest.
      for (std::size_t d = dims; d-- > 0;) {
        if (tensor.shape[d] == 1) continue;  // whose stride may be anything
        from += tensor.strides[d];
        if (++at[d] < tensor.shape[d]) break;
        from -= tensor.strides[d] * tensor.shape[d];
        at[d] = 0;
      }
    }
    return copy;
  }

  const TorchContainer& container_;
  Memory& memory_;
  TorchFile::Tensors tensors_;
  std::size_t visits_ = 0;
  std::size_t names_bytes_ = 0;
  std::size_t total_bytes_ = 0;
};

Result<TorchFile::Tensors> collect_tensors(Memory& memory) {
  FURROW_TRY(const auto container, read_torch_container(memory.file.bytes()));
  return Collector(container, memory).collect();
}

}  // namespace

Result<TorchFile> TorchFile::open(const std::filesystem::path& path) {
  FURROW_TRY(auto mapped, MappedFile::open(path));
  const auto memory = std::make_shared<Memory>(std::move(mapped));
  auto tensors = collect_tensors(*memory);
  if (!tensors) {
    return fail(tensors.error().kind,
                fmt::format("{} cannot be used: {}.", path.string(), tensors.error().message));
  }
  TorchFile file;
  file.path_ = path;
  file.tensors_ = *std::move(tensors);
  file.memory_ = memory;
  return file;
}

const StoredTensor* TorchFile::find(std::string_view name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

bool has_torch_extension(const std::filesystem::path& file) {
  constexpr std::array<std::string_view, 4> kExtensions = {".bin", ".ckpt", ".pt", ".pth"};
  return std::find(kExtensions.begin(), kExtensions.end(), file.extension()) != kExtensions.end();
}

}  // namespace furrow::engine::weights
