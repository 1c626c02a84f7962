#include "common/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace furrow {

void check_failed(std::string_view expression, std::string_view file, int line,
                  std::string_view why) {
  std::fprintf(stderr, "furrow: internal error at %.*s:%d: %.*s (expected: %.*s)\n",
               static_cast<int>(file.size()), file.data(), line, static_cast<int>(why.size()),
               why.data(), static_cast<int>(expression.size()), expression.data());
  std::abort();
}

}  // namespace furrow
