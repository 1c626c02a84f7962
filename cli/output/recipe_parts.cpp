#include "cli/output/recipe_parts.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "common/base/digest.h"
#include "common/image/recipe_fields.h"
#include "common/spec/settle.h"

namespace furrow::cli {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// The fields of a picture's text that every recipe has, and are told otherwise.
constexpr std::array kOfEveryRecipe = std::to_array<std::string_view>(
    {"Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model hash", "Model",
     "VAE hash", "VAE", "Clip skip", "Init image hash"});

/// The first field of Recipe that only some recipes have.
constexpr int kFirstPart = v1::Recipe::kImageToImageFieldNumber;

/// "RESIZE_MODE_CROP" is "crop".
std::string option_name(const google::protobuf::EnumValueDescriptor& value) {
  // The unspecified value of an enum is its name in capitals and this.
  constexpr std::string_view kUnspecified = "UNSPECIFIED";
  const std::size_t prefix = value.type()->value(0)->name().size() - kUnspecified.size();
  std::string name = value.name().substr(std::min(prefix, value.name().size()));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

Json message_json(const Message& message);

Json value_json(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return option_name(*reflection.GetEnum(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return message_json(reflection.GetMessage(message, &field));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = reflection.GetString(message, &field);
      if (field.type() != FieldDescriptor::TYPE_BYTES) return text;
      return to_hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }
    default:
      return nullptr;  // no field of a recipe is of another type
  }
}

Json list_json(const Message& message, const FieldDescriptor& field) {
  Json list = Json::array();
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    list.push_back(message_json(reflection.GetRepeatedMessage(message, &field, i)));
  }
  return list;
}

Json message_json(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  Json json = Json::object();
  for (const FieldDescriptor* field : fields) {
    json[field->name()] =
        field->is_repeated() ? list_json(message, *field) : value_json(message, *field);
  }
  return json;
}

}  // namespace

std::string parts_text(const v1::Recipe& recipe) {
  v1::Recipe settled = recipe;
  spec::settle(settled);
  std::vector<std::string> parts;
  for (const auto& [key, value] : image::recipe_fields(settled)) {
    const bool is_of_every_recipe = std::ranges::find(kOfEveryRecipe, key) != kOfEveryRecipe.end();
    const bool is_usual_source = key == "RNG" && value == "CPU";
    if (!is_of_every_recipe && !is_usual_source) parts.push_back(fmt::format("{} {}", key, value));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

Json parts_json(const v1::Recipe& recipe) {
  v1::Recipe parts = recipe;
  std::vector<const FieldDescriptor*> fields;
  parts.GetReflection()->ListFields(parts, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->number() < kFirstPart) parts.GetReflection()->ClearField(&parts, field);
  }
  return message_json(parts);
}

}  // namespace furrow::cli
