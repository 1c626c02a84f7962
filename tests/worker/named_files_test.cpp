#include "worker/render/named_files.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "tests/support/temporary_folder.h"
#include "tests/weights/safetensors_writer.h"

namespace furrow::worker {
namespace {

using engine::weights::counting_tensor;
using engine::weights::safetensors_bytes;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kPng = "\x89PNG\r\n\x1a\n and what follows";

class NamedFiles : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& content) {
    EXPECT_TRUE(write_file(folder_.path() / name, content, Durability::Cached));
    return folder_.path() / name;
  }

  static v1::Recipe a_recipe(const std::string& picture, const std::string& content = {}) {
    v1::Recipe recipe;
    auto& named = *recipe.mutable_image_to_image()->mutable_picture();
    named.set_name(picture);
    if (!content.empty()) named.set_hash(sha256(content).raw());
    return recipe;
  }

  FilesAtHand at_hand() const { return {{}, {}, folder_.path()}; }

  test::TemporaryFolder folder_;
};

TEST_F(NamedFiles, ARecipeThatNamesNoneNeedsNone) {
  v1::Recipe recipe;

  EXPECT_THAT(*find_named_files(recipe, at_hand()), IsEmpty());
}

TEST_F(NamedFiles, APictureIsFoundBesideTheRecipeByItsNameAndGetsItsHash) {
  const auto path = file("cat.png", kPng);
  v1::Recipe recipe = a_recipe("cat.png");

  const auto files = find_named_files(recipe, at_hand());

  ASSERT_TRUE(files) << files.error().message;
  ASSERT_THAT(*files, SizeIs(1));
  EXPECT_EQ(files->front().path(), path.string());
  EXPECT_EQ(files->front().hash(), sha256(kPng).raw());
  EXPECT_EQ(recipe.image_to_image().picture().hash(), sha256(kPng).raw());
}

TEST_F(NamedFiles, APictureIsFoundBesideTheRecipeByItsHash) {
  const auto path = file(sha256(kPng).hex(), kPng);
  v1::Recipe recipe = a_recipe("elsewhere/cat.png", kPng);

  const auto files = find_named_files(recipe, at_hand());

  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->front().path(), path.string());
}

TEST_F(NamedFiles, AGivenPictureIsFoundUnderAnyNameByItsHash) {
  auto with = at_hand();
  with.pictures = {file("other.png", kPng + "!"), file("renamed.png", kPng)};
  v1::Recipe recipe = a_recipe("cat.png", kPng);

  const auto files = find_named_files(recipe, with);

  ASSERT_TRUE(files) << files.error().message;
  EXPECT_THAT(files->front().path(), HasSubstr("renamed.png"));
}

TEST_F(NamedFiles, AnotherContentUnderTheNameIsNotTaken) {
  file("cat.png", kPng + "!");
  v1::Recipe recipe = a_recipe("cat.png", kPng);

  const auto files = find_named_files(recipe, at_hand());

  ASSERT_FALSE(files);
  EXPECT_THAT(files.error().message, AllOf(HasSubstr("\"cat.png\""), HasSubstr(sha256(kPng).hex()),
                                           HasSubstr("--picture")));
}

TEST_F(NamedFiles, ATextIsNoPicture) {
  auto with = at_hand();
  with.pictures = {file("cat.txt", "a cat face")};
  v1::Recipe recipe = a_recipe("cat.txt");

  const auto files = find_named_files(recipe, with);

  ASSERT_FALSE(files);
  EXPECT_THAT(files.error().message, AllOf(HasSubstr("cat.txt"), HasSubstr("no picture")));
}

TEST_F(NamedFiles, WeightsAreFoundByTheirNameAndGetTheirHash) {
  const std::string lora = safetensors_bytes({counting_tensor("x.lora_down.weight", {4, 8})});
  auto with = at_hand();
  with.weights = {file("fur.safetensors", lora)};
  v1::Recipe recipe;
  recipe.add_loras()->set_name("fur");

  const auto files = find_named_files(recipe, with);

  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->front().hash(), sha256(lora).raw());
  EXPECT_EQ(recipe.loras(0).hash(), sha256(lora).raw());
}

TEST_F(NamedFiles, EverythingThatIsMissingIsNamed) {
  v1::Recipe recipe = a_recipe("cat.png");
  recipe.add_loras()->set_name("fur");
  recipe.mutable_refiner()->mutable_model()->set_name("fine");

  const auto files = find_named_files(recipe, at_hand());

  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(files.error().message, AllOf(HasSubstr("\"cat.png\""), HasSubstr("LoRA \"fur\""),
                                           HasSubstr("refiner \"fine\""), HasSubstr("--weights")));
}

}  // namespace
}  // namespace furrow::worker
