#include "common/config/paths.h"

#include <cstdlib>
#include <map>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "tests/support/temporary_folder.h"

namespace furrow::config {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Each test begins without any of our variables and leaves the environment as it was.
class Paths : public testing::Test {
 protected:
  Paths() {
    for (const char* name :
         {"FURROW_DATA", "FURROW_MODELS", "FURROW_COORDINATOR", "XDG_DATA_HOME", "HOME"}) {
      const char* value = std::getenv(name);
      before_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
      ::unsetenv(name);
    }
  }

  ~Paths() override {
    for (const auto& [name, value] : before_) {
      if (value) {
        ::setenv(name.c_str(), value->c_str(), 1);
      } else {
        ::unsetenv(name.c_str());
      }
    }
  }

  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

  const test::TemporaryFolder temporary_;
  const std::filesystem::path data_ = temporary_.path();

 private:
  std::map<std::string, std::optional<std::string>> before_;
};

TEST_F(Paths, TheDataFolderIsTheFirstThatIsNamed) {
  set("HOME", "/home/ada");
  EXPECT_EQ(data_folder(std::nullopt), "/home/ada/.local/share/furrow");
  set("XDG_DATA_HOME", "/xdg");
  EXPECT_EQ(data_folder(std::nullopt), "/xdg/furrow");
  set("FURROW_DATA", "/data");
  EXPECT_EQ(data_folder(std::nullopt), "/data");
  EXPECT_EQ(data_folder("/flag"), "/flag");
}

TEST_F(Paths, AnEmptyVariableIsNone) {
  set("HOME", "/home/ada");
  set("FURROW_DATA", "");

  EXPECT_EQ(data_folder(std::nullopt), "/home/ada/.local/share/furrow");
}

TEST_F(Paths, ModelFoldersThatExistComeInOrder) {
  std::filesystem::create_directories(data_ / "models");
  std::filesystem::create_directories(data_ / "one");
  std::filesystem::create_directories(data_ / "two");
  set("FURROW_MODELS", (data_ / "two").string() + "::/no/such/folder:" + (data_ / "one").string());

  auto folders = model_folders(data_);
  std::erase(folders, shared_folder() / "models");

  EXPECT_THAT(folders, ElementsAre(data_ / "two", data_ / "one", data_ / "models"));
}

TEST_F(Paths, EndpointsComeBackAsTheyWere) {
  const Endpoints endpoints{"tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "tcp://127.0.0.1:3", 42};

  ASSERT_TRUE(write_endpoints(data_, endpoints));

  EXPECT_EQ(*read_endpoints(data_), endpoints);
}

TEST_F(Paths, WithoutACoordinatorThereAreNoEndpoints) {
  EXPECT_EQ(read_endpoints(data_).error().kind, ErrorKind::NotFound);
}

TEST_F(Paths, ADamagedEndpointsFileIsToldAndNeverThrown) {
  for (const std::string_view text :
       {"", "{", "[]", R"({"client": 5})", R"({"client": "a", "worker": 5})",
        R"({"client": "a", "worker": "b", "blob": "c", "pid": "x"})"}) {
    ASSERT_TRUE(write_file(data_ / "coordinator.json", text, Durability::Cached));
    const auto endpoints = read_endpoints(data_);
    ASSERT_FALSE(endpoints) << text;
    EXPECT_EQ(endpoints.error().kind, ErrorKind::Invalid);
    EXPECT_THAT(endpoints.error().message, HasSubstr("coordinator.json"));
  }
}

TEST_F(Paths, TheClientEndpointIsTheFirstThatIsNamed) {
  EXPECT_EQ(client_endpoint(std::nullopt, data_), "tcp://127.0.0.1:7710");
  ASSERT_TRUE(write_endpoints(data_, {"tcp://127.0.0.1:1", "w", "b", 1}));
  EXPECT_EQ(client_endpoint(std::nullopt, data_), "tcp://127.0.0.1:1");
  set("FURROW_COORDINATOR", "node1");
  EXPECT_EQ(client_endpoint(std::nullopt, data_), "tcp://node1:7710");
  EXPECT_EQ(client_endpoint("node2:99", data_), "tcp://node2:99");
}

TEST_F(Paths, AddressesAreCompleted) {
  EXPECT_EQ(client_endpoint("tcp://node:5", data_), "tcp://node:5");
  EXPECT_EQ(client_endpoint("tcp://node", data_), "tcp://node:7710");
  EXPECT_EQ(client_endpoint("ipc:///tmp/x", data_), "ipc:///tmp/x");
  EXPECT_EQ(client_endpoint("[::1]", data_), "tcp://[::1]:7710");
  EXPECT_EQ(client_endpoint("[::1]:5", data_), "tcp://[::1]:5");
}

}  // namespace
}  // namespace furrow::config
