#include "tests/golden_runner/verdict.h"

#include <algorithm>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace furrow::golden {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The position of a flat index, outermost first.
std::vector<std::int64_t> position(std::int64_t flat, at::IntArrayRef shape) {
  std::vector<std::int64_t> at(shape.size());
  for (std::size_t i = shape.size(); i-- > 0;) {
    at[i] = flat % shape[i];
    flat /= shape[i];
  }
  return at;
}

}  // namespace

Verdict Verdict::skip(std::string why) {
  Verdict verdict;
  verdict.skipped_ = std::move(why);
  return verdict;
}

void Verdict::compare(const std::string& tensor, const at::Tensor& got, const at::Tensor& expected,
                      Tolerance tolerance) {
  seen_.insert(tensor);
  if (!got.defined() || got.sizes() != expected.sizes()) {
    add_fault(
        fmt::format("{}: expected shape [{}], got {}", tensor, fmt::join(expected.sizes(), ", "),
                    got.defined() ? fmt::format("[{}]", fmt::join(got.sizes(), ", ")) : "nothing"));
    return;
  }
  if (expected.numel() == 0) return;

  const auto a = got.to(at::kCPU, at::kDouble).reshape(-1);
  const auto b = expected.to(at::kCPU, at::kDouble).reshape(-1);
  const auto same = a.eq(b).logical_or(a.isnan().logical_and(b.isnan()));
  // What is equal differs by nothing, though inf - inf is NaN; what is NaN on one side only, by
  // everything.
  const auto difference = (a - b).abs().masked_fill(same, 0.0).nan_to_num(kInfinity, kInfinity);
  const auto allowed = (b.abs() * tolerance.rtol + tolerance.atol).nan_to_num(0.0, 0.0);
  const auto excess = difference - allowed;
  const auto worst = excess.argmax().item<std::int64_t>();
  const auto worst_excess = excess[worst].item<double>();

  if (!compared_ || worst_excess > worst_excess_) {
    worst_excess_ = worst_excess;
    max_abs_ = difference.max().item<double>();
    allowed_ = allowed[worst].item<double>();
  }
  compared_ = true;
  if (worst_excess > 0) {
    add_fault(fmt::format("{} at [{}]: expected {:.9g}, got {:.9g}", tensor,
                          fmt::join(position(worst, expected.sizes()), ", "),
                          b[worst].item<double>(), a[worst].item<double>()));
  }
}

void Verdict::compare(const Case& c, const std::string& tensor, const at::Tensor& got) {
  compare(tensor, got, c.tensor(tensor), c.tolerance);
}

void Verdict::expect(bool holds, const std::string& fault) {
  if (!holds) add_fault(fault);
}

void Verdict::leave_out(const std::string& tensor) {
  seen_.insert(tensor);
}

void Verdict::require_all_compared(const Case& c) {
  for (const auto& name : c.tensor_names("out.")) {
    if (seen_.count(name) == 0) add_fault(name + " was not compared");
  }
}

std::string Verdict::line(const std::string& name) const {
  if (skipped_) return fmt::format("skip {} ({})", name, *skipped_);
  std::string line = fmt::format("{} {} max_abs={:.3g} tol={:.3g}", has_passed() ? "ok" : "FAIL",
                                 name, max_abs_, allowed_);
  if (!fault_.empty()) line += " " + fault_;
  if (more_faults_ > 0) line += fmt::format(" (and {} more)", more_faults_);
  return line;
}

void Verdict::add_fault(std::string fault) {
  std::replace(fault.begin(), fault.end(), '\n', ' ');  // a case is a line
  if (fault_.empty()) {
    fault_ = std::move(fault);
  } else {
    ++more_faults_;
  }
}

}  // namespace furrow::golden
