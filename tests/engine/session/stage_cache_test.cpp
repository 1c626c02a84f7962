#include "worker/engine/stage_cache.h"

#include <gtest/gtest.h>

namespace furrow::engine {

namespace {

TEST(StageCache, ForgetsTheLeastRecentlyUsed) {
  StageCache<int> cache(2);
  cache.put("a", 1);
  cache.put("b", 2);
  cache.find("a");

  cache.put("c", 3);

  EXPECT_EQ(cache.size(), 2U);
  ASSERT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(*cache.find("a"), 1);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_EQ(*cache.find("c"), 3);
}

}  // namespace

}  // namespace furrow::engine
