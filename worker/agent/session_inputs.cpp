// How the session gets the pictures that cells begin with.

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "common/spec/inputs.h"
#include "worker/agent/session.h"

namespace furrow::worker {

namespace {

/// The first digits of a hash, as people compare them.
constexpr std::size_t kShownDigits = 12;

/// "picture "cat.png" (0123456789ab)".
std::string called(const v1::PictureRef& picture) {
  const auto digest = Digest::from_raw(picture.hash());
  return "picture \"" + picture.name() + "\"" +
         (digest ? " (" + digest->hex().substr(0, kShownDigits) + ")" : "");
}

/// The picture of this content that the attempt waits for; nothing if it waits for none.
std::optional<v1::PictureRef> awaited(const Attempt& attempt, const Digest& input) {
  if (attempt.state != AttemptState::AwaitsInputs) return std::nullopt;
  for (auto& picture : spec::inputs_of(attempt.cell.recipe())) {
    if (picture.hash() == input.raw()) return std::move(picture);
  }
  return std::nullopt;
}

/// An engine reads it now or will.
bool uses_inputs(const Attempt& attempt) {
  switch (attempt.state) {
    case AttemptState::AwaitsInputs:
    case AttemptState::Waiting:
    case AttemptState::WithEngine:
    case AttemptState::Abandoned:
      return true;
    case AttemptState::AwaitsPlan:
    case AttemptState::Spooling:
    case AttemptState::Finished:
    case AttemptState::Failed:
      return false;
  }
  return false;
}

}  // namespace

/// Asks for what the cell begins with, ahead of the engine's turn. Several cells that want the same
/// ask once.
void Session::seek_inputs(Attempt& attempt) {
  attempt.state = AttemptState::AwaitsInputs;
  for (const auto& picture : spec::inputs_of(attempt.cell.recipe())) {
    const auto digest = Digest::from_raw(picture.hash());
    if (!digest) {
      return fail(attempt, v1::FAILURE_CLASS_INPUT, called(picture) + " has no hash to find it by");
    }
    if (inputs_.ask_for(*digest)) effects_.push_back(FetchInput{*digest});
  }
  queue_if_complete(attempt);
}

/// With all its pictures here, the cell is the engines' to take.
void Session::queue_if_complete(Attempt& attempt) {
  std::vector<v1::LocalFile> files;
  for (const auto& picture : spec::inputs_of(attempt.cell.recipe())) {
    const std::string* path = inputs_.use(*Digest::from_raw(picture.hash()));
    if (path == nullptr) return;
    auto& file = files.emplace_back();
    file.set_hash(picture.hash());
    file.set_path(*path);
  }
  for (auto& file : files) *attempt.cell.add_files() = std::move(file);
  attempt.state = AttemptState::Waiting;
}

void Session::on_input_fetched(const Digest& input, std::string path, std::uint64_t bytes) {
  inputs_.on_fetched(input, std::move(path), bytes);
  for (auto& [key, attempt] : attempts_) {
    if (awaited(attempt, input)) queue_if_complete(attempt);
  }
  drop_surplus_inputs();
}

void Session::on_input_missing(const Digest& input) {
  inputs_.forget(input);
  for (auto& [key, attempt] : attempts_) {
    if (const auto picture = awaited(attempt, input)) {
      fail(attempt, v1::FAILURE_CLASS_INPUT,
           "the coordinator does not keep " + called(*picture) + " any more. Submit the job again");
    }
  }
}

void Session::on_input_failed(const Digest& input, std::string_view reason) {
  inputs_.forget(input);
  for (auto& [key, attempt] : attempts_) {
    if (const auto picture = awaited(attempt, input)) {
      fail(attempt, v1::FAILURE_CLASS_IO,
           called(*picture) + " cannot be fetched: " + std::string(reason));
    }
  }
}

/// Leases are taken back while their pictures are on the way.
void Session::stop_vain_fetches() {
  for (const Digest& input : inputs_.on_their_way()) {
    const bool is_awaited = std::any_of(attempts_.begin(), attempts_.end(), [&](const auto& entry) {
      return awaited(entry.second, input).has_value();
    });
    if (is_awaited) continue;
    inputs_.forget(input);
    effects_.push_back(StopFetching{input});
  }
}

void Session::drop_surplus_inputs() {
  if (!inputs_.has_surplus()) return;
  std::set<Digest> used;
  for (const auto& [key, attempt] : attempts_) {
    if (!uses_inputs(attempt)) continue;
    for (const auto& picture : spec::inputs_of(attempt.cell.recipe())) {
      if (const auto digest = Digest::from_raw(picture.hash())) used.insert(*digest);
    }
  }
  for (const Digest& input : inputs_.take_surplus(used)) effects_.push_back(DeleteInput{input});
}

}  // namespace furrow::worker
