#include "cli/client.h"

#include <atomic>
#include <mutex>
#include <set>

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/files.h"
#include "tests/cli/fake_coordinator.h"

namespace furrow::cli {

namespace {

using std::chrono::milliseconds;

/// Quick to give up where a test waits for that, patient where it must not.
ClientOptions quick() {
  ClientOptions options;
  options.connect_wait = milliseconds(5000);
  options.reply_wait = milliseconds(10'000);
  options.submit_wait = milliseconds(10'000);
  options.resend_after = milliseconds(20);
  options.silence = milliseconds(60'000);
  return options;
}

/// The next news that is of `kind`, whatever comes before it.
Result<Client::News> next_of(Client& client, Client::News::Kind kind) {
  for (int looks = 0; looks < 1000; ++looks) {
    auto news = client.next_news(milliseconds(100));
    if (!news || news->kind == kind) return news;
  }
  return fail(ErrorKind::Timeout, "the news did not come");
}

TEST(Client, GetsTheJobItAsksFor) {
  FakeCoordinator coordinator([](const v1::ClientRequest& request, const auto& answer) {
    if (request.show_job().job().text() == "last") answer(job_reply(v1::JOB_STATE_RUNNING, 3, 36));
  });
  auto client = *Client::connect(coordinator.endpoint(), quick());

  const auto job = client.show_job("last");

  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->id(), 12u);
  EXPECT_EQ(job->cells().done(), 3u);
}

TEST(Client, TellsWhatTheCoordinatorRefusesByItsKind) {
  const std::pair<v1::ErrorCode, ErrorKind> kinds[] = {
      {v1::ERROR_CODE_INTERNAL, ErrorKind::Internal},
      {v1::ERROR_CODE_INVALID, ErrorKind::Invalid},
      {v1::ERROR_CODE_NOT_FOUND, ErrorKind::NotFound},
      {v1::ERROR_CODE_NOT_ALLOWED, ErrorKind::NotAllowed},
      {v1::ERROR_CODE_CONFLICT, ErrorKind::Conflict}};
  for (const auto& [code, kind] : kinds) {
    FakeCoordinator coordinator([wanted = code](const auto&, const auto& answer) {
      answer(error_reply(wanted, "There is no such job."));
    });
    auto client = *Client::connect(coordinator.endpoint(), quick());

    const auto job = client.show_job("7");

    ASSERT_FALSE(job);
    EXPECT_EQ(job.error(), (Error{kind, "There is no such job."}));
  }
}

TEST(Client, JoinsAllFaultsOfARefusedSweep) {
  FakeCoordinator coordinator([](const auto&, const auto& answer) {
    auto reply = error_reply(v1::ERROR_CODE_INVALID, "axis \"Steps\": \"abc\" is no number.");
    reply.mutable_error()->add_messages("axis \"Seed\" is empty.");
    answer(reply);
  });
  auto client = *Client::connect(coordinator.endpoint(), quick());

  const auto submitted = client.submit({});

  ASSERT_FALSE(submitted);
  EXPECT_EQ(submitted.error().message,
            "axis \"Steps\": \"abc\" is no number.\naxis \"Seed\" is empty.");
}

TEST(Client, SaysThatNobodyListensWithoutWaiting) {
  std::string endpoint;
  {
    FakeCoordinator coordinator([](const auto&, const auto&) {});
    endpoint = coordinator.endpoint();
  }
  ClientOptions options = quick();
  options.connect_wait = milliseconds(60'000);  // would fail the test by its time limit
  auto client = *Client::connect(endpoint, options);

  const auto job = client.show_job("last");

  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().kind, ErrorKind::Unreachable);
  EXPECT_NE(job.error().message.find("No coordinator answers at " + endpoint), std::string::npos);
  EXPECT_NE(job.error().message.find("furrow up"), std::string::npos);
}

TEST(Client, SaysThatACoordinatorWasReachedAndDidNotAnswer) {
  FakeCoordinator coordinator([](const auto&, const auto&) {});
  ClientOptions options = quick();
  options.reply_wait = milliseconds(60);
  auto client = *Client::connect(coordinator.endpoint(), options);

  const auto job = client.show_job("last");

  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().kind, ErrorKind::Unreachable);
  EXPECT_NE(job.error().message.find("gave no answer"), std::string::npos);
}

TEST(Client, RefusesAnAddressThatIsNone) {
  const auto client = Client::connect("tcp://", quick());

  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().kind, ErrorKind::Invalid);
}

TEST(Client, SendsASubmissionAgainWithTheSameTokenWhenTheAnswerIsLost) {
  std::mutex mutex;
  std::set<std::string> tokens;
  std::atomic<int> submissions = 0;
  FakeCoordinator coordinator([&](const v1::ClientRequest& request, const auto& answer) {
    const std::lock_guard lock(mutex);
    tokens.insert(request.submit().client_token());
    if (++submissions < 3) return;  // the first two answers are lost
    v1::ClientReply reply;
    reply.mutable_submitted()->mutable_job()->set_id(12);
    answer(reply);
  });
  auto client = *Client::connect(coordinator.endpoint(), quick());

  const auto submitted = client.submit({});

  ASSERT_TRUE(submitted) << submitted.error().message;
  EXPECT_EQ(submitted->job().id(), 12u);
  EXPECT_EQ(submissions, 3);
  EXPECT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens.begin()->size(), 32u);
}

TEST(Client, KeepsTheTokenThatItIsGiven) {
  std::atomic<bool> kept = false;
  FakeCoordinator coordinator([&](const v1::ClientRequest& request, const auto& answer) {
    kept = request.submit().client_token() == "mine";
    v1::ClientReply reply;
    reply.mutable_submitted();
    answer(reply);
  });
  auto client = *Client::connect(coordinator.endpoint(), quick());
  v1::SubmitJob submission;
  submission.set_client_token("mine");

  ASSERT_TRUE(client.submit(submission));

  EXPECT_TRUE(kept);
}

TEST(Client, IgnoresALateAnswerToAnEarlierQuestion) {
  FakeCoordinator coordinator([](const v1::ClientRequest& request, const auto& answer) {
    if (request.has_show_job()) {
      answer(job_reply(v1::JOB_STATE_RUNNING, 3, 36));
      answer(job_reply(v1::JOB_STATE_RUNNING, 4, 36));
    } else {
      v1::ClientReply reply;
      reply.mutable_workers();
      answer(reply);
    }
  });
  auto client = *Client::connect(coordinator.endpoint(), quick());

  ASSERT_TRUE(client.show_job("last"));
  const auto workers = client.workers();

  EXPECT_TRUE(workers) << workers.error().message;
}

TEST(Client, TellsEveryUpdateOfAWatchedJob) {
  FakeCoordinator coordinator([](const v1::ClientRequest& request, const auto& answer) {
    answer(job_reply(v1::JOB_STATE_RUNNING, 1, 36));
    if (!request.has_watch_job()) return;
    answer(job_reply(v1::JOB_STATE_RUNNING, 20, 36));
    answer(job_reply(v1::JOB_STATE_DONE, 36, 36));
  });
  auto client = *Client::connect(coordinator.endpoint(), quick());
  ASSERT_TRUE(client.show_job("last"));

  client.watch(12);

  for (const std::uint64_t done : {1u, 20u, 36u}) {
    const auto news = next_of(client, Client::News::Kind::Job);
    ASSERT_TRUE(news) << news.error().message;
    EXPECT_EQ(news->job.cells().done(), done);
  }
}

TEST(Client, WatchesOnAfterTheCoordinatorRestarted) {
  const auto running = [](const auto&, const auto& answer) {
    answer(job_reply(v1::JOB_STATE_RUNNING, 1, 36));
  };
  auto coordinator = std::make_unique<FakeCoordinator>(running);
  const std::string endpoint = coordinator->endpoint();
  auto client = *Client::connect(endpoint, quick());
  ASSERT_TRUE(client.show_job("last"));
  client.watch(12);
  ASSERT_TRUE(next_of(client, Client::News::Kind::Job));

  coordinator.reset();
  const auto lost = next_of(client, Client::News::Kind::LostConnection);
  coordinator = std::make_unique<FakeCoordinator>(
      [](const v1::ClientRequest& request, const auto& answer) {
        if (request.watch_job().job().text() == "12") answer(job_reply(v1::JOB_STATE_DONE, 36, 36));
      },
      endpoint);
  const auto back = next_of(client, Client::News::Kind::BackAgain);
  const auto news = next_of(client, Client::News::Kind::Job);

  ASSERT_TRUE(lost) << lost.error().message;
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_TRUE(news) << news.error().message;
  EXPECT_EQ(news->job.state(), v1::JOB_STATE_DONE);
}

TEST(Client, FollowsACoordinatorThatComesBackAtAnotherAddress) {
  auto first = std::make_unique<FakeCoordinator>(
      [](const auto&, const auto& answer) { answer(job_reply(v1::JOB_STATE_RUNNING, 1, 36)); });
  FakeCoordinator second(
      [](const auto&, const auto& answer) { answer(job_reply(v1::JOB_STATE_DONE, 36, 36)); });
  ClientOptions options = quick();
  options.look_up = [&] { return std::optional(second.endpoint()); };
  auto client = *Client::connect(first->endpoint(), options);
  ASSERT_TRUE(client.show_job("last"));
  client.watch(12);
  ASSERT_TRUE(next_of(client, Client::News::Kind::Job));

  first.reset();
  const auto back = next_of(client, Client::News::Kind::BackAgain);
  const auto news = next_of(client, Client::News::Kind::Job);

  ASSERT_TRUE(back) << back.error().message;
  ASSERT_TRUE(news) << news.error().message;
  EXPECT_EQ(news->job.state(), v1::JOB_STATE_DONE);
  EXPECT_EQ(client.endpoint(), second.endpoint());
}

TEST(Client, AsksForAWatchedJobThatIsSilent) {
  FakeCoordinator coordinator([](const v1::ClientRequest& request, const auto& answer) {
    if (request.has_show_job()) answer(job_reply(v1::JOB_STATE_DONE, 36, 36));
  });
  ClientOptions options = quick();
  options.silence = milliseconds(20);
  auto client = *Client::connect(coordinator.endpoint(), options);
  ASSERT_TRUE(client.show_job("last"));

  client.watch(12);  // is never answered

  const auto news = next_of(client, Client::News::Kind::Job);
  ASSERT_TRUE(news) << news.error().message;
  EXPECT_EQ(news->job.state(), v1::JOB_STATE_DONE);
}

TEST(Client, AnInterruptionEndsEveryWait) {
  FakeCoordinator coordinator([](const auto&, const auto&) {});
  const FileDescriptor interrupt(eventfd(1, EFD_CLOEXEC));
  ClientOptions options = quick();
  options.interrupt_fd = interrupt.get();
  auto client = *Client::connect(coordinator.endpoint(), options);

  const auto job = client.show_job("last");

  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().kind, ErrorKind::Cancelled);
}

}  // namespace

}  // namespace furrow::cli
