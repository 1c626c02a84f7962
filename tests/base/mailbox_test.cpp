#include "common/base/mailbox.h"

#include <atomic>
#include <memory>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

namespace furrow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <typename T>
bool is_readable(const Mailbox<T>& box) {
  pollfd descriptor{box.fd(), POLLIN, 0};
  return ::poll(&descriptor, 1, 0) == 1;
}

TEST(Mailbox, GivesValuesInTheirOrder) {
  Mailbox<int> box(3);
  box.put(1);
  box.put(2);

  EXPECT_EQ(box.try_take(), 1);
  EXPECT_EQ(box.try_take(), 2);
  EXPECT_EQ(box.try_take(), std::nullopt);
}

TEST(Mailbox, SaysNoWhenItIsFull) {
  Mailbox<int> box(2);
  EXPECT_TRUE(box.try_put(1));
  EXPECT_TRUE(box.try_put(2));
  EXPECT_FALSE(box.try_put(3));

  box.try_take();

  EXPECT_TRUE(box.try_put(4));
  EXPECT_THAT(box.take_all(), ElementsAre(2, 4));
}

TEST(Mailbox, IsReadableExactlyWhileItHoldsSomething) {
  Mailbox<int> box(3);
  EXPECT_FALSE(is_readable(box));
  box.put(1);
  box.put(2);
  EXPECT_TRUE(is_readable(box));
  box.try_take();
  EXPECT_TRUE(is_readable(box));
  box.try_take();
  EXPECT_FALSE(is_readable(box));
  box.put(3);
  EXPECT_TRUE(is_readable(box));
  box.take_all();
  EXPECT_FALSE(is_readable(box));
}

TEST(Mailbox, AClosedBoxTakesNothingAndGivesWhatItHas) {
  Mailbox<int> box(3);
  box.put(1);

  box.close();

  EXPECT_TRUE(box.is_closed());
  EXPECT_FALSE(box.put(2));
  EXPECT_FALSE(box.try_put(2));
  EXPECT_TRUE(box.wait());
  EXPECT_EQ(box.try_take(), 1);
  EXPECT_FALSE(box.wait());
}

TEST(Mailbox, AClosedBoxStaysReadable) {
  Mailbox<int> box(3);
  box.put(1);
  box.close();

  box.take_all();

  EXPECT_TRUE(is_readable(box));
  EXPECT_THAT(box.take_all(), IsEmpty());
  EXPECT_EQ(box.try_take(), std::nullopt);
  EXPECT_TRUE(is_readable(box));
}

TEST(Mailbox, CarriesWhatCannotBeCopied) {
  Mailbox<std::unique_ptr<int>> box(1);
  box.put(std::make_unique<int>(5));

  const auto taken = box.try_take();

  ASSERT_TRUE(taken);
  EXPECT_EQ(**taken, 5);
}

TEST(Mailbox, ManyWritersAndOneReaderLoseNothing) {
  constexpr int kWriters = 4;
  constexpr int kValues = 2000;
  Mailbox<int> box(7);
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&box, writer] {
      for (int i = 0; i < kValues; ++i) EXPECT_TRUE(box.put(writer * kValues + i));
    });
  }

  std::vector<int> last(kWriters, -1);
  int count = 0;
  while (count < kWriters * kValues && box.wait()) {
    for (const int value : box.take_all()) {
      const auto writer = static_cast<std::size_t>(value / kValues);
      EXPECT_EQ(value % kValues, last[writer] + 1);
      last[writer] = value % kValues;
      ++count;
    }
  }

  EXPECT_EQ(count, kWriters * kValues);
}

TEST(Mailbox, ClosingFreesAWriterThatWaits) {
  Mailbox<int> box(1);
  box.put(1);
  std::atomic<bool> taken = true;
  std::jthread writer([&] { taken = box.put(2); });

  box.close();
  writer.join();

  EXPECT_FALSE(taken);
  EXPECT_THAT(box.take_all(), ElementsAre(1));
}

TEST(Mailbox, ClosingFreesAReaderThatWaits) {
  Mailbox<int> box(1);
  std::atomic<bool> got = true;
  std::jthread reader([&] { got = box.wait(); });

  box.close();
  reader.join();

  EXPECT_FALSE(got);
}

}  // namespace
}  // namespace furrow
