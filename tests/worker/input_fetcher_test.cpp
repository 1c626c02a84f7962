#include "worker/agent/input_fetcher.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace furrow::worker {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Outcome = InputFetcher::Outcome;

/// The coordinator's end, on a socket in a folder of the test's own, and a clock that the test
/// moves.
class InputFetches : public testing::Test {
 protected:
  InputFetches() { fetcher_.connect(router_.endpoint()); }

  void fetch(const std::string& content) {
    fetcher_.fetch(sha256(content));
    pump();
  }

  void pump() { take(fetcher_.pump(now_)); }

  /// The next question; one without a digest when none comes.
  v1::BlobGet next_question() {
    for (int round = 0; round < 2000; ++round) {
      pump();
      zmq::pollitem_t item{router_.socket().handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(10));
      if (const auto incoming = router_.receive()) {
        v1::BlobRequest request;
        EXPECT_TRUE(incoming->parse_into(request));
        peer_ = incoming->peer;
        return request.get();
      }
    }
    ADD_FAILURE() << "nothing is asked";
    return {};
  }

  bool is_asked_something() {
    zmq::pollitem_t item{router_.socket().handle(), 0, ZMQ_POLLIN, 0};
    return zmq::poll(&item, 1, std::chrono::milliseconds(20)) > 0;
  }

  void answer(const v1::BlobReply& reply, std::string_view chunk = {}) {
    EXPECT_EQ(router_.send(peer_, reply, chunk), wire::Sent::Queued);
    zmq::pollitem_t item{fetcher_.socket()->handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, std::chrono::milliseconds(20'000));
    take(fetcher_.receive(now_));
  }

  void send_chunk(const v1::BlobGet& question, std::string_view content, std::size_t most) {
    v1::BlobReply reply;
    reply.mutable_chunk()->set_digest(question.digest());
    reply.mutable_chunk()->set_size(content.size());
    reply.mutable_chunk()->set_offset(question.offset());
    answer(reply, content.substr(question.offset(), most));
  }

  void take(std::vector<InputFetcher::Answer> answers) {
    for (auto& answer : answers) answers_.push_back(std::move(answer));
  }

  test::TemporaryFolder folder_;
  zmq::context_t context_;
  wire::Router router_ =
      wire::Router::bind(context_, "ipc://" + (folder_.path() / "blobs").string(),
                         {.max_message_bytes = wire::kMaxBlobBytes})
          .value();
  InputFetcher fetcher_{context_, InputCache(folder_.path() / "inputs")};
  std::string peer_;
  Instant now_ = Instant{} + std::chrono::hours(1);
  std::vector<InputFetcher::Answer> answers_;
};

TEST_F(InputFetches, AnInputComesInChunksAndIsChecked) {
  const std::string content = "0123456789";
  fetch(content);

  for (const std::uint64_t offset : {0U, 4U, 8U}) {
    const auto question = next_question();
    EXPECT_EQ(question.digest(), sha256(content).raw());
    EXPECT_EQ(question.offset(), offset);
    EXPECT_THAT(answers_, IsEmpty());
    send_chunk(question, content, 4);
  }

  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].outcome, Outcome::Fetched);
  EXPECT_EQ(answers_[0].bytes, content.size());
  EXPECT_EQ(*read_file(answers_[0].path), content);
}

TEST_F(InputFetches, WhatIsInTheCacheIsNotAskedFor) {
  fetch("cat");
  send_chunk(next_question(), "cat", 100);
  answers_.clear();

  fetch("cat");

  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].outcome, Outcome::Fetched);
  EXPECT_FALSE(is_asked_something());
}

TEST_F(InputFetches, DamagedBytesAreAFailureAndNotKept) {
  fetch("cat");
  send_chunk(next_question(), "dog", 100);

  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].outcome, Outcome::Failed);
  EXPECT_THAT(answers_[0].reason, HasSubstr("damaged"));
  answers_.clear();
  fetch("cat");
  EXPECT_THAT(answers_, IsEmpty()) << "it is asked for again";
}

TEST_F(InputFetches, AMissingBlobIsToldFromOneThatCannotBeRead) {
  for (const bool is_missing : {true, false}) {
    fetch("cat");
    const auto question = next_question();
    v1::BlobReply reply;
    reply.mutable_refused()->set_digest(question.digest());
    reply.mutable_refused()->set_reason("no");
    reply.mutable_refused()->set_missing(is_missing);
    answer(reply);
  }

  ASSERT_THAT(answers_, SizeIs(2));
  EXPECT_EQ(answers_[0].outcome, Outcome::Missing);
  EXPECT_EQ(answers_[1].outcome, Outcome::Failed);
}

TEST_F(InputFetches, ALateChunkIsAskedForAgainAndAtLastGivenUp) {
  fetch("cat");
  for (int tries = 1; tries <= InputFetcher::kTries; ++tries) {
    EXPECT_EQ(next_question().offset(), 0U);
    EXPECT_THAT(answers_, IsEmpty());
    now_ += InputFetcher::kPatience;
  }

  pump();

  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].outcome, Outcome::Failed);
  EXPECT_THAT(answers_[0].reason, HasSubstr("blob port"));
}

TEST_F(InputFetches, OverANewConnectionItGoesOnWhereItWas) {
  fetch("0123456789");
  send_chunk(next_question(), "0123456789", 6);
  next_question();  // its answer is lost

  fetcher_.connect(router_.endpoint());

  const auto question = next_question();
  EXPECT_EQ(question.offset(), 6U);
  send_chunk(question, "0123456789", 100);
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].outcome, Outcome::Fetched);
}

TEST_F(InputFetches, AnAnswerThatComesTwiceCountsOnce) {
  fetch("0123456789");
  const auto question = next_question();
  send_chunk(question, "0123456789", 6);
  send_chunk(question, "0123456789", 6);
  send_chunk(next_question(), "0123456789", 100);

  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].outcome, Outcome::Fetched);
}

TEST_F(InputFetches, WhatIsStoppedIsForgotten) {
  fetch("cat");
  const auto question = next_question();

  fetcher_.stop(sha256("cat"));
  send_chunk(question, "cat", 100);

  EXPECT_THAT(answers_, IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "inputs"));
}

TEST_F(InputFetches, OnlySomeAreFetchedAtOnce) {
  for (std::size_t i = 0; i <= InputFetcher::kAtOnce; ++i) {
    fetcher_.fetch(sha256(std::to_string(i)));
  }
  std::map<std::string, int> questions;
  for (std::size_t i = 0; i < InputFetcher::kAtOnce; ++i) ++questions[next_question().digest()];

  EXPECT_THAT(questions, SizeIs(InputFetcher::kAtOnce));
  pump();
  EXPECT_FALSE(is_asked_something());
}

TEST_F(InputFetches, AnInputThatClaimsToBeTooLargeIsRefused) {
  fetch("cat");
  const auto question = next_question();
  v1::BlobReply reply;
  reply.mutable_chunk()->set_digest(question.digest());
  reply.mutable_chunk()->set_size(std::uint64_t{1} << 40);
  answer(reply, "cat");

  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_EQ(answers_[0].outcome, Outcome::Failed);
}

}  // namespace
}  // namespace furrow::worker
