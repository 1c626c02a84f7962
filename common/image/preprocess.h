#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/image/image.h"

/// Preprocessors of ControlNets that need no network: from a picture to what a ControlNet is shown.
namespace furrow::image {

struct PreprocessorParameter {
  std::string_view name;
  std::string_view meaning;  ///< a phrase, with its unit
  double standard = 0;       ///< where nothing else is asked
  double least = 0;
  double most = 0;
  bool is_whole = false;  ///< takes whole numbers only
};

/// Values by the parameters' names; what is missing has its standard.
using PreprocessorValues = std::map<std::string, double, std::less<>>;

struct Preprocessor {
  std::string_view name;
  std::string_view meaning;  ///< a phrase
  std::span<const PreprocessorParameter> parameters;
  /// Requires: a value within its range for each parameter, a picture of at least one pixel.
  Image (*apply)(const Image& image, const PreprocessorValues& values) = nullptr;
};

/// All of them, in the order of their names.
std::span<const Preprocessor> preprocessors();

/// The picture that a ControlNet is shown, of the size of `image`. Every fault of the name and the
/// values is told at once. Errors: NotFound for the name; Invalid for a parameter that it does not
/// have, and for a value that is out of range or no whole number where one is due.
/// Requires: a picture of at least one pixel.
Result<Image> preprocess(std::string_view name, const Image& image,
                         const PreprocessorValues& values = {});

}  // namespace furrow::image
