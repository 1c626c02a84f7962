#include "worker/agent/input_shelf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace furrow::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Digest kCat = sha256("cat");
const Digest kDog = sha256("dog");
const Digest kOwl = sha256("owl");

TEST(InputShelf, WhatIsOnItsWayIsAskedForOnce) {
  InputShelf shelf(1000, {});

  EXPECT_TRUE(shelf.ask_for(kCat));
  EXPECT_FALSE(shelf.ask_for(kCat));
  EXPECT_EQ(shelf.use(kCat), nullptr);
  shelf.on_fetched(kCat, "/cat", 10);

  EXPECT_FALSE(shelf.ask_for(kCat));
  ASSERT_NE(shelf.use(kCat), nullptr);
  EXPECT_EQ(*shelf.use(kCat), "/cat");
}

TEST(InputShelf, WhatAFormerRunLeftIsAskedForBeforeItIsUsed) {
  InputShelf shelf(1000, {{kCat, 10}});

  EXPECT_EQ(shelf.use(kCat), nullptr);
  EXPECT_TRUE(shelf.ask_for(kCat));
}

TEST(InputShelf, TheLeastRecentlyUsedMakesRoom) {
  InputShelf shelf(20, {});
  for (const auto& input : {kCat, kDog, kOwl}) shelf.on_fetched(input, "/", 10);
  shelf.use(kCat);

  EXPECT_TRUE(shelf.has_surplus());
  EXPECT_THAT(shelf.take_surplus({}), ElementsAre(kDog));
  EXPECT_FALSE(shelf.has_surplus());
  EXPECT_EQ(shelf.use(kDog), nullptr);
  EXPECT_NE(shelf.use(kCat), nullptr);
}

TEST(InputShelf, WhatIsWantedStaysHoweverMuchItTakes) {
  InputShelf shelf(5, {});
  for (const auto& input : {kCat, kDog}) shelf.on_fetched(input, "/", 10);

  EXPECT_THAT(shelf.take_surplus({kCat}), ElementsAre(kDog));
  EXPECT_TRUE(shelf.has_surplus());
  EXPECT_THAT(shelf.take_surplus({kCat}), IsEmpty());
  EXPECT_THAT(shelf.take_surplus({}), ElementsAre(kCat));
}

TEST(InputShelf, WhatAFormerRunLeftCountsAndGoesFirst) {
  InputShelf shelf(25, {{kCat, 10}, {kDog, 10}});
  shelf.on_fetched(kOwl, "/", 10);

  EXPECT_THAT(shelf.take_surplus({}), ElementsAre(kCat));
}

TEST(InputShelf, FetchedAgainItCountsOnce) {
  InputShelf shelf(15, {{kCat, 10}});
  EXPECT_TRUE(shelf.ask_for(kCat));
  shelf.on_fetched(kCat, "/", 10);

  EXPECT_FALSE(shelf.has_surplus());
}

TEST(InputShelf, WhatAFormerRunLeftCountsOnWhenItIsNotWantedAfterAll) {
  InputShelf shelf(5, {{kCat, 10}});
  EXPECT_TRUE(shelf.ask_for(kCat));
  shelf.forget(kCat);

  EXPECT_THAT(shelf.take_surplus({}), ElementsAre(kCat));
  EXPECT_FALSE(shelf.has_surplus());
}

TEST(InputShelf, WhatDidNotComeMayBeAskedForAgain) {
  InputShelf shelf(1000, {{kDog, 10}});
  shelf.ask_for(kCat);
  EXPECT_THAT(shelf.on_their_way(), ElementsAre(kCat));
  shelf.forget(kCat);

  EXPECT_THAT(shelf.on_their_way(), IsEmpty());
  EXPECT_TRUE(shelf.ask_for(kCat));
}

}  // namespace
}  // namespace furrow::worker
