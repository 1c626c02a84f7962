#pragma once

#include <optional>
#include <set>
#include <string>

#include <ATen/core/Tensor.h>

#include "tests/golden_runner/case.h"

namespace furrow::golden {

/// What came of one case. Starts as "nothing compared"; every comparison can only make it worse.
class Verdict {
 public:
  /// The engine does not support what the case's config asks for; `why` is a short phrase.
  static Verdict skip(std::string why);

  /// Compares shape, then every value, in float64. NaN and infinities equal only themselves.
  /// `tensor` is the case's name of the expected tensor ("out.sample").
  void compare(const std::string& tensor, const at::Tensor& got, const at::Tensor& expected,
               Tolerance tolerance);

  /// The same with the case's tensor and tolerance.
  void compare(const Case& c, const std::string& tensor, const at::Tensor& got);

  /// A property that is not a tensor. `fault` is told when it does not hold.
  void expect(bool holds, const std::string& fault);

  /// Says that `tensor` is no output of the engine, so that leaving it out is no fault.
  void leave_out(const std::string& tensor);

  /// Adds a fault for every out.* tensor of the case that was neither compared nor left out.
  void require_all_compared(const Case& c);

  bool is_skipped() const { return skipped_.has_value(); }

  bool has_passed() const { return !skipped_ && fault_.empty(); }

  /// "ok NAME max_abs=1.2e-07 tol=1.0e-04", "FAIL NAME … tensor …", "skip NAME (why)".
  std::string line(const std::string& name) const;

 private:
  void add_fault(std::string fault);

  std::optional<std::string> skipped_;
  std::string fault_;  // the first one
  int more_faults_ = 0;
  double worst_excess_ = 0;  // of what max_abs_ and allowed_ describe
  bool compared_ = false;
  double max_abs_ = 0;
  double allowed_ = 0;
  std::set<std::string> seen_;
};

}  // namespace furrow::golden
