// rng: torch's CPU generator, from which every picture's noise comes.

#include <regex>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "tests/golden_runner/families.h"
#include "worker/engine/diffusion/noise.h"

namespace furrow::golden {

namespace {

using engine::diffusion::NoiseSource;

NoiseSource seeded(const nlohmann::json& seed) {
  return NoiseSource(std::stoull(seed.get<std::string>()));
}

/// The generator begins anew before every tensor.
void check_fresh_draws(const Case& c, Verdict& verdict) {
  for (const auto& name : c.tensor_names("out."))
    verdict.compare(c, name, seeded(c.config.at("seed")).normal(c.tensor(name).sizes()));
}

void check_sequence(const Case& c, Verdict& verdict) {
  NoiseSource noise = seeded(c.config.at("seed"));
  const auto shapes = c.config.at("shapes").get<std::vector<std::vector<std::int64_t>>>();
  for (std::size_t i = 0; i < shapes.size(); ++i)
    verdict.compare(c, "out." + std::to_string(i), noise.normal(shapes[i]));
}

void check_generator_an_image(const Case& c, Verdict& verdict) {
  auto shape = c.config.at("shape").get<std::vector<std::int64_t>>();
  shape.front() = 1;
  std::vector<at::Tensor> images;
  for (const auto& seed : c.config.at("seeds")) images.push_back(seeded(seed).normal(shape));
  verdict.compare(c, "out.latents", at::cat(images));
}

/// "rand(5), randn(20), rand(3, 7), randint(0, 1000, (12)) …": the case tells its draws only here.
void check_told_draws(const Case& c, Verdict& verdict) {
  const NoiseSource noise = seeded(c.config.at("seed"));
  const auto told = c.description.at("checks").get<std::string>();
  const std::regex draw(R"((randn|rand|randint)\((?:(-?\d+), (-?\d+), \()?([\d, ]+)\)+)");
  for (std::sregex_iterator it(told.begin(), told.end(), draw), end; it != end; ++it) {
    const std::string kind = (*it)[1];
    const std::string sizes = (*it)[4];
    std::vector<std::int64_t> shape;
    std::string name = "out." + kind;
    const std::regex number(R"(\d+)");
    for (std::sregex_iterator n(sizes.begin(), sizes.end(), number); n != end; ++n) {
      name.append(shape.empty() ? "_" : "x").append(n->str());
      shape.push_back(std::stoll(n->str()));
    }
    at::Tensor got;
    if (kind == "randn") got = at::randn(shape, noise.generator(), at::kFloat);
    if (kind == "rand") got = at::rand(shape, noise.generator(), at::kFloat);
    if (kind == "randint")
      got = at::randint(std::stoll((*it)[2]), std::stoll((*it)[3]), shape, noise.generator(),
                        at::kLong);
    verdict.compare(c, name, got);
  }
}

}  // namespace

Verdict check_rng(const Case& c) {
  Verdict verdict;
  if (c.config.contains("seeds")) {
    check_generator_an_image(c, verdict);
  } else if (c.config.contains("shapes") && c.has("out.0")) {
    check_sequence(c, verdict);
  } else if (c.has("out.latents") || c.config.contains("shapes") ||
             !c.tensor_names("out.generator_").empty()) {
    check_fresh_draws(c, verdict);
  } else {
    check_told_draws(c, verdict);
  }
  return verdict;
}

}  // namespace furrow::golden
