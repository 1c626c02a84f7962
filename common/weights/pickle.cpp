#include "common/weights/pickle.h"

#include "common/weights/pickle_machine.h"

namespace furrow::engine::weights::pickle {

Result<Pickle> Pickle::read(std::string_view bytes) {
  Machine machine(bytes.substr(0, kMaxBytes));
  FURROW_TRY(const auto root, machine.run());
  Pickle pickle;
  pickle.root_ = root;
  pickle.size_ = machine.position();
  pickle.values_ = std::move(machine).values();
  return pickle;
}

}  // namespace furrow::engine::weights::pickle
