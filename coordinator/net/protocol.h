#pragma once

#include <optional>
#include <string>

#include "furrow/v1/client.pb.h"
#include "furrow/v1/worker.pb.h"

namespace furrow::net {

/// The sentence for a peer that this coordinator cannot speak to, or nothing.
std::optional<std::string> why_not_speak(const v1::Hello& hello);
std::optional<std::string> why_not_speak(const v1::ClientRequest& request);

}  // namespace furrow::net
