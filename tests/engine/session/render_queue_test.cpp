#include "worker/engine/render_queue.h"

#include <gtest/gtest.h>

namespace furrow::engine {

namespace {

v1::RenderCell cell(std::uint64_t index, std::uint32_t width = 64) {
  v1::RenderCell cell;
  cell.mutable_token()->set_cell(index);
  cell.set_model_path("/models/a");
  cell.mutable_recipe()->set_width(width);
  cell.mutable_recipe()->set_height(64);
  return cell;
}

std::uint64_t index_of(const std::optional<WaitingCell>& waiting) {
  return waiting.value().cell.token().cell();
}

TEST(RenderQueue, GivesTheOldestWhenTheDeviceIsFree) {
  RenderQueue queue;
  queue.add(cell(1, 128));
  queue.add(cell(2));

  EXPECT_EQ(index_of(queue.take_next(std::nullopt)), 1U);
}

TEST(RenderQueue, LetsOnlyCellsOfTheRunningKindJoin) {
  RenderQueue queue;
  queue.add(cell(1, 128));
  queue.add(cell(2, 64));
  const BatchKey running = WaitingCell(cell(0, 64)).key;

  EXPECT_EQ(index_of(queue.take_next(running)), 2U);
  EXPECT_FALSE(queue.take_next(running).has_value());
  EXPECT_EQ(queue.waiting().size(), 1U);
}

TEST(RenderQueue, DoesNotHoldUpAnotherKindForEver) {
  RenderQueue queue;
  queue.add(cell(0, 128));
  const BatchKey running = WaitingCell(cell(0, 64)).key;
  std::size_t joined = 0;

  for (std::uint64_t i = 1; i <= 2 * RenderQueue::kMostOvertaking; ++i) {
    queue.add(cell(i, 64));
    if (queue.take_next(running)) ++joined;
  }

  EXPECT_EQ(joined, RenderQueue::kMostOvertaking);
  EXPECT_EQ(index_of(queue.take_next(std::nullopt)), 0U);
}

TEST(RenderQueue, TakesOutTheAttemptThatIsNamed) {
  RenderQueue queue;
  queue.add(cell(1));
  queue.add(cell(2));
  v1::Token other = cell(2).token();
  other.set_attempt(7);

  EXPECT_FALSE(queue.remove(other).has_value());
  EXPECT_TRUE(queue.remove(cell(2).token()).has_value());
  EXPECT_EQ(queue.waiting().size(), 1U);
}

TEST(RenderQueue, IsBounded) {
  RenderQueue queue;
  for (std::size_t i = 0; i < RenderQueue::kMostWaiting; ++i) ASSERT_TRUE(queue.add(cell(i)));

  EXPECT_FALSE(queue.add(cell(0)));
}

}  // namespace

}  // namespace furrow::engine
