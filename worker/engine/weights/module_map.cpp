#include "worker/engine/weights/module_map.h"

#include <utility>

namespace furrow::engine::weights {

namespace {

using Index = std::map<std::string, std::size_t, std::less<>>;

struct Covering {
  std::size_t entry;
  std::string_view rest;  // what stands below the entry, with its dot; or nothing
};

// The longest name of the index that `name` is, or lies below.
std::optional<Covering> find_covering(const Index& index, std::string_view name) {
  for (auto end = name.size(); end != std::string_view::npos;
       end = end == 0 ? std::string_view::npos : name.rfind('.', end - 1)) {
    const auto found = index.find(name.substr(0, end));
    if (found != index.end()) return Covering{found->second, name.substr(end)};
  }
  return std::nullopt;
}

// How many rows of `total` each member has. Nothing: it cannot be split so.
std::optional<std::vector<std::int64_t>> split_rows(const ModuleNames& names, std::int64_t total) {
  const auto count = static_cast<std::int64_t>(names.members.size());
  if (names.rows.empty()) {
    if (total % count != 0) return std::nullopt;
    return std::vector<std::int64_t>(names.members.size(), total / count);
  }
  auto rows = names.rows;
  std::int64_t left = total;
  for (const auto n : rows) {
    if (n < 0 || n > left) return std::nullopt;
    left -= n;
  }
  if (left <= 0) return std::nullopt;
  rows.back() = left;
  return rows;
}

}  // namespace

ModuleMap::ModuleMap(std::vector<ModuleNames> names) : names_(std::move(names)) {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    by_original_.emplace(names_[i].original, i);
    for (const auto& member : names_[i].members) by_member_.emplace(member, i);
  }
}

std::optional<std::vector<Piece>> ModuleMap::pieces(std::string_view name,
                                                    const Shape& shape) const {
  const auto covering = find_covering(by_original_, name);
  if (!covering) return std::nullopt;
  const auto& entry = names_[covering->entry];
  std::vector<Piece> pieces;
  if (entry.members.size() == 1) {
    pieces.push_back({entry.members[0] + std::string(covering->rest), 0, 0, entry.change});
  }
  if (entry.members.size() <= 1) return pieces;

  if (shape.empty()) return std::nullopt;
  const auto rows = split_rows(entry, shape.front());
  if (!rows) return std::nullopt;
  std::int64_t first = 0;
  for (std::size_t i = 0; i < entry.members.size(); ++i) {
    pieces.push_back(
        {entry.members[i] + std::string(covering->rest), first, (*rows)[i], entry.change});
    first += (*rows)[i];
  }
  return pieces;
}

std::optional<ModuleMap::Origin> ModuleMap::origin(std::string_view member) const {
  const auto covering = find_covering(by_member_, member);
  if (!covering) return std::nullopt;
  const auto& entry = names_[covering->entry];
  const auto own = member.substr(0, member.size() - covering->rest.size());
  std::size_t index = 0;
  while (entry.members[index] != own) ++index;
  return Origin{entry.original + std::string(covering->rest), index, &entry};
}

}  // namespace furrow::engine::weights
