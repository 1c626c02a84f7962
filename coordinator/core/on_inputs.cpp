#include <algorithm>
#include <chrono>

#include "coordinator/core/core_impl.h"

namespace furrow::core {

Effects Core::on_inputs_stored(const std::vector<StoredInput>& inputs, Now now) {
  InputTable& table = impl_->state.inputs;
  Effects effects;
  for (const StoredInput& stored : inputs) {
    // A file that was there and is no input is a cell's picture; that one stays.
    const KeptInput* known = table.find(stored.input);
    const bool is_artifact = known != nullptr ? known->is_artifact : stored.was_there;
    table.keep(stored.input, {stored.bytes, now.unix, is_artifact});
    effects.store.push_back(SaveInput{stored.input, stored.bytes, now.unix, is_artifact});
  }
  return effects;
}

Effects Core::on_input_lost(const Digest& input) {
  Effects effects;
  if (impl_->state.inputs.drop(input)) effects.store.push_back(DropInput{input});
  return effects;
}

std::vector<Digest> Core::take_expired_inputs(std::size_t limit, Now now) {
  const State& state = impl_->state;
  const auto kept_for =
      std::chrono::duration_cast<std::chrono::milliseconds>(state.settings.keep_unnamed);
  return impl_->state.inputs.take_unnamed({now.unix.value - kept_for.count()}, limit);
}

Effects Core::on_inputs_removed(const std::vector<Digest>& inputs) {
  Effects effects;
  for (const Digest& input : inputs) effects.store.push_back(DropInput{input});
  return effects;
}

std::vector<Digest> Core::lacking_inputs(const std::vector<Digest>& inputs) const {
  std::vector<Digest> lacking;
  for (const Digest& input : inputs) {
    const bool is_known =
        impl_->state.inputs.keeps(input) || std::ranges::find(lacking, input) != lacking.end();
    if (!is_known) lacking.push_back(input);
  }
  return lacking;
}

}  // namespace furrow::core
