#include "common/spec/plan.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "common/base/check.h"
#include "common/base/utf8.h"
#include "common/spec/axis.h"
#include "common/spec/axis_values.h"
#include "common/spec/base_recipe.h"
#include "common/spec/hires_size.h"
#include "common/spec/loras.h"
#include "common/spec/model_choice.h"
#include "common/spec/optional_parts.h"
#include "common/spec/prompt_checks.h"
#include "common/spec/size_rule.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMostFaults = 100;

/// An axis as it is read: where it came from and what it became.
struct Draft {
  const v1::AxisSpec& spec;
  const AxisKind& kind;
  v1::AxisValues values;
};

/// One sentence a line, of very many only the first.
std::string joined(std::vector<std::string> faults) {
  if (faults.size() > kMostFaults) {
    const std::size_t left_out = faults.size() - kMostFaults;
    faults.resize(kMostFaults);
    faults.push_back(fmt::format("… and {} more.", left_out));
  }
  return fmt::format("{}", fmt::join(faults, "\n"));
}

/// Moves sentences behind others.
void take(std::vector<std::string> from, std::vector<std::string>& into) {
  into.insert(into.end(), std::make_move_iterator(from.begin()),
              std::make_move_iterator(from.end()));
}

/// Makes one plan. Every step looks at as much as it can, so that all faults are told at once.
class Planner {
 public:
  Planner(const v1::JobSpec& spec, const Catalog& catalog,
          const std::function<std::uint32_t()>& draw_seed)
      : spec_(spec), base_(spec.base()), catalog_(catalog), draw_seed_(draw_seed) {}

  Result<PlanWithWarnings> make() && {
    check_names();
    find_axes();
    read_models();
    read_base();
    read_axes();
    check_axes_together();
    if (faults_.empty()) check_cell_count();
    if (faults_.empty()) assemble();
    if (!faults_.empty()) return fail(ErrorKind::Invalid, joined(std::move(faults_)));
    return PlanWithWarnings{std::move(plan_), std::move(warnings_)};
  }

 private:
  void check_names() {
    for (const auto& [what, text] :
         {std::pair("The name", &spec_.name()), std::pair("The owner's name", &spec_.owner())}) {
      if (!is_valid_utf8(*text)) add_fault("{} of the job is not valid UTF-8.", what);
      if (text->size() > kMaxName) {
        add_fault("{} of the job is longer than {} bytes.", what, kMaxName);
      }
    }
  }

  void find_axes() {
    if (spec_.axes_size() > kMaxAxes) {
      add_fault("The sweep has {} axes; the most is {}.", spec_.axes_size(), kMaxAxes);
      return;
    }
    for (int i = 0; i < spec_.axes_size(); ++i) {
      const v1::AxisSpec& axis = spec_.axes(i);
      const auto kind =
          is_valid_utf8(axis.label())
              ? find_axis(axis.label())
              : Result<const AxisKind*>(fail(ErrorKind::Invalid, "is not valid UTF-8."));
      if (kind) {
        drafts_.push_back({axis, **kind, {}});
      } else {
        add_fault("Axis {}: {} {}", i + 1, in_quotes(axis.label()), kind.error().message);
      }
    }
  }

  /// Models come first: the sizes of all others must fit them.
  void read_models() {
    for (Draft& draft : drafts_) {
      if (draft.kind.type != AxisType::Model) continue;
      read_axis(draft);
      for (const v1::ModelValue& value : draft.values.models()) use_model(value.model());
    }
    if (base_.has_model() || !has_axis("model")) read_base_model();
    std::int64_t factor = 1;
    std::set<std::string> names;
    for (const v1::ModelOnDisk* model : models_) {
      if (model->vae_factor() > 0) factor = std::lcm(factor, std::int64_t{model->vae_factor()});
      names.insert(model->model().name());
    }
    size_rule_ = {factor, fmt::format("{} {}", fmt::join(names, ", "),
                                      names.size() == 1 ? "needs" : "together need")};
  }

  void read_base_model() {
    const std::string name = base_.has_model() ? base_.model() : catalog_.default_model;
    const auto model = find_model(catalog_, name);
    if (!model) {
      add_fault("{}: {} {}", base_.has_model() ? "Model" : "Default model", in_quotes(name),
                model.error().message);
      return;
    }
    *recipe().mutable_model() = (*model)->model();
    if (!has_axis("model")) models_.push_back(*model);
  }

  void use_model(const v1::ModelRef& ref) {
    const auto found = std::ranges::find_if(catalog_.models, [&](const v1::ModelOnDisk& model) {
      return model.model().hash() == ref.hash();
    });
    FURROW_CHECK(found != catalog_.models.end(), "a model of the catalog");
    if (std::ranges::find(models_, &*found) == models_.end()) models_.push_back(&*found);
    if (!recipe().has_model()) *recipe().mutable_model() = ref;
  }

  void read_base() {
    std::set<std::string_view> varied;
    for (const Draft& draft : drafts_) varied.insert(draft.kind.field);
    take(faults_of_parts(base_, varied), faults_);
    BaseReading reading =
        read_base_recipe(base_, {catalog_, draw_seed_, size_rule_, models_, varied});
    take(std::move(reading.faults), faults_);
    take(std::move(reading.warnings), warnings_);
    recipe().MergeFrom(reading.recipe);
  }

  void read_axes() {
    for (Draft& draft : drafts_) {
      if (draft.kind.type != AxisType::Model) read_axis(draft);
    }
  }

  void read_axis(Draft& draft) {
    AxisReading reading =
        read_axis_values(draft.kind, draft.spec, {catalog_, draw_seed_, size_rule_});
    for (const ValueFault& fault : reading.faults) {
      if (fault.position == 0) {
        add_fault("Axis \"{}\" {}", draft.kind.label, fault.what);
      } else {
        add_fault("Axis \"{}\", value {}: {} {}", draft.kind.label, fault.position,
                  in_quotes(fault.token), fault.what);
      }
    }
    for (const std::string& warning : reading.warnings) {
      warnings_.push_back(fmt::format("Axis \"{}\" {}", draft.kind.label, warning));
    }
    if (reading.faults.empty()) draft.values = std::move(reading.values);
  }

  void check_axes_together() {
    check_no_field_twice();
    check_roles();
    check_prompts();
    check_vaes();
  }

  void check_no_field_twice() {
    std::set<std::string_view> seen;
    for (const Draft& draft : drafts_) {
      const bool may_repeat = draft.kind.type == AxisType::SearchReplace;
      if (!seen.insert(draft.kind.field).second && !may_repeat) {
        add_fault(
            "Axis \"{}\" comes twice; the later would overwrite the earlier. Join their "
            "values in one axis.",
            draft.kind.label);
      }
    }
    for (const std::string_view side : {"width", "height"}) {
      if (seen.contains("size") && seen.contains(side)) {
        add_fault("Axes \"Size\" and \"{}\" set the same thing. Keep one of them.",
                  axis_of_field(side)->label);
      }
    }
    for (const auto& [sampler, schedule] :
         {std::pair("sampler", "schedule"), std::pair("hires_sampler", "hires_schedule")}) {
      if (!seen.contains(schedule) || !names_schedule(sampler)) continue;
      add_fault(
          "Axis \"{}\" names a schedule, which axis \"{}\" sets too. Write the samplers "
          "without it.",
          axis_of_field(sampler)->label, axis_of_field(schedule)->label);
    }
  }

  /// Whether a value of this axis of samplers names a schedule too.
  bool names_schedule(std::string_view field) const {
    return std::ranges::any_of(drafts_, [&](const Draft& draft) {
      return draft.kind.field == field &&
             std::ranges::any_of(draft.values.samplers(), [](const v1::SamplerValue& value) {
               return !value.schedule().empty();
             });
    });
  }

  void check_roles() {
    std::set<v1::AxisRole> seen;
    for (const v1::AxisSpec& axis : spec_.axes()) {
      if (axis.role() == v1::AXIS_ROLE_UNSPECIFIED) continue;
      if (!v1::AxisRole_IsValid(axis.role())) {
        add_fault("Axis {} has a role that is none of x, y, z.", in_quotes(axis.label()));
      } else if (!seen.insert(axis.role()).second) {
        add_fault("Two axes are {} on the sheet. Give one of them another role, or none.",
                  v1::AxisRole_Name(axis.role()).back());
      }
    }
  }

  void check_prompts() {
    SweptPrompts prompts;
    prompts.prompts = texts_of("prompt", base_.prompt());
    prompts.negative_prompts = texts_of("negative_prompt", base_.negative_prompt());
    const bool unreadable = prompts.prompts.empty() || prompts.negative_prompts.empty();
    if (unreadable) return;  // told already; what would be missing in them is not known
    for (const Draft* draft : by_role(AxisType::SearchReplace)) {
      prompts.replacements.emplace_back(draft->values.texts().begin(), draft->values.texts().end());
    }
    for (const Draft* draft : by_role(AxisType::Permutation)) {
      prompts.phrases = {draft->values.permuted().begin(), draft->values.permuted().end()};
    }
    PromptFindings findings = check_swept_prompts(prompts);
    const bool is_known = findings.faults.empty();
    take(std::move(findings.faults), faults_);
    take(std::move(findings.warnings), warnings_);
    if (is_known) find_loras(prompts);
  }

  void find_loras(const SweptPrompts& prompts) {
    const auto hires_prompts = texts_of("hires_prompt", base_.hires_prompt());
    LorasOfSweep found = loras_of_sweep(prompts, hires_prompts, catalog_, models_);
    take(std::move(found.faults), faults_);
    for (v1::ModelRef& lora : found.loras) *recipe().add_loras() = std::move(lora);
  }

  std::vector<std::string> texts_of(std::string_view field, const std::string& base) const {
    for (const Draft& draft : drafts_) {
      if (draft.kind.field == field) {
        return {draft.values.texts().begin(), draft.values.texts().end()};
      }
    }
    return {base};
  }

  /// The axes of a type that could be read, X before Y before Z before the others.
  std::vector<const Draft*> by_role(AxisType type) const {
    std::vector<const Draft*> found;
    for (const Draft& draft : drafts_) {
      if (draft.kind.type == type && value_count(draft.kind, draft.values) > 0) {
        found.push_back(&draft);
      }
    }
    std::ranges::stable_sort(found, {},
                             [](const Draft* draft) { return role_rank(draft->spec.role()); });
    return found;
  }

  /// A VAE must shrink pictures as much as the models' own do.
  void check_vaes() {
    std::set<std::string> hashes;
    if (recipe().has_vae()) hashes.insert(recipe().vae().hash());
    for (const Draft& draft : drafts_) {
      if (draft.kind.type != AxisType::Vae) continue;
      for (const v1::ModelValue& value : draft.values.models()) hashes.insert(value.model().hash());
    }
    for (const v1::ModelOnDisk& vae : catalog_.models) {
      if (vae.vae_only() && hashes.erase(vae.model().hash()) > 0) check_vae(vae);
    }
  }

  void check_vae(const v1::ModelOnDisk& vae) {
    for (const v1::ModelOnDisk* model : models_) {
      if (vae.vae_factor() == model->vae_factor()) continue;
      add_fault("VAE \"{}\" has a factor of {}, model \"{}\" one of {}: they do not fit.",
                vae.model().name(), vae.vae_factor(), model->model().name(), model->vae_factor());
    }
  }

  void check_cell_count() {
    std::uint64_t cells = 1;
    std::vector<std::string> lengths;
    bool too_many = false;
    for (const Draft& draft : drafts_) {
      const std::uint64_t length = value_count(draft.kind, draft.values);
      lengths.push_back(fmt::format("{} {}", draft.kind.label, length));
      too_many = too_many || length > kMaxCells / cells;
      if (!too_many) cells *= length;
    }
    if (too_many) {
      add_fault("The grid has more than {} cells ({}). Split the sweep into several jobs.",
                kMaxCells, fmt::join(lengths, " × "));
    }
  }

  void assemble() {
    const bool roles_given = std::ranges::any_of(
        drafts_, [](const Draft& d) { return d.spec.role() != v1::AXIS_ROLE_UNSPECIFIED; });
    for (Draft& draft : drafts_) {
      v1::PlanAxis& axis = *plan_.add_axes();
      axis.set_label(std::string(draft.kind.label));
      axis.set_field(std::string(draft.kind.field));
      const int position = plan_.axes_size();
      const bool by_position = !roles_given && position <= v1::AXIS_ROLE_Z;
      axis.set_role(by_position ? static_cast<v1::AxisRole>(position) : draft.spec.role());
      *axis.mutable_values() = std::move(draft.values);
    }
    if (auto fault = fault_of_hires_size(plan_, size_rule_)) faults_.push_back(*std::move(fault));
  }

  bool has_axis(std::string_view field) const {
    return std::ranges::any_of(drafts_, [&](const Draft& d) { return d.kind.field == field; });
  }

  v1::Recipe& recipe() { return *plan_.mutable_base(); }

  template <typename... Args>
  void add_fault(fmt::format_string<Args...> format, Args&&... args) {
    faults_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  const v1::JobSpec& spec_;
  const v1::Parameters& base_;
  const Catalog& catalog_;
  const std::function<std::uint32_t()>& draw_seed_;
  std::vector<Draft> drafts_;
  std::vector<const v1::ModelOnDisk*> models_;  // that some cell renders with
  SizeRule size_rule_;
  v1::Plan plan_;
  std::vector<std::string> faults_;
  std::vector<std::string> warnings_;
};

}  // namespace

Result<PlanWithWarnings> make_plan(const v1::JobSpec& spec, const Catalog& catalog,
                                   const std::function<std::uint32_t()>& draw_seed) {
  return Planner(spec, catalog, draw_seed).make();
}

}  // namespace furrow::spec
