#include "cli/output/console.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include <langinfo.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace furrow::cli {

namespace {

constexpr int kUsualWidth = 80;

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

int width_of(int fd) {
  winsize window{};
  if (ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) return window.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const int told = columns == nullptr ? 0 : std::atoi(columns);
  return told > 0 ? told : kUsualWidth;
}

bool is_dumb() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb";
}

}  // namespace

Terminal describe_terminal(int fd) {
  Terminal terminal;
  terminal.unicode = strcasecmp(nl_langinfo(CODESET), "UTF-8") == 0;
  if (isatty(fd) == 0) return terminal;
  terminal.is_terminal = !is_dumb();
  terminal.width = width_of(fd);
  terminal.colour = terminal.is_terminal && !is_set("NO_COLOR");
  return terminal;
}

const char* paint_on(Paint paint) {
  switch (paint) {
    case Paint::Plain:
      return "";
    case Paint::Bold:
      return "\x1b[1m";
    case Paint::Dim:
      return "\x1b[2m";
    case Paint::Green:
      return "\x1b[32m";
    case Paint::Yellow:
      return "\x1b[33m";
    case Paint::Red:
      return "\x1b[31m";
    case Paint::Cyan:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace furrow::cli
