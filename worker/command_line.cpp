#include "worker/command_line.h"

#include <cctype>
#include <charconv>
#include <cstdlib>

namespace furrow::worker {

namespace {

namespace po = boost::program_options;

std::string variable_of(const std::string& flag) {
  std::string name = "FURROW_";
  for (const char c : flag) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

/// The variables of flags that take a value, as if they stood on the command line.
po::parsed_options environment(const po::options_description& flags) {
  po::parsed_options parsed(&flags);
  for (const auto& flag : flags.options()) {
    if (flag->semantic()->max_tokens() == 0) continue;
    const char* value = std::getenv(variable_of(flag->long_name()).c_str());
    if (value == nullptr || *value == '\0') continue;
    parsed.options.emplace_back(flag->long_name(), std::vector<std::string>{value});
  }
  return parsed;
}

}  // namespace

Result<CommandLine> CommandLine::parse(const std::vector<std::string>& arguments,
                                       const po::options_description& flags) {
  CommandLine line;
  try {
    const auto style =
        po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::positional_options_description none;
    po::store(po::command_line_parser(arguments).options(flags).positional(none).style(style).run(),
              line.values_);
    po::store(environment(flags), line.values_);
  } catch (const po::error& error) {
    return fail(ErrorKind::Invalid, error.what());
  }
  return line;
}

std::optional<std::string> CommandLine::text(const std::string& flag) const {
  if (!has(flag)) return std::nullopt;
  return values_[flag].as<std::string>();
}

std::vector<std::string> CommandLine::texts(const std::string& flag) const {
  if (!has(flag)) return {};
  return values_[flag].as<std::vector<std::string>>();
}

Result<std::string> CommandLine::required(const std::string& flag) const {
  if (auto value = text(flag)) return *std::move(value);
  return fail(ErrorKind::Invalid, "--" + flag + " is missing");
}

Result<std::optional<std::uint32_t>> CommandLine::number(const std::string& flag,
                                                         std::uint32_t most) const {
  const auto given = text(flag);
  if (!given) return std::optional<std::uint32_t>();
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), value);
  if (error != std::errc() || end != given->data() + given->size() || value < 1 || value > most) {
    return fail(ErrorKind::Invalid, "--" + flag + " \"" + *given +
                                        "\" is no whole number from 1 to " + std::to_string(most));
  }
  return std::optional(value);
}

}  // namespace furrow::worker
