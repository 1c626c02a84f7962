#include "coordinator/options.h"

#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace furrow {
namespace {

using testing::HasSubstr;

class OptionsTest : public testing::Test {
 protected:
  Result<CoordinatorCommand> read(const std::vector<std::string>& arguments) const {
    return read_command_line(arguments, [this](const std::string& name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? std::nullopt : std::optional(found->second);
    });
  }

  void write_config(const std::string& text) {
    const auto file = folder_.path() / "furrow.conf";
    std::ofstream(file) << text;
    environment_["FURROW_CONFIG"] = file.string();
  }

  std::string message(const std::vector<std::string>& arguments) const {
    const auto command = read(arguments);
    EXPECT_FALSE(command);
    EXPECT_EQ(command.error().kind, ErrorKind::Invalid);
    return command.error().message;
  }

  test::TemporaryFolder folder_;
  std::map<std::string, std::string> environment_;
};

TEST_F(OptionsTest, TheDefaultsListenOnThisMachineOnly) {
  const auto command = read({"--data", "/d"});

  ASSERT_TRUE(command);
  EXPECT_EQ(command->options.data, "/d");
  EXPECT_EQ(command->options.listen, "127.0.0.1");
  EXPECT_EQ(command->options.port, 7710);
}

TEST_F(OptionsTest, AFlagWinsOverTheEnvironmentAndThatOverTheFile) {
  write_config("data = /from-file\nlisten = 1.1.1.1\nport = 1\n");
  environment_["FURROW_LISTEN"] = "2.2.2.2";
  environment_["FURROW_PORT"] = "2";

  const auto command = read({"--port", "3"});

  ASSERT_TRUE(command) << command.error().message;
  EXPECT_EQ(command->options.data, "/from-file");
  EXPECT_EQ(command->options.listen, "2.2.2.2");
  EXPECT_EQ(command->options.port, 3);
}

TEST_F(OptionsTest, LinesForOtherProgramsAreLeftAlone) {
  write_config("coordinator = farm1:7710\n[worker]\nname = x\n");

  EXPECT_TRUE(read({}));
}

TEST_F(OptionsTest, AMissingConfigFileIsNamed) {
  environment_["FURROW_CONFIG"] = "/nowhere.conf";

  EXPECT_THAT(message({}), HasSubstr("/nowhere.conf (FURROW_CONFIG)"));
}

TEST_F(OptionsTest, AWrongPortIsQuoted) {
  for (const std::string port : {"65534", "-1", "http", "", "7710x", "999999999999"}) {
    EXPECT_THAT(message({"--port=" + port}), HasSubstr(port));
  }
}

TEST_F(OptionsTest, AnAddressWithAPortOrSchemeIsRefused) {
  EXPECT_THAT(message({"--listen", "0.0.0.0:7710"}), HasSubstr("0.0.0.0:7710"));
  EXPECT_THAT(message({"--listen", "tcp://x"}), HasSubstr("not an IPv4 address"));
}

TEST_F(OptionsTest, AnUnknownFlagSaysWhereHelpIs) {
  EXPECT_THAT(message({"--prot", "1"}), HasSubstr("furrow-coordinator --help"));
  EXPECT_THAT(message({"stray"}), HasSubstr("furrow-coordinator --help"));
}

TEST_F(OptionsTest, HelpAndVersionAreTexts) {
  EXPECT_THAT(*read({"--help"})->text, HasSubstr("--listen ADDR"));
  EXPECT_THAT(*read({"--version"})->text, HasSubstr("furrow-coordinator "));
}

}  // namespace
}  // namespace furrow
