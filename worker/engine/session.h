#pragma once

#include "common/base/files.h"
#include "common/base/result.h"
#include "worker/engine/renderer.h"

namespace furrow::engine {

/// One engine's life on its socket (schemas/furrow/v1/engine.proto): says hello, renders what the
/// agent asks for, and ends when the agent closes the socket or says stop.
///
/// A second thread reads commands into a mailbox; the calling thread owns the device and writes.
/// Commands are observed between steps.
///
/// @param socket  a connected stream socket
/// Errors: Invalid when the agent's bytes are not of this protocol, Io when the socket fails.
Result<void> run_session(FileDescriptor socket, const RendererOptions& options);

}  // namespace furrow::engine
