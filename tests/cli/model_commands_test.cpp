// `furrow model …` as it is run, on folders of small files.
#include <cstdlib>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/output/json.h"
#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/config/exit_code.h"
#include "tests/cli/fake_coordinator.h"
#include "tests/weights/safetensors_writer.h"

namespace furrow::cli {

namespace {

namespace fs = std::filesystem;
using engine::weights::counting_tensor;
using engine::weights::safetensors_bytes;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

class ModelCommands : public testing::Test {
 protected:
  ModelCommands() {
    const std::string golden = std::string(FURROW_TEST_DATA) + "/golden/single_file/";
    checkpoint_ = *read_file(golden + "sd1_fp16_ema/model.safetensors");
    models_.write("dream.safetensors", checkpoint_);
    models_.write("style.safetensors",
                  safetensors_bytes({counting_tensor("x_attn2_to_k.lora_down.weight", {2, 768})}));
    models_.write("page.ckpt", "<html>");
  }

  Ran run(std::vector<std::string> words) const {
    words.insert(words.end(), {"--data", data_.path().string()});
    std::ostringstream out;
    std::ostringstream err;
    Console console{out, err, {}, {}};
    const auto asked = read_command_line(command_table(), words);
    if (!asked) return {config::exit_code(asked.error().kind), "", asked.error().message};
    const auto code = asked->command->run(asked->arguments, console);
    if (code) return {*code, out.str(), err.str()};
    return {config::exit_code(code.error().kind), out.str(), err.str() + code.error().message};
  }

  std::string folder() const { return models_.path().string(); }

  std::string file(const std::string& name) const { return (models_.path() / name).string(); }

  const engine::weights::TestFolder models_;
  const engine::weights::TestFolder data_;
  std::string checkpoint_;
};

TEST_F(ModelCommands, ListSaysWhatEveryFileIs) {
  const Ran ran = run({"model", "list", "--folder", folder()});

  EXPECT_EQ(ran.code, config::kExitOk);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("dream  checkpoint  sd1"), HasSubstr("style  lora"),
                             HasSubstr(sha256(checkpoint_).hex().substr(0, 10))));
  EXPECT_THAT(ran.err, HasSubstr("page.ckpt cannot be used"));
}

TEST_F(ModelCommands, ListReadsNothingWholeWhenHashesAreNotWanted) {
  const Ran ran = run({"model", "list", "--folder", folder(), "--no-hash", "--json"});

  const Json json = Json::parse(ran.out);
  EXPECT_EQ(json["schema"], "furrow.models/1");
  ASSERT_EQ(json["models"].size(), 2U);
  EXPECT_EQ(json["models"][0]["name"], "dream");
  EXPECT_EQ(json["models"][0]["renders"], true);
  EXPECT_TRUE(json["models"][0]["hash"].is_null());
  EXPECT_EQ(json["models"][1]["kind"], "lora");
  EXPECT_EQ(json["broken"].size(), 1U);
}

TEST_F(ModelCommands, ListSaysWhichWorkersHaveAModel) {
  v1::ModelOnDisk dream;
  dream.mutable_model()->set_name("dream");
  dream.mutable_model()->set_hash(sha256(checkpoint_).raw());
  v1::ModelOnDisk other;
  other.mutable_model()->set_name("far away");
  other.mutable_model()->set_hash(sha256("other").raw());
  const FakeCoordinator coordinator([&](const v1::ClientRequest& request, const auto& answer) {
    v1::ClientReply reply;
    if (request.has_list_models()) {
      *reply.mutable_models()->add_models() = dream;
      *reply.mutable_models()->add_models() = other;
    } else {
      v1::WorkerView& worker = *reply.mutable_workers()->add_workers();
      worker.set_name("node7");
      worker.set_connected(true);
      *worker.add_models() = dream;
    }
    answer(std::move(reply));
  });

  const Ran ran = run(
      {"model", "list", "--folder", folder(), "--coordinator", coordinator.endpoint(), "--json"});

  const Json models = Json::parse(ran.out)["models"];
  ASSERT_EQ(models.size(), 3U) << ran.err;
  EXPECT_EQ(models[0]["workers"], Json::array({"node7"}));
  EXPECT_EQ(models[1]["name"], "far away");
  EXPECT_TRUE(models[1]["path"].is_null());
}

TEST_F(ModelCommands, ShowTakesANameOrAFile) {
  const Ran by_name = run({"model", "show", "Dream", "--folder", folder()});
  const Ran by_file = run({"model", "show", file("dream.safetensors")});

  EXPECT_EQ(by_name.code, config::kExitOk) << by_name.err;
  EXPECT_EQ(by_name.out, by_file.out);
  EXPECT_THAT(by_name.out, AllOf(HasSubstr("family        sd1"), HasSubstr("epsilon"),
                                 HasSubstr("text_encoder, unet, vae"), HasSubstr("F16")));
}

TEST_F(ModelCommands, ShowAsJsonHasEveryField) {
  const Json json =
      Json::parse(run({"model", "show", "style", "--folder", folder(), "--json"}).out);

  EXPECT_EQ(json["schema"], "furrow.model/1");
  EXPECT_EQ(json["kind"], "lora");
  EXPECT_EQ(json["family"], "sd1");
  EXPECT_EQ(json["parameters"], 2 * 768);
  EXPECT_EQ(json["lora_hash"].get<std::string>().size(), 64U);
}

TEST_F(ModelCommands, ShowSaysWhyAFileCannotBeUsedAndWhatIsNear) {
  const Ran broken = run({"model", "show", "page", "--folder", folder()});
  const Ran missing = run({"model", "show", "dreem", "--folder", folder()});
  const Ran no_folder = run({"model", "show", "dream", "--folder", folder() + "/none"});

  EXPECT_EQ(broken.code, config::kExitUsage);
  EXPECT_THAT(broken.err, HasSubstr("page.ckpt cannot be used"));
  EXPECT_EQ(missing.code, config::kExitNotFound);
  EXPECT_THAT(missing.err, HasSubstr("Did you mean \"dream\"?"));
  EXPECT_EQ(no_folder.code, config::kExitNotFound);
}

TEST_F(ModelCommands, ShowOfANameThatTwoHaveAsksForThePath) {
  fs::create_directories(models_.path() / "more");
  fs::copy(file("style.safetensors"), models_.path() / "more" / "dream.safetensors");

  const Ran ran = run({"model", "show", "dream", "--folder", folder(), "--folder",
                       (models_.path() / "more").string()});

  EXPECT_EQ(ran.code, config::kExitConflict) << ran.out;
  EXPECT_THAT(ran.err, HasSubstr("Give the path of one"));
}

TEST_F(ModelCommands, HashGoesOnBehindAFileThatIsNotThere) {
  const Ran ran =
      run({"model", "hash", file("none"), file("page.ckpt"), file("style.safetensors")});

  EXPECT_EQ(ran.code, config::kExitNotFound);
  EXPECT_THAT(ran.err, HasSubstr("There is no file or folder"));
  EXPECT_THAT(ran.out, AllOf(HasSubstr(sha256("<html>").hex()),
                             HasSubstr(sha256(*read_file(file("style.safetensors"))).hex()),
                             Not(HasSubstr("none"))));
}

}  // namespace

}  // namespace furrow::cli
