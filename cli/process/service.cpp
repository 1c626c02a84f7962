#include "cli/process/service.h"

#include <csignal>
#include <sstream>
#include <system_error>

#include <fmt/format.h>

#include "cli/output/time_text.h"
#include "common/base/files.h"

namespace furrow::cli {

namespace {

/// A log that has grown beyond this is put aside, one generation, when its service is started.
constexpr std::uintmax_t kLogBytes = 16 << 20;

std::uintmax_t size_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

}  // namespace

Service::Service(std::string name, std::filesystem::path program,
                 std::vector<std::string> arguments, std::filesystem::path log)
    : name_(std::move(name)),
      program_(std::move(program)),
      arguments_(std::move(arguments)),
      log_(std::move(log)) {
  if (size_of(log_) > kLogBytes) {
    std::error_code ignored;
    std::filesystem::rename(log_, log_.string() + ".1", ignored);
  }
  log_start_ = size_of(log_);
}

Result<void> Service::start() {
  start_again_at_.reset();
  FURROW_TRY(child_,
             Child::spawn(program_, arguments_, {.stdin_fd = -1, .log = log_, .own_group = true}));
  return {};
}

std::optional<Service::Event> Service::look_after(Instant now) {
  if (child_) {
    last_ending_ = child_->poll_ending();
    if (!last_ending_) return std::nullopt;
    child_.reset();
    const auto delay = policy_.after(*last_ending_, now);
    if (!delay) return Event{fmt::format("the {} {}", name_, ending_text(*last_ending_)), true};
    start_again_at_ = now + *delay;
    return Event{fmt::format("the {} {}; it is started again in {}", name_,
                             ending_text(*last_ending_), duration_text(to_seconds(*delay)))};
  }
  if (!start_again_at_ || now < *start_again_at_) return std::nullopt;
  const auto started = start();
  if (!started) return Event{started.error().message, true};
  return Event{fmt::format("the {} is started again", name_)};
}

void Service::stop(int patience_ms) {
  start_again_at_.reset();
  if (!child_) return;
  child_->signal(SIGTERM);
  last_ending_ = child_->wait_ending(patience_ms);
  child_.reset();
}

void Service::kill() {
  start_again_at_.reset();
  child_.reset();
}

std::vector<std::string> Service::last_words(std::size_t most) const {
  const auto content = read_file(log_);
  std::vector<std::string> lines;
  if (!content || content->size() < log_start_) return lines;
  std::istringstream said(content->substr(static_cast<std::size_t>(log_start_)));
  for (std::string line; std::getline(said, line);) {
    lines.push_back(line);
    if (lines.size() > most) lines.erase(lines.begin());
  }
  return lines;
}

}  // namespace furrow::cli
