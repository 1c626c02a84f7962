#include "coordinator/net/outbox.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr SessionId kOne{1};
constexpr SessionId kTwo{2};

core::ToSession a_message(SessionId session, const std::string& text) {
  core::ToSession message{session, {}};
  message.message.mutable_refusal()->set_reason(text);
  return message;
}

/// What was released, as short words: the text of a message, "close", or what an announcement
/// would say.
std::vector<std::string> words(std::vector<Delivery> deliveries) {
  std::vector<std::string> words;
  for (auto& delivery : deliveries) {
    if (const auto* message = std::get_if<core::ToSession>(&delivery)) {
      words.push_back(message->message.refusal().reason());
    } else if (std::holds_alternative<CloseSession>(delivery)) {
      words.push_back("close");
    } else {
      words.push_back("announce");
    }
  }
  return words;
}

TEST(Outbox, AMessageWaitsForItsCommit) {
  Outbox outbox;
  outbox.add(a_message(kOne, "lease"), 2);

  EXPECT_THAT(words(outbox.release(1)), IsEmpty());
  EXPECT_THAT(words(outbox.release(2)), ElementsAre("lease"));
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, AMessageWithoutACommitGoesAtOnce) {
  Outbox outbox;
  outbox.add(a_message(kOne, "lease"), 2);
  outbox.add(a_message(kTwo, "heartbeat"), 0);

  EXPECT_THAT(words(outbox.release(1)), ElementsAre("heartbeat"));
}

TEST(Outbox, NothingOvertakesAnEarlierMessageToTheSameSession) {
  Outbox outbox;
  outbox.add(a_message(kOne, "lease"), 2);
  outbox.add(a_message(kOne, "heartbeat"), 0);

  EXPECT_THAT(words(outbox.release(1)), IsEmpty());
  EXPECT_THAT(words(outbox.release(2)), ElementsAre("lease", "heartbeat"));
}

TEST(Outbox, ASessionIsClosedAfterItsLastMessage) {
  Outbox outbox;
  outbox.add(a_message(kOne, "refusal"), 3);
  outbox.add(CloseSession{kOne}, 0);

  EXPECT_THAT(words(outbox.release(3)), ElementsAre("refusal", "close"));
}

TEST(Outbox, WhatIsReleasedLateKeepsItsOrder) {
  Outbox outbox;
  outbox.add(a_message(kOne, "a"), 1);
  outbox.add(a_message(kTwo, "b"), 2);
  outbox.add([] {}, 2);
  outbox.add(a_message(kOne, "c"), 3);

  EXPECT_THAT(words(outbox.release(9)), ElementsAre("a", "b", "announce", "c"));
}

TEST(Outbox, ASessionWhoseMessagesAreOutWaitsNoLonger) {
  Outbox outbox;
  outbox.add(a_message(kOne, "lease"), 1);
  outbox.add(a_message(kTwo, "other"), 5);
  ASSERT_THAT(words(outbox.release(1)), ElementsAre("lease"));

  outbox.add(a_message(kOne, "heartbeat"), 0);

  EXPECT_THAT(words(outbox.release(1)), ElementsAre("heartbeat"));
}

}  // namespace
}  // namespace furrow::net
