#include "worker/engine/weights/adapter.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/engine/weights/parameter.h"
#include "worker/engine/weights/products.h"

namespace furrow::engine::weights {

namespace {

using testing::HasSubstr;

Adapter adapter(decltype(Adapter::form) form, double factor = 1) {
  return {std::move(form), factor, {}, 0, 0, Change::None};
}

Adapter low_rank(std::int64_t out, std::int64_t in, std::int64_t rank = 2) {
  return adapter(LowRankDelta{at::randn({rank, in}), at::randn({out, rank}), {}}, 0.5);
}

std::shared_ptr<const Adapter> shared(Adapter a) {
  return std::make_shared<const Adapter>(std::move(a));
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

class AdapterTest : public testing::Test {
 protected:
  const c10::InferenceMode no_gradients_;
};

TEST_F(AdapterTest, ALowRankDeltaIsUpTimesDown) {
  const auto a = low_rank(6, 4);
  const auto& form = std::get<LowRankDelta>(a.form);

  const auto delta = delta_of(a, at::zeros({6, 4}));

  EXPECT_LT(difference(delta, 0.5 * form.up.matmul(form.down)), 1e-6);
}

TEST_F(AdapterTest, AConvolutionOfTwoIsTheTwoOneAfterTheOther) {
  const auto down = at::randn({3, 4, 3, 3});
  const auto up = at::randn({6, 3, 1, 1});
  const auto x = at::randn({2, 4, 7, 5});

  const auto delta = delta_of(adapter(LowRankDelta{down, up, {}}), at::zeros({6, 4, 3, 3}));

  const auto expected = at::conv2d(at::conv2d(x, down, {}, 1, 1), up);
  EXPECT_LT(difference(at::conv2d(x, delta, {}, 1, 1), expected), 1e-4);
}

TEST_F(AdapterTest, ATuckerFormIsThreeConvolutionsOneAfterTheOther) {
  const auto down = at::randn({3, 4, 1, 1});
  const auto mid = at::randn({2, 3, 3, 3});
  const auto up = at::randn({6, 2, 1, 1});
  const auto x = at::randn({2, 4, 7, 5});

  const auto delta = delta_of(adapter(LowRankDelta{down, up, mid}), at::zeros({6, 4, 3, 3}));

  const auto expected = at::conv2d(at::conv2d(at::conv2d(x, down), mid, {}, 1, 1), up);
  EXPECT_LT(difference(at::conv2d(x, delta, {}, 1, 1), expected), 1e-4);
}

TEST_F(AdapterTest, RowsOfAFusedDeltaAreThoseOfTheWhole) {
  auto part = low_rank(9, 4);
  const auto whole = delta_of(part, at::zeros({9, 4}));
  part.first_row = 3;
  part.rows = 3;

  EXPECT_LT(difference(delta_of(part, at::zeros({3, 4})), whole.narrow(0, 3, 3)), 1e-6);
  EXPECT_FALSE(misfit(part, {3, 4}));
}

TEST_F(AdapterTest, DoraGivesTheRowsTheirNorms) {
  auto a = low_rank(5, 4);
  a.magnitude = at::rand({5, 1}) + 1;
  const auto weight = at::randn({5, 4});

  const auto changed = weight + delta_of(a, weight);

  EXPECT_LT(difference(changed.norm(2, 1, true), a.magnitude), 1e-5);
}

TEST_F(AdapterTest, DoraOfColumnsGivesThemTheirs) {
  auto a = low_rank(5, 4);
  a.magnitude = at::rand({1, 4}) + 1;
  const auto weight = at::randn({5, 4});

  const auto changed = weight + delta_of(a, weight);

  EXPECT_LT(difference(changed.norm(2, 0, true), a.magnitude), 1e-5);
}

TEST_F(AdapterTest, WhatDoesNotFitSaysWhatItHas) {
  EXPECT_FALSE(misfit(low_rank(6, 4), {6, 4}));
  EXPECT_THAT(*misfit(low_rank(6, 4), {6, 5}), HasSubstr("6 by 4"));
  const auto broken = adapter(LowRankDelta{at::randn({2, 4}), at::randn({6, 3}), {}});
  EXPECT_THAT(*misfit(broken, {6, 4}), HasSubstr("do not fit each other"));
  auto norms = low_rank(6, 4);
  norms.magnitude = at::ones({5, 1});
  EXPECT_THAT(*misfit(norms, {6, 4}), HasSubstr("5 DoRA norms"));
}

TEST_F(AdapterTest, AnAdaptedWeightIsTheSumAndTheLoadedOneStays) {
  const auto value = at::randn({6, 4});
  const Parameter parameter(value.clone(), Dtype::F32);
  const auto a = shared(low_rank(6, 4));
  const auto b = shared(low_rank(6, 4));

  parameter.adapt({{a, 0.8}, {b, -0.4}});
  const auto adapted = parameter.get().clone();
  parameter.adapt({});

  const auto expected = value + 0.8 * delta_of(*a, value) - 0.4 * delta_of(*b, value);
  EXPECT_LT(difference(adapted, expected), 1e-6);
  EXPECT_TRUE(parameter.get().equal(value));
}

TEST_F(AdapterTest, CopiesOfAHandleAreTheSameWeight) {
  const Parameter in_the_network(at::randn({6, 4}), Dtype::F32);
  const Parameter in_the_table = in_the_network;

  in_the_table.adapt({{shared(low_rank(6, 4)), 1.0}});

  EXPECT_FALSE(in_the_network.get().equal(in_the_network.loaded()));
}

// A weight, a bias, and adapters of every kind, each alone and two at once.
struct Mix {
  std::vector<std::shared_ptr<const Adapter>> adapters;
  std::vector<AppliedAdapters> rows;

  explicit Mix(std::vector<Adapter> all) {
    for (auto& a : all) adapters.push_back(shared(std::move(a)));
    rows.emplace_back();  // a row without any
    for (std::size_t i = 0; i < adapters.size(); ++i) {
      rows.push_back({{adapters[i], 0.3 + 0.2 * static_cast<double>(i)}});
    }
    rows.push_back({{adapters.front(), -0.7}, {adapters.back(), 1.1}});
  }
};

TEST_F(AdapterTest, RowsOfALinearDifferAsIfEachWereAlone) {
  auto dora = low_rank(6, 4);
  dora.magnitude = at::rand({6, 1}) + 1;
  const Mix mix(
      {low_rank(6, 4),
       adapter(HadamardDelta{
           at::randn({6, 2}), at::randn({2, 4}), at::randn({6, 2}), at::randn({2, 4}), {}, {}}),
       adapter(KroneckerDelta{{at::randn({2, 2})}, {at::randn({3, 2})}}), dora});
  const Parameter weight(at::randn({6, 4}), Dtype::F32);
  const Parameter bias(at::randn({6}), Dtype::F32);
  const auto rows = static_cast<std::int64_t>(mix.rows.size());
  const auto x = at::randn({rows, 5, 4});

  weight.adapt_rows(mix.rows);
  const auto together = linear(x, weight, bias);

  for (std::int64_t i = 0; i < rows; ++i) {
    weight.adapt(mix.rows[static_cast<std::size_t>(i)]);
    const auto alone = linear(x.narrow(0, i, 1), weight, bias);
    EXPECT_LT(difference(together.narrow(0, i, 1), alone), 1e-5) << "row " << i;
  }
}

TEST_F(AdapterTest, RowsOfAConvolutionDifferAsIfEachWereAlone) {
  const Mix mix({adapter(LowRankDelta{at::randn({2, 4, 3, 3}), at::randn({6, 2, 1, 1}), {}}),
                 adapter(KroneckerDelta{{at::randn({2, 2})}, {at::randn({3, 2, 3, 3})}})});
  const Parameter weight(at::randn({6, 4, 3, 3}), Dtype::F32);
  const Parameter bias(at::randn({6}), Dtype::F32);
  const auto rows = static_cast<std::int64_t>(mix.rows.size());
  const auto x = at::randn({rows, 4, 8, 6});

  weight.adapt_rows(mix.rows);
  const auto together = conv2d(x, weight, bias, /*stride=*/2, /*padding=*/1);

  for (std::int64_t i = 0; i < rows; ++i) {
    weight.adapt(mix.rows[static_cast<std::size_t>(i)]);
    const auto alone = conv2d(x.narrow(0, i, 1), weight, bias, 2, 1);
    EXPECT_LT(difference(together.narrow(0, i, 1), alone), 1e-4) << "row " << i;
  }
}

// A 1x1 convolution is a linear layer here, and files may have either form for it.
TEST_F(AdapterTest, RowsDifferWhicheverShapeTheFactorsHave) {
  const auto of_linear =
      shared(adapter(LowRankDelta{at::randn({2, 4, 1, 1}), at::randn({6, 2, 1, 1}), {}}));
  const auto of_convolution =
      shared(adapter(LowRankDelta{at::randn({2, 36}), at::randn({6, 2}), {}}));
  const Parameter matrix(at::randn({6, 4}), Dtype::F32);
  const Parameter kernel(at::randn({6, 4, 3, 3}), Dtype::F32);
  const auto x = at::randn({2, 5, 4});
  const auto picture = at::randn({2, 4, 5, 5});

  matrix.adapt_rows({{}, {{of_linear, 0.5}}});
  kernel.adapt_rows({{}, {{of_convolution, 0.5}}});
  const auto y = linear(x, matrix, {});
  const auto features = conv2d(picture, kernel, {}, 1, 1);

  matrix.adapt({{of_linear, 0.5}});
  kernel.adapt({{of_convolution, 0.5}});
  EXPECT_LT(difference(y[1], linear(x, matrix, {})[1]), 1e-5);
  EXPECT_LT(difference(features[1], conv2d(picture, kernel, {}, 1, 1)[1]), 1e-4);
}

TEST_F(AdapterTest, ALowRankDeltaOfABiasHasNoSidePath) {
  const Parameter weight(at::randn({6, 4}), Dtype::F32);
  const Parameter bias(at::randn({6}), Dtype::F32);
  const auto a = shared(low_rank(6, 1));
  const auto x = at::randn({2, 4});

  bias.adapt_rows({{}, {{a, 1.0}}});
  const auto y = linear(x, weight, bias);

  bias.adapt({{a, 1.0}});
  EXPECT_LT(difference(y[1], linear(x, weight, bias)[1]), 1e-5);
}

TEST_F(AdapterTest, AnAdapterThatARowNamesTwiceCountsTwice) {
  const Parameter weight(at::randn({6, 4}), Dtype::F32);
  const Parameter bias(at::randn({6}), Dtype::F32);
  const auto a = shared(low_rank(6, 4));
  const auto shift = shared(adapter(FullDelta{at::ones({6})}));
  const auto x = at::randn({2, 4});

  weight.adapt_rows({{{a, 0.5}, {a, 0.25}}, {{a, 1.0}}});
  bias.adapt_rows({{{shift, 2.0}, {shift, 1.0}}, {}});
  const auto together = linear(x, weight, bias);

  weight.adapt({{a, 0.75}});
  bias.adapt({{shift, 3.0}});
  EXPECT_LT(difference(together[0], linear(x, weight, bias)[0]), 1e-5);
}

TEST_F(AdapterTest, WhatIsAddedToARowDoesNotDependOnWhereAdaptersLie) {
  const Parameter weight(at::randn({6, 4}), Dtype::F32);
  std::vector<std::shared_ptr<const Adapter>> adapters;
  for (int i = 0; i < 8; ++i) adapters.push_back(shared(low_rank(6, 4)));
  AppliedAdapters row;
  for (auto at = adapters.rbegin(); at != adapters.rend(); ++at) row.push_back({*at, 1.0});

  weight.adapt_rows({row});

  ASSERT_EQ(weight.row_deltas().size(), row.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    EXPECT_EQ(weight.row_deltas()[i].adapter, row[i].adapter);
  }
}

TEST_F(AdapterTest, WhatAnAdapterAddsIsKeptFromBatchToBatch) {
  const Parameter weight(at::randn({6, 4}), Dtype::F32);
  auto dora = low_rank(6, 4);
  dora.magnitude = at::rand({6, 1}) + 1;
  const auto a = shared(std::move(dora));
  const auto b = shared(low_rank(6, 4));

  weight.adapt_rows({{{a, 1.0}, {b, 1.0}}});
  const auto delta = weight.row_deltas()[0].delta;
  const auto down = weight.row_deltas()[1].path->down;
  weight.adapt_rows({{{b, 0.5}}, {{a, 0.5}}});

  EXPECT_TRUE(weight.row_deltas()[0].path->down.is_same(down));
  EXPECT_TRUE(weight.row_deltas()[1].delta.is_same(delta));
  EXPECT_EQ(weight.row_deltas()[1].rows.item<std::int64_t>(), 1);
}

TEST_F(AdapterTest, ABiasMayDifferByRowsToo) {
  const Parameter weight(at::randn({6, 4}), Dtype::F32);
  const Parameter bias(at::randn({6}), Dtype::F32);
  const auto shift = shared(adapter(FullDelta{at::ones({6})}));
  const auto x = at::randn({3, 4});
  const auto before = linear(x, weight, bias);

  bias.adapt_rows({{}, {{shift, 2.0}}, {}});
  const auto after = linear(x, weight, bias);

  EXPECT_LT(difference(after[0], before[0]), 1e-6);
  EXPECT_LT(difference(after[1], before[1] + 2), 1e-6);
}

TEST_F(AdapterTest, AWeightWhoseRowsDifferStillSaysItsDtype) {
  const Parameter weight(at::randn({6, 4}).to(at::kBFloat16), Dtype::F32);

  weight.adapt_rows({{{shared(low_rank(6, 4)), 1.0}}, {}});

  EXPECT_EQ(weight.dtype(), at::kBFloat16);
}

TEST_F(AdapterTest, ABatchOfAnotherSizeIsRefused) {
  const Parameter weight(at::randn({6, 4}), Dtype::F32);
  weight.adapt_rows({{{shared(low_rank(6, 4)), 1.0}}, {}});

  EXPECT_THROW(linear(at::randn({3, 4}), weight, {}), c10::Error);
  EXPECT_THROW(weight.get(), c10::Error);
}

}  // namespace

}  // namespace furrow::engine::weights
