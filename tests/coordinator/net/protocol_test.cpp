#include "coordinator/net/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::net {
namespace {

using testing::AllOf;
using testing::HasSubstr;

v1::Hello a_hello(std::uint32_t min, std::uint32_t max) {
  v1::Hello hello;
  hello.set_protocol_min(min);
  hello.set_protocol_max(max);
  hello.set_name("node7");
  hello.set_version("9.9");
  return hello;
}

TEST(Protocol, AWorkerWhoseVersionsIncludeOursIsSpokenTo) {
  EXPECT_FALSE(why_not_speak(a_hello(1, 1)));
  EXPECT_FALSE(why_not_speak(a_hello(0, 3)));
}

TEST(Protocol, ANewerWorkerIsToldToUpgradeTheCoordinator) {
  EXPECT_THAT(*why_not_speak(a_hello(2, 3)),
              AllOf(HasSubstr("speaks protocol 1"), HasSubstr("node7 (furrow 9.9)"),
                    HasSubstr("2 to 3"), HasSubstr("Upgrade the coordinator")));
}

TEST(Protocol, AWorkerThatSaysNothingIsToldToUpgradeItself) {
  EXPECT_THAT(*why_not_speak(a_hello(0, 0)), HasSubstr("Upgrade the worker"));
}

TEST(Protocol, AClientOfAnotherVersionIsToldWhichSideToUpgrade) {
  v1::ClientRequest request;
  request.set_version(2);
  EXPECT_THAT(*why_not_speak(request), HasSubstr("Upgrade the coordinator"));
  request.set_version(0);
  EXPECT_THAT(*why_not_speak(request), HasSubstr("Upgrade the client"));
  request.set_version(1);
  EXPECT_FALSE(why_not_speak(request));
}

}  // namespace
}  // namespace furrow::net
