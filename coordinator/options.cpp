#include "coordinator/options.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <boost/program_options.hpp>

#include "common/base/version.h"

namespace furrow {

namespace po = boost::program_options;

namespace {

constexpr const char* kIntroduction =
    "furrow-coordinator keeps the jobs of a render farm and hands their cells to workers.\n\n"
    "Usage: furrow-coordinator [options]\n\n";
constexpr const char* kClosing =
    "\nEach option can be set as FURROW_DATA, FURROW_LISTEN, FURROW_PORT or as a line\n"
    "`port = 7710` of the file that FURROW_CONFIG names. FURROW_LOG sets the log level.\n"
    "`furrow up` starts a coordinator and a worker together.\n";
// Three ports in a row have to fit below 65536.
constexpr int kHighestPort = 65533;

/// The options that flags, environment and file share.
po::options_description settings() {
  po::options_description shared("Options");
  shared.add_options()  //
      ("data", po::value<std::string>()->value_name("DIR"),
       "data folder (default: $XDG_DATA_HOME/furrow)")  //
      ("listen", po::value<std::string>()->value_name("ADDR"),
       "address to listen on (default: 127.0.0.1, this machine only; 0.0.0.0: every network)")  //
      ("port", po::value<std::string>()->value_name("N"),
       "port for clients; workers use N+1, blobs N+2 (default: 7710; 0: any free ones)");
  return shared;
}

po::options_description flags() {
  auto all = settings();
  all.add_options()("help,h", "print this text")("version", "print the version");
  return all;
}

/// Boost's sentence about an unknown or incomplete flag, with what to do next.
Error usage_error(const std::string& where, const po::error& error) {
  return {ErrorKind::Invalid, where + error.what() + ". See: furrow-coordinator --help"};
}

void add_environment(
    po::variables_map& values,
    const std::function<std::optional<std::string>(const std::string&)>& environment) {
  const auto shared = settings();
  po::parsed_options found(&shared);
  for (const auto& [name, variable] :
       {std::pair("data", "FURROW_DATA"), std::pair("listen", "FURROW_LISTEN"),
        std::pair("port", "FURROW_PORT")}) {
    if (auto value = environment(variable)) {
      found.options.emplace_back(name, std::vector<std::string>{*std::move(value)});
    }
  }
  po::store(found, values);
}

Result<void> add_file(po::variables_map& values, const std::string& file) {
  std::ifstream stream(file);
  if (!stream) {
    return fail(ErrorKind::Invalid, "cannot read the config file " + file + " (FURROW_CONFIG)");
  }
  try {
    // Lines for other programs are not ours to refuse.
    po::store(po::parse_config_file(stream, settings(), /*allow_unregistered=*/true), values);
  } catch (const po::error& error) {
    return Unexpected(usage_error("config file " + file + ": ", error));
  }
  return {};
}

Result<int> to_port(const std::string& text) {
  const bool is_number =
      !text.empty() && text.size() <= 5 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (is_number && std::stoi(text) <= kHighestPort) return std::stoi(text);
  return fail(ErrorKind::Invalid,
              "port \"" + text + "\" is not a number from 0 to " + std::to_string(kHighestPort));
}

Result<std::string> to_address(const std::string& text) {
  const bool is_plain = !text.empty() && text.find_first_of(":/ ") == std::string::npos;
  if (is_plain) return text;
  return fail(ErrorKind::Invalid,
              "listen address \"" + text +
                  "\" is not an IPv4 address, a host or an interface, such as 0.0.0.0 or eth0");
}

Result<CoordinatorOptions> to_options(const po::variables_map& values) {
  CoordinatorOptions options;
  std::optional<std::filesystem::path> data;
  if (values.count("data") != 0) data = values["data"].as<std::string>();
  options.data = config::data_folder(data);
  if (values.count("listen") != 0) {
    FURROW_TRY(options.listen, to_address(values["listen"].as<std::string>()));
  }
  if (values.count("port") != 0) {
    FURROW_TRY(options.port, to_port(values["port"].as<std::string>()));
  }
  return options;
}

std::string help_text() {
  std::ostringstream text;
  text << kIntroduction << flags() << kClosing;
  return text.str();
}

}  // namespace

Result<CoordinatorCommand> read_command_line(
    const std::vector<std::string>& arguments,
    const std::function<std::optional<std::string>(const std::string&)>& environment) {
  // The first to store a value wins: flags, then the environment, then the file.
  po::variables_map values;
  try {
    using Style = po::command_line_style::style_t;
    po::store(po::command_line_parser(arguments)
                  .options(flags())
                  .positional(po::positional_options_description())
                  .style(Style::default_style & ~Style::allow_guessing)
                  .run(),
              values);
  } catch (const po::error& error) {
    return Unexpected(usage_error("", error));
  }
  if (values.count("help") != 0) return CoordinatorCommand{{}, help_text()};
  if (values.count("version") != 0) {
    return CoordinatorCommand{{}, std::string("furrow-coordinator ") + kVersion + "\n"};
  }
  add_environment(values, environment);
  if (const auto file = environment("FURROW_CONFIG")) FURROW_TRY_VOID(add_file(values, *file));
  FURROW_TRY(auto options, to_options(values));
  return CoordinatorCommand{std::move(options), std::nullopt};
}

}  // namespace furrow
