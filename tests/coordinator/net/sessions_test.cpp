#include "coordinator/net/sessions.h"

#include <string>

#include <gtest/gtest.h>

namespace furrow::net {
namespace {

TEST(Sessions, APeerIsFoundByItsSessionAndTheOtherWayRound) {
  Sessions sessions;

  const auto session = sessions.open("peer");

  EXPECT_EQ(sessions.of("peer"), session);
  EXPECT_EQ(*sessions.peer(session), "peer");
  EXPECT_FALSE(sessions.of("stranger"));
}

TEST(Sessions, SessionsAreNeverReused) {
  Sessions sessions;

  const auto first = sessions.open("peer");
  sessions.close(first);
  const auto second = sessions.open("peer");

  EXPECT_NE(first, second);
  EXPECT_EQ(sessions.peer(first), nullptr);
}

TEST(Sessions, ClosingAnEarlierSessionLeavesTheLaterOneOpen) {
  Sessions sessions;
  const auto first = sessions.open("peer");
  const auto second = sessions.open("peer");

  sessions.close(first);

  EXPECT_EQ(sessions.of("peer"), second);
}

TEST(Sessions, APeerIsCutOffOnceItsFaultsAreTooMany) {
  Sessions sessions;
  for (std::uint32_t i = 1; i < Sessions::kMaxFaults; ++i) EXPECT_FALSE(sessions.add_fault("peer"));
  EXPECT_FALSE(sessions.is_cut_off("peer"));

  EXPECT_TRUE(sessions.add_fault("peer"));
  EXPECT_TRUE(sessions.is_cut_off("peer"));
  EXPECT_FALSE(sessions.add_fault("peer")) << "it is told once";
  EXPECT_FALSE(sessions.is_cut_off("other"));
}

TEST(Sessions, RememberedFaultsAreBounded) {
  Sessions sessions;
  for (std::size_t i = 0; i < 3 * Sessions::kMaxFaultyPeers; ++i) {
    sessions.add_fault(std::to_string(i));
  }

  EXPECT_LE(sessions.faulty_peers(), Sessions::kMaxFaultyPeers);
}

}  // namespace
}  // namespace furrow::net
