#include "coordinator/net/input_ledger.h"

namespace furrow::net {

void CoreInputLedger::on_stored(const std::vector<core::StoredInput>& inputs) {
  calls_.change([&](core::Core& core, Now now, core::Effects& effects) {
    effects = core.on_inputs_stored(inputs, now);
    return true;
  });
}

void CoreInputLedger::on_lost(const Digest& blob) {
  calls_.change([&](core::Core& core, Now, core::Effects& effects) {
    effects = core.on_input_lost(blob);
    return true;
  });
}

std::vector<Digest> CoreInputLedger::take_expired(std::size_t limit) {
  return calls_.change([&](core::Core& core, Now now, core::Effects&) {
    return core.take_expired_inputs(limit, now);
  });
}

void CoreInputLedger::on_removed(const std::vector<Digest>& inputs) {
  calls_.change([&](core::Core& core, Now, core::Effects& effects) {
    effects = core.on_inputs_removed(inputs);
    return true;
  });
}

}  // namespace furrow::net
