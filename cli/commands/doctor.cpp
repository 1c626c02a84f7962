#include <algorithm>

#include <fmt/format.h>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"
#include "cli/doctor/checks.h"
#include "cli/output/json.h"
#include "cli/output/text.h"
#include "common/config/exit_code.h"

namespace furrow::cli {

namespace {

const char* health_name(Health health) {
  switch (health) {
    case Health::Ok:
      return "ok";
    case Health::Warn:
      return "warn";
    case Health::Fail:
      return "fail";
  }
  return "";
}

Paint paint_of(Health health) {
  switch (health) {
    case Health::Ok:
      return Paint::Green;
    case Health::Warn:
      return Paint::Yellow;
    case Health::Fail:
      return Paint::Red;
  }
  return Paint::Plain;
}

std::string line(const Check& check, const Terminal& terminal) {
  constexpr std::size_t kNameColumns = 20;
  std::string state = pad_to(health_name(check.health), 4);
  if (terminal.colour) state = paint_on(paint_of(check.health)) + state + kPaintOff;
  std::string text = fmt::format("{}  {} {}\n", state, pad_to(printable(check.name), kNameColumns),
                                 printable(check.found));
  if (!check.advice.empty()) {
    text += fmt::format("{}→ {}\n", std::string(kNameColumns + 7, ' '), printable(check.advice));
  }
  return text;
}

}  // namespace

std::span<const Flag> doctor_flags() {
  static constexpr Flag kFlags[] = {kJsonFlag};
  return kFlags;
}

Result<ExitCode> run_doctor(const Arguments& arguments, Console& console) {
  const auto checks = check_everything(arguments);
  const auto first_failure = std::find_if(checks.begin(), checks.end(), [](const Check& check) {
    return check.health == Health::Fail;
  });
  const bool ok = first_failure == checks.end();
  if (arguments.has("json")) {
    Json list = Json::array();
    for (const Check& check : checks) {
      list.push_back(Json{{"name", check.name},
                          {"state", health_name(check.health)},
                          {"found", check.found},
                          {"advice", check.advice.empty() ? Json(nullptr) : Json(check.advice)}});
    }
    console.out << document(
        {{"schema", "furrow.doctor/1"}, {"ok", ok}, {"checks", std::move(list)}});
  } else {
    for (const Check& check : checks) console.out << line(check, console.out_terminal);
    if (!ok) console.err << fmt::format("Mend this first: {}.\n", first_failure->name);
  }
  return ok ? config::kExitOk : config::kExitError;
}

}  // namespace furrow::cli
