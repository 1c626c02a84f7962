// golden_runner DIR… [--family F]…
//
// Compares the engine with the reference implementations' numbers in DIR: one line a case
// ("ok|FAIL|skip NAME max_abs=… tol=…"), "N passed, N failed, N skipped" last. Exits 1 when a case
// failed, 2 when it was asked for something that it cannot do.

#include <cstdio>
#include <exception>
#include <set>
#include <string>
#include <vector>

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include "tests/golden_runner/families.h"

namespace furrow::golden {

namespace {

struct Arguments {
  std::vector<std::string> folders;
  std::set<std::string> families;  // empty: all
};

Result<Arguments> read_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--family") {
      if (++i == argc) return fail(ErrorKind::Invalid, "--family needs the name of a family.");
      arguments.families.insert(argv[i]);
    } else if (argument.rfind("--family=", 0) == 0) {
      arguments.families.insert(argument.substr(9));
    } else if (argument.rfind('-', 0) == 0) {
      return fail(ErrorKind::Invalid, fmt::format("{} is not an option.", argument));
    } else {
      arguments.folders.push_back(argument);
    }
  }
  if (arguments.folders.empty()) return fail(ErrorKind::Invalid, "No folder of cases was given.");
  return arguments;
}

Result<std::vector<CaseFolder>> select_cases(const Arguments& arguments) {
  std::vector<CaseFolder> selected;
  for (const auto& folder : arguments.folders) {
    FURROW_TRY(const auto cases, find_cases(folder));
    for (const auto& c : cases) {
      const auto family = c.name.substr(0, c.name.find('/'));
      if (arguments.families.empty() || arguments.families.count(family) != 0) {
        selected.push_back(c);
      }
    }
  }
  if (selected.empty()) return fail(ErrorKind::NotFound, "There are no cases of that family.");
  return selected;
}

Verdict check(const CaseFolder& found) {
  const auto c = Case::read(found.folder, found.root);
  Verdict verdict;
  if (!c) {
    verdict.expect(false, c.error().message);
    return verdict;
  }
  const auto check_case = find_family(c->family);
  if (check_case == nullptr) {
    return Verdict::skip(fmt::format("the engine has no {} yet", c->family));
  }
  try {
    const c10::InferenceMode no_gradients;
    verdict = check_case(*c);
    if (!verdict.is_skipped()) verdict.require_all_compared(*c);
  } catch (const std::exception& e) {
    verdict.expect(false, e.what());
  }
  return verdict;
}

int run(int argc, char** argv) {
  const auto arguments = read_arguments(argc, argv);
  if (!arguments) {
    fmt::print(stderr, "{}\nUsage: golden_runner DIR... [--family F]...\n",
               arguments.error().message);
    return 2;
  }
  const auto cases = select_cases(*arguments);
  if (!cases) {
    fmt::print(stderr, "{}\n", cases.error().message);
    return 2;
  }
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  for (const auto& found : *cases) {
    const auto verdict = check(found);
    ++(verdict.is_skipped() ? skipped : verdict.has_passed() ? passed : failed);
    fmt::print("{}\n", verdict.line(found.name));
    std::fflush(stdout);
  }
  fmt::print("{} passed, {} failed, {} skipped\n", passed, failed, skipped);
  return failed == 0 ? 0 : 1;
}

}  // namespace

}  // namespace furrow::golden

int main(int argc, char** argv) {
  return furrow::golden::run(argc, argv);
}
