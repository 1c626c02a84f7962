#pragma once

namespace furrow::engine {

/// Keeps what is freed for what is allocated next, instead of giving it back to the system. A step
/// of a network frees and allocates the same sizes again and again, and each page that comes fresh
/// is zeroed by the system and mapped: on a virtual machine that costs several times the arithmetic
/// on it (a linear of [4096, 320] to 2560 took 240 ms, and 67 ms with this).
///
/// The process then keeps its peak. Call once, before other threads start. Does nothing where the C
/// library is not glibc.
void keep_freed_memory();

}  // namespace furrow::engine
