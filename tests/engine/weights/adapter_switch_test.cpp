#include "worker/engine/weights/adapter_switch.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

namespace furrow::engine::weights {
namespace {

/// A table with a linear weight, whose rows may differ, and a norm, whose rows may not.
ParameterTable table() {
  ParameterTable parameters;
  parameters.add("linear.weight", Parameter(at::zeros({2, 2}), Dtype::F32).for_products());
  parameters.add("norm.weight", Parameter(at::zeros({2}), Dtype::F32));
  return parameters;
}

std::shared_ptr<const NetworkAdapters> adding(const char* weight, const at::Tensor& difference) {
  Adapter adapter;
  adapter.form = FullDelta{difference};
  return std::make_shared<const NetworkAdapters>(
      NetworkAdapters{{weight, std::make_shared<const Adapter>(std::move(adapter))}});
}

class AdapterSwitchTest : public testing::Test {
 protected:
  bool differs_by_row() const { return parameters_.find("linear.weight")->row_count() > 0; }

  double merged(const char* name) const {
    return parameters_.find(name)->get().mean().item<double>();
  }

  const c10::InferenceMode no_gradients_;
  const ParameterTable parameters_ = table();
  const std::shared_ptr<const NetworkAdapters> linear_ = adding("linear.weight", at::ones({2, 2}));
  const std::shared_ptr<const NetworkAdapters> norm_ = adding("norm.weight", at::ones({2}));
  AdapterSwitch loras_{parameters_};
};

TEST_F(AdapterSwitchTest, WhatIsAskedAgainIsMerged) {
  const RowLoras half = {{linear_, 0.5}};

  ASSERT_TRUE(loras_.use({half, half}));
  EXPECT_TRUE(differs_by_row());
  ASSERT_TRUE(loras_.use({half}));
  EXPECT_FALSE(differs_by_row());
  EXPECT_EQ(merged("linear.weight"), 0.5);
}

TEST_F(AdapterSwitchTest, WhatFadesOrTakesTurnsIsNeverMerged) {
  for (const double strength : {1.0, 0.9, 0.8, 1.0, 0.8, 1.0}) {
    ASSERT_TRUE(loras_.use({{{linear_, strength}}}));
    EXPECT_TRUE(differs_by_row()) << strength;
  }
}

TEST_F(AdapterSwitchTest, RowsThatDifferStandBesideTheWeights) {
  ASSERT_TRUE(loras_.use({{{linear_, 1}}, {}}));
  EXPECT_EQ(parameters_.find("linear.weight")->row_count(), 2);
  ASSERT_EQ(parameters_.find("linear.weight")->row_deltas().size(), 1U);
}

TEST_F(AdapterSwitchTest, NothingTakesEverythingOff) {
  ASSERT_TRUE(loras_.use({{{linear_, 1}}}));
  ASSERT_TRUE(loras_.use({{{linear_, 1}}}));
  ASSERT_TRUE(loras_.use({{}}));
  EXPECT_FALSE(differs_by_row());
  EXPECT_EQ(merged("linear.weight"), 0);
}

TEST_F(AdapterSwitchTest, WhatCannotDifferIsMergedAtOnceOrRefused) {
  EXPECT_TRUE(loras_.can_differ(*linear_));
  EXPECT_FALSE(loras_.can_differ(*norm_));

  ASSERT_TRUE(loras_.use({{{norm_, 2}}, {{norm_, 2}}}));
  EXPECT_EQ(merged("norm.weight"), 2);

  const auto refused = loras_.use({{{norm_, 2}}, {}});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("norm.weight"), std::string::npos);
}

}  // namespace
}  // namespace furrow::engine::weights
