#include "worker/engine/memory/host_memory.h"

#include <limits>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace furrow::engine {

void keep_freed_memory() {
#if defined(__GLIBC__)
  // One heap for all threads (the others' are too small for a feature map), no mappings of their own
  // for large blocks, and nothing given back but more than 2 GiB at once: a model that was dropped.
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace furrow::engine
