#include "common/image/preprocess.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/image/blur.h"
#include "common/image/canny.h"
#include "common/image/line_art.h"
#include "common/image/resize.h"

namespace furrow::image {
namespace {

double value_of(const PreprocessorValues& values, std::string_view name) {
  return values.find(name)->second;
}

// ---- each preprocessor, its parameters in front

constexpr PreprocessorParameter kSigma[] = {
    {"sigma", "standard deviation of the Gaussian in pixels", 9, 0.01, 64, false}};

Image blur(const Image& image, const PreprocessorValues& values) {
  const double sigma = value_of(values, "sigma");
  return to_image(gaussian_blur(to_float(image), {.sigma_x = sigma, .sigma_y = sigma}));
}

constexpr PreprocessorParameter kCanny[] = {
    {"low", "gradient above which an edge goes on", 100, 0, 2040, true},
    {"high", "gradient above which an edge begins", 200, 0, 2040, true},
    {"blur", "sigma in pixels of a Gaussian before the edges are looked for", 0, 0, 16, false}};

Image edges(const Image& image, const PreprocessorValues& values) {
  const double sigma = value_of(values, "blur");
  const Image smooth =
      sigma == 0 ? image
                 : to_image(gaussian_blur(to_float(image), {.sigma_x = sigma, .sigma_y = sigma}));
  return to_rgb(canny(smooth, {static_cast<int>(value_of(values, "low")),
                               static_cast<int>(value_of(values, "high"))}));
}

Image negative(const Image& image, const PreprocessorValues&) {
  Image result = image;
  for (auto& value : result.rgb) value = static_cast<std::uint8_t>(255 - value);
  return result;
}

constexpr PreprocessorParameter kLineArt[] = {
    {"sigma", "of the surroundings that lines are darker than, in pixels", 6, 0.1, 64, false},
    {"threshold", "difference of 255 above which something is a line", 8, 0, 255, false}};

Image lines(const Image& image, const PreprocessorValues& values) {
  return to_rgb(line_art(image, value_of(values, "sigma"), value_of(values, "threshold")));
}

constexpr PreprocessorParameter kRecolor[] = {
    {"gamma", "exponent of the brightness; above 1 is darker", 1, 0.1, 2, false}};

std::uint8_t with_gamma(double brightness, double gamma) {
  return static_cast<std::uint8_t>(std::lround(255 * std::pow(brightness, gamma)));
}

/// The largest channel: V of HSV.
Image recolor_intensity(const Image& image, const PreprocessorValues& values) {
  const double gamma = value_of(values, "gamma");
  GreyImage grey = GreyImage::filled(image.width, image.height, 0);
  for (std::size_t pixel = 0; pixel < grey.grey.size(); ++pixel) {
    const auto* rgb = image.rgb.data() + pixel * 3;
    grey.grey[pixel] = with_gamma(std::max({rgb[0], rgb[1], rgb[2]}) / 255.0, gamma);
  }
  return to_rgb(grey);
}

/// sRGB's value 0 to 1 as light (IEC 61966-2-1).
double linear(double value) {
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

/// CIE 1976 L*, 0 to 1, of relative luminance.
double lightness(double luminance) {
  return luminance > 216.0 / 24389 ? 1.16 * std::cbrt(luminance) - 0.16 : luminance * 24389 / 2700;
}

/// L of CIE Lab.
Image recolor_luminance(const Image& image, const PreprocessorValues& values) {
  const double gamma = value_of(values, "gamma");
  std::vector<double> light;
  for (int value = 0; value < 256; ++value) light.push_back(linear(value / 255.0));
  GreyImage grey = GreyImage::filled(image.width, image.height, 0);
  for (std::size_t pixel = 0; pixel < grey.grey.size(); ++pixel) {
    const auto* rgb = image.rgb.data() + pixel * 3;
    const double luminance =
        0.212671 * light[rgb[0]] + 0.715160 * light[rgb[1]] + 0.072169 * light[rgb[2]];
    grey.grey[pixel] = with_gamma(std::clamp(lightness(luminance), 0.0, 1.0), gamma);
  }
  return to_rgb(grey);
}

constexpr PreprocessorParameter kScribble[] = {
    {"threshold", "twice the difference of 255 above which something is a line", 32, 1, 64, false}};

Image scribble_lines(const Image& image, const PreprocessorValues& values) {
  return to_rgb(scribble(image, value_of(values, "threshold")));
}

constexpr PreprocessorParameter kThreshold[] = {
    {"threshold", "value of 255 that every channel must exceed to be white", 127, 0, 255, true}};

Image threshold(const Image& image, const PreprocessorValues& values) {
  const double least = value_of(values, "threshold");
  GreyImage grey = GreyImage::filled(image.width, image.height, 0);
  for (std::size_t pixel = 0; pixel < grey.grey.size(); ++pixel) {
    const auto* rgb = image.rgb.data() + pixel * 3;
    grey.grey[pixel] = std::min({rgb[0], rgb[1], rgb[2]}) > least ? 255 : 0;
  }
  return to_rgb(grey);
}

constexpr PreprocessorParameter kTile[] = {
    {"factor", "by which the picture is made smaller, and then larger again", 1, 1, 8, false}};

/// Takes the detail away that a tile ControlNet is to invent anew.
Image tile(const Image& image, const PreprocessorValues& values) {
  const double factor = value_of(values, "factor");
  const auto shrunk = [&](int side) { return std::max(1, static_cast<int>(side / factor)); };
  const Image small = resize(image, shrunk(image.width), shrunk(image.height), Filter::Box);
  return resize(small, image.width, image.height, Filter::Lanczos);
}

constexpr Preprocessor kPreprocessors[] = {
    {"blur", "the picture out of focus", kSigma, blur},
    {"canny", "edges, white on black", kCanny, edges},
    {"invert", "the negative", {}, negative},
    {"lineart", "lines in their strength, white on black", kLineArt, lines},
    {"recolor_intensity", "the brightest channel as grey", kRecolor, recolor_intensity},
    {"recolor_luminance", "the perceived lightness as grey", kRecolor, recolor_luminance},
    {"scribble_xdog", "lines without strength, white on black", kScribble, scribble_lines},
    {"threshold", "black and white", kThreshold, threshold},
    {"tile", "the picture without its detail", kTile, tile},
};

// ---- values

Result<const Preprocessor*> find_preprocessor(std::string_view name) {
  const auto* found = std::find_if(std::begin(kPreprocessors), std::end(kPreprocessors),
                                   [&](const Preprocessor& p) { return p.name == name; });
  if (found != std::end(kPreprocessors)) return found;
  std::vector<std::string_view> names;
  for (const Preprocessor& p : kPreprocessors) names.push_back(p.name);
  return fail(ErrorKind::NotFound, fmt::format("\"{}\" is not a preprocessor; there are {}.", name,
                                               fmt::join(names, ", ")));
}

std::string fault_of_name(const Preprocessor& preprocessor, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& parameter : preprocessor.parameters) names.push_back(parameter.name);
  return fmt::format("The preprocessor \"{}\" has no parameter \"{}\"; it has {}.",
                     preprocessor.name, name,
                     names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
}

bool is_allowed(const PreprocessorParameter& parameter, double value) {
  return value >= parameter.least && value <= parameter.most &&
         (!parameter.is_whole || value == std::floor(value));
}

/// A value for every parameter; what is wrong with those given is added to `faults`.
PreprocessorValues completed(const Preprocessor& preprocessor, const PreprocessorValues& given,
                             std::vector<std::string>& faults) {
  PreprocessorValues values;
  for (const auto& parameter : preprocessor.parameters)
    values.emplace(parameter.name, parameter.standard);
  for (const auto& [name, value] : given) {
    const auto parameter =
        std::find_if(preprocessor.parameters.begin(), preprocessor.parameters.end(),
                     [&, wanted = std::string_view(name)](const PreprocessorParameter& p) {
                       return p.name == wanted;
                     });
    if (parameter == preprocessor.parameters.end())
      faults.push_back(fault_of_name(preprocessor, name));
    else if (!is_allowed(*parameter, value))
      faults.push_back(
          fmt::format("The preprocessor \"{}\" takes {} from {} to {} as \"{}\", not {}.",
                      preprocessor.name, parameter->is_whole ? "a whole number" : "a number",
                      parameter->least, parameter->most, name, value));
    else
      values[name] = value;
  }
  return values;
}

}  // namespace

std::span<const Preprocessor> preprocessors() {
  return kPreprocessors;
}

Result<Image> preprocess(std::string_view name, const Image& image,
                         const PreprocessorValues& values) {
  FURROW_TRY(const Preprocessor* const preprocessor, find_preprocessor(name));
  std::vector<std::string> faults;
  const PreprocessorValues complete = completed(*preprocessor, values, faults);
  if (!faults.empty()) return fail(ErrorKind::Invalid, fmt::format("{}", fmt::join(faults, "\n")));
  return preprocessor->apply(image, complete);
}

}  // namespace furrow::image
