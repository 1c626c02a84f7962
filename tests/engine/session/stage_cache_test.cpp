#include "worker/engine/stage_cache.h"

#include <gtest/gtest.h>

namespace furrow::engine {

namespace {

TEST(StageCache, ForgetsTheLeastRecentlyUsed) {
  StageCache<int> cache(20);
  cache.put("a", 1, 10);
  cache.put("b", 2, 10);
  cache.find("a");

  cache.put("c", 3, 10);

  EXPECT_EQ(cache.size(), 2U);
  ASSERT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(*cache.find("a"), 1);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_EQ(*cache.find("c"), 3);
}

TEST(StageCache, ALargeResultTakesThePlaceOfSeveral) {
  StageCache<int> cache(20);
  for (const char* key : {"a", "b", "c", "d"}) cache.put(key, 0, 5);

  cache.put("large", 1, 12);

  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_EQ(cache.find("c"), nullptr);
  EXPECT_NE(cache.find("d"), nullptr);
  EXPECT_NE(cache.find("large"), nullptr);
}

TEST(StageCache, WhatIsLargerThanAllIsNotKept) {
  StageCache<int> cache(20);
  cache.put("a", 1, 10);

  cache.put("b", 2, 21);

  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
}

}  // namespace

}  // namespace furrow::engine
