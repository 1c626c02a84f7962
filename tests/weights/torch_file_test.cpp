#include "common/weights/torch_file.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/weights/pickle.h"
#include "tests/weights/safetensors_writer.h"
#include "tests/weights/torch_file_writer.h"

namespace furrow::engine::weights {

namespace {

using testing::AllOf;
using testing::HasSubstr;

/// {"w": a tensor}, unless told otherwise of a storage "0" of six floats.
PickleWriter one_tensor(std::int32_t offset, const std::vector<std::int32_t>& shape,
                        const std::vector<std::int32_t>& strides, std::int32_t elements = 6) {
  PickleWriter pickle;
  pickle.op('}').text("w").tensor("FloatStorage", "0", elements, offset, shape, strides).op('s');
  return pickle;
}

std::vector<float> floats(const StoredTensor& tensor) {
  std::vector<float> values(tensor.bytes.size() / sizeof(float));
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

Result<TorchFile> open(const TestFolder& folder, std::string_view content) {
  return TorchFile::open(folder.write("m.pth", content));
}

/// The message for a zip archive with this pickle and a storage "0" of six floats.
std::string error_of_pickle(const std::string& pickle) {
  const TestFolder folder;
  const auto file = open(folder, torch_zip_bytes(pickle, {{"0", counting_floats(6)}}));
  return file ? "no error" : file.error().message;
}

std::string error_of_file(std::string_view content) {
  const TestFolder folder;
  const auto file = open(folder, content);
  return file ? "no error" : file.error().message;
}

TEST(TorchFile, ReadsATensorOfAZipArchive) {
  const TestFolder folder;

  const auto file = open(
      folder, torch_zip_bytes(one_tensor(0, {2, 3}, {3, 1}).bytes(), {{"0", counting_floats(6)}}));

  ASSERT_TRUE(file) << file.error().message;
  const auto* tensor = file->find("w");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->dtype, Dtype::F32);
  EXPECT_EQ(tensor->shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_THAT(floats(*tensor), testing::ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(TorchFile, ReadsATensorOfTheLegacyFormat) {
  const TestFolder folder;

  const auto file = open(
      folder, legacy_torch_bytes(one_tensor(1, {2}, {1}).bytes(), {{"0", counting_floats(6)}}));

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(floats(*file->find("w")), testing::ElementsAre(1, 2));
}

TEST(TorchFile, PutsATransposedTensorInOrder) {
  const TestFolder folder;

  const auto file = open(folder, torch_zip_bytes(one_tensor(0, {3, 1, 2}, {1, 77, 3}).bytes(),
                                                 {{"0", counting_floats(6)}}));

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(floats(*file->find("w")), testing::ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(TorchFile, NamesATensorByTheKeysThatLeadToIt) {
  PickleWriter pickle;
  pickle.op('}').text("state_dict").global("collections", "OrderedDict").op(')').op('R');
  pickle.text("a.weight").tensor("FloatStorage", "0", 6, 0, {6}, {1}).op('s');
  // What state_dict() keeps as an attribute: versions of modules.
  pickle.op('}').text("_metadata").op('}').op('s').op('b');
  pickle.op('s').text("epoch").integer(3).op('s');
  const TestFolder folder;

  const auto file = open(folder, torch_zip_bytes(pickle.bytes(), {{"0", counting_floats(6)}}));

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors().size(), 1u);
  EXPECT_NE(file->find("state_dict.a.weight"), nullptr);
}

TEST(TorchFile, TensorsOutliveTheirFile) {
  const TestFolder folder;
  auto file = open(
      folder, torch_zip_bytes(one_tensor(0, {3, 2}, {1, 3}).bytes(), {{"0", counting_floats(6)}}));
  ASSERT_TRUE(file);

  const TorchFile copy = *file;
  file = fail(ErrorKind::Invalid, "gone");
  std::filesystem::remove(copy.path());

  EXPECT_THAT(floats(*copy.find("w")), testing::ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(HostilePickle, ACallOfTheSystemIsRefusedByName) {
  for (const auto* module : {"os", "posix", "nt"}) {
    PickleWriter pickle;
    pickle.global(module, "system").text("touch /tmp/owned").op('\x85').op('R');

    EXPECT_THAT(error_of_pickle(pickle.bytes()),
                AllOf(HasSubstr("m.pth"), HasSubstr(std::string(module) + ".system"),
                      HasSubstr("refused")));
  }
}

TEST(HostilePickle, NamesAreRefusedHoweverTheyAreSpelt) {
  PickleWriter stacked;
  stacked.text("builtins").text("eval").op('\x93').text("1").op('\x85').op('R');
  PickleWriter nested;
  nested.global("torch._utils", "os.system").text("x").op('\x85').op('R');
  PickleWriter attribute;
  attribute.global("torch", "FloatStorage.__init__.__globals__").op(')').op('R');

  EXPECT_THAT(error_of_pickle(stacked.bytes()), HasSubstr("builtins.eval"));
  EXPECT_THAT(error_of_pickle(nested.bytes()), HasSubstr("torch._utils.os.system"));
  EXPECT_THAT(error_of_pickle(attribute.bytes()), HasSubstr("refused"));
}

TEST(HostilePickle, ANameThatNobodyCallsIsRefusedToo) {
  PickleWriter pickle;
  pickle.op('}').text("x").global("subprocess", "Popen").op('s');

  EXPECT_THAT(error_of_pickle(pickle.bytes()), HasSubstr("subprocess.Popen"));
}

TEST(HostilePickle, InstructionsThatMakeObjectsAreRefusedByName) {
  EXPECT_THAT(error_of_pickle(PickleWriter().raw("(S'echo'\nios\nsystem\n").bytes()),
              HasSubstr("instruction STRING"));
  EXPECT_THAT(error_of_pickle(PickleWriter().raw("(ios\nsystem\n").bytes()),
              HasSubstr("instruction INST"));
  EXPECT_THAT(error_of_pickle(PickleWriter().op('}').op(')').op('\x81').bytes()),
              HasSubstr("instruction NEWOBJ"));
  EXPECT_THAT(error_of_pickle(PickleWriter().op('\x82').op('\x01').bytes()),
              HasSubstr("instruction EXT1"));
  EXPECT_THAT(error_of_pickle(PickleWriter().op('\xfe').bytes()), HasSubstr("instruction 0xFE"));
}

TEST(HostilePickle, AttributesOfWhatIsNoDictionaryAreRefused) {
  PickleWriter pickle;
  pickle.tensor("FloatStorage", "0", 6, 0, {6}, {1}).op('}').op('b');

  EXPECT_THAT(error_of_pickle(pickle.bytes()), HasSubstr("attributes"));
}

TEST(HostilePickle, AStorageMadeInPlaceIsRefused) {
  PickleWriter pickle;
  pickle.global("torch", "FloatStorage").integer(1 << 30).op('\x85').op('R');

  EXPECT_THAT(error_of_pickle(pickle.bytes()), HasSubstr("storage of its own"));
}

TEST(HostilePickle, ATensorMayNotReachBeyondItsStorage) {
  for (const auto& pickle :
       {one_tensor(0, {7}, {1}), one_tensor(1, {6}, {1}), one_tensor(0, {2, 3}, {6, 1}),
        one_tensor(0, {2147483647, 2147483647}, {2147483647, 2147483647}),
        one_tensor(2147483647, {1}, {1})}) {
    EXPECT_THAT(error_of_pickle(pickle.bytes()), HasSubstr("reaches beyond its storage"));
  }
  EXPECT_THAT(error_of_pickle(one_tensor(0, {-1}, {1}).bytes()), HasSubstr("is no shape"));
  EXPECT_THAT(error_of_pickle(one_tensor(0, {2}, {-1}).bytes()), HasSubstr("is no shape"));
  EXPECT_THAT(error_of_pickle(one_tensor(0, {2}, {}).bytes()), HasSubstr("is no shape"));
  // Empty, and its strides could not be counted.
  constexpr std::int32_t kHuge = 2'147'483'647;
  EXPECT_THAT(error_of_pickle(one_tensor(0, {0, kHuge, kHuge, 2, 2}, {1, 1, 1, 1, 1}).bytes()),
              HasSubstr("is no shape"));
  EXPECT_THAT(error_of_pickle(one_tensor(-1, {2}, {1}).bytes()), HasSubstr("damaged"));
}

TEST(HostilePickle, ATensorMayNotBeLargerThanWhatTheFileHolds) {
  // A stride of 0 repeats one number as often as one likes.
  EXPECT_THAT(error_of_pickle(one_tensor(0, {2147483647, 2147483647}, {0, 0}).bytes()),
              HasSubstr("repeats elements"));
}

TEST(HostilePickle, TensorsThatAreCopiedAreNotLargerThanTheFile) {
  PickleWriter pickle;
  pickle.op('}');
  const std::int32_t side = 100;
  for (int i = 0; i < 20; ++i) {
    pickle.text(std::to_string(i))
        .tensor("FloatStorage", "0", side * side, 0, {side, side}, {1, side})
        .op('s');
  }

  EXPECT_THAT(error_of_file(torch_zip_bytes(pickle.bytes(), {{"0", counting_floats(10000)}})),
              HasSubstr("larger than the file"));
}

// Whoever converts the tensors copies each of them, however many share a storage.
TEST(HostilePickle, TensorsThatShareAStorageAreNotMuchLargerThanTheFile) {
  const auto shared_by = [](int count) {
    PickleWriter pickle;
    pickle.op('}');
    for (int i = 0; i < count; ++i) {
      pickle.text(std::to_string(i)).tensor("FloatStorage", "0", 10000, 0, {10000}, {1}).op('s');
    }
    return torch_zip_bytes(pickle.bytes(), {{"0", counting_floats(10000)}});
  };
  const TestFolder folder;

  EXPECT_TRUE(open(folder, shared_by(2)));  // tied weights
  EXPECT_THAT(error_of_file(shared_by(20)), HasSubstr("larger than the file"));
}

TEST(HostilePickle, ACallWithManyArgumentsIsRefused) {
  PickleWriter pickle;
  pickle.op('(').raw(std::string(100, 'N')).op('t').raw("q").op('\0');
  pickle.global("torch", "Size").raw("h").op('\0').op('R');

  EXPECT_THAT(error_of_pickle(pickle.bytes()), HasSubstr("too many arguments"));
}

TEST(HostilePickle, ATensorHasFewDimensions) {
  const std::vector<std::int32_t> ones(9, 1);

  EXPECT_THAT(error_of_pickle(one_tensor(0, ones, ones).bytes()),
              HasSubstr("a tensor has more than 8 dimensions"));
}

TEST(HostilePickle, AMemoSlotIsNoLargerThanTheMemo) {
  EXPECT_THAT(error_of_pickle(PickleWriter().raw("Nr").raw("\xff\xff\xff\x7f").bytes()),
              HasSubstr("memo"));
}

TEST(HostilePickle, ANameThatIsTooLongIsCalledSo) {
  PickleWriter pickle;
  pickle.op('}').text(std::string(5000, 'n')).op('}').text(std::string(5000, 'm')).op('}');
  pickle.text("w").tensor("FloatStorage", "0", 6, 0, {6}, {1}).op('s').op('s').op('s');

  EXPECT_THAT(error_of_pickle(pickle.bytes()), HasSubstr("a name of more than 4096 bytes"));
}

TEST(HostilePickle, AStorageMustBeThereInItsSize) {
  const auto pickle = one_tensor(0, {2}, {1}).bytes();

  EXPECT_THAT(error_of_file(torch_zip_bytes(pickle, {})), HasSubstr("storage \"0\" is missing"));
  EXPECT_THAT(error_of_file(torch_zip_bytes(pickle, {{"0", counting_floats(5)}})),
              HasSubstr("should be 6 numbers of type F32 and has 20 bytes"));
  EXPECT_THAT(error_of_file(legacy_torch_bytes(pickle, {})), HasSubstr("is missing"));
  EXPECT_THAT(error_of_file(legacy_torch_bytes(pickle, {{"0", counting_floats(5)}})),
              HasSubstr("truncated or damaged"));
}

TEST(HostilePickle, AContainerThatHoldsItselfIsRefused) {
  PickleWriter list;
  list.op(']').raw("q").op('\0').raw("h").op('\0').op('a');
  PickleWriter dict;
  dict.op('}').raw("q").op('\0').text("again").raw("h").op('\0').op('s');

  EXPECT_THAT(error_of_pickle(list.bytes()), HasSubstr("nested"));
  EXPECT_THAT(error_of_pickle(dict.bytes()), HasSubstr("nested"));
}

TEST(HostilePickle, DeepNestingCostsNoStack) {
  PickleWriter tuples;
  tuples.op(')').raw(std::string(500'000, '\x85'));
  PickleWriter lists;
  lists.raw(std::string(200'000, ']')).raw(std::string(199'999, 'a'));

  EXPECT_TRUE(pickle::Pickle::read(tuples.bytes()));
  EXPECT_THAT(error_of_pickle(lists.bytes()), HasSubstr("nested more than"));
}

TEST(HostilePickle, ContainersThatHoldEachOtherManyTimesEnd) {
  // Each list holds the one before it 100 times: 100^10 ways to the innermost.
  PickleWriter pickle;
  pickle.op(']').raw("q").op('\0');
  for (int level = 0; level < 10; ++level) {
    pickle.op(']').op('(');
    for (int i = 0; i < 100; ++i) pickle.raw("h").op(static_cast<char>(level));
    pickle.op('e').raw("q").op(static_cast<char>(level + 1));
  }

  EXPECT_THAT(error_of_pickle(pickle.bytes()), HasSubstr("too often"));
}

TEST(HostilePickle, SizesThatAreNotThereAreTold) {
  const std::string huge = "\xff\xff\xff\x7f";
  EXPECT_THAT(error_of_pickle(PickleWriter().op('X').raw(huge).bytes()), HasSubstr("no end"));
  EXPECT_THAT(error_of_pickle(PickleWriter().op('\x8d').raw(std::string(8, '\xff')).bytes()),
              HasSubstr("no end"));
  EXPECT_THAT(error_of_pickle(PickleWriter().raw("(r").raw(huge).bytes()), HasSubstr("damaged"));
  EXPECT_THAT(error_of_pickle(PickleWriter().raw("cos").bytes()), HasSubstr("no end"));
}

TEST(HostilePickle, ValuesAndItemsAreBounded) {
  EXPECT_THAT(error_of_pickle(PickleWriter().raw(std::string(2'000'000, 'N')).bytes()),
              HasSubstr("more than 1048576 values"));
  EXPECT_THAT(error_of_pickle(PickleWriter().raw(std::string(2'000'000, '(')).bytes()),
              HasSubstr("too many marks"));
  // An ordered dictionary of 100 000 pairs, made again and again of one list.
  PickleWriter pickle;
  pickle.op('N').raw("q").op('\0').raw("h").op('\0').op('\x86').raw("q").op('\1');
  pickle.op(']').op('(');
  for (int i = 0; i < 100'000; ++i) pickle.raw("h").op('\1');
  pickle.op('e').raw("q").op('\2');
  for (int i = 0; i < 100; ++i) {
    pickle.global("collections", "OrderedDict").raw("h").op('\2').op('\x85').op('R');
  }
  EXPECT_THAT(error_of_pickle(pickle.bytes()), HasSubstr("items"));
}

TEST(HostilePickle, WhatIsNotOnTheStackIsToldNotRead) {
  for (const auto* program : {"", "a", "s", "u", "t", "e", "b", "R", "Q", "\x85", "(a", "]Na(s",
                              "h\x05", "q\x05", "\x93", "NN\x93"}) {
    EXPECT_THAT(error_of_pickle(PickleWriter().raw(program).bytes()),
                testing::AnyOf(HasSubstr("damaged"), HasSubstr("refused")))
        << program;
  }
}

TEST(HostilePickle, EveryTruncationOfAFileIsTold) {
  const auto zip =
      torch_zip_bytes(one_tensor(0, {2, 3}, {3, 1}).bytes(), {{"0", counting_floats(6)}});
  const auto legacy =
      legacy_torch_bytes(one_tensor(0, {2, 3}, {3, 1}).bytes(), {{"0", counting_floats(6)}});
  const TestFolder folder;

  for (const auto& whole : {zip, legacy}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(open(folder, whole.substr(0, size))) << size << " of " << whole.size();
    }
  }
}

TEST(HostilePickle, NoFlippedByteCrashes) {
  const auto zip =
      torch_zip_bytes(one_tensor(0, {2, 3}, {3, 1}).bytes(), {{"0", counting_floats(6)}});
  const auto legacy =
      legacy_torch_bytes(one_tensor(0, {3, 2}, {1, 3}).bytes(), {{"0", counting_floats(6)}});
  const TestFolder folder;

  for (const auto& whole : {zip, legacy}) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const unsigned char flip : {0x01, 0x80, 0xFF}) {
        auto damaged = whole;
        damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ flip);
        const auto file = open(folder, damaged);
        if (!file) continue;
        for (const auto& [name, tensor] : file->tensors()) floats(tensor);
      }
    }
  }
}

TEST(HostileZip, MembersThatAreCompressedAreRefused) {
  auto archive = torch_zip_bytes(one_tensor(0, {2}, {1}).bytes(), {{"0", counting_floats(6)}});
  const auto entry = archive.find("PK\x01\x02");
  archive[entry + 10] = '\x08';  // deflated

  EXPECT_THAT(error_of_file(archive), HasSubstr("is compressed"));
}

TEST(HostileZip, WhatIsNotOfTorchIsTold) {
  EXPECT_THAT(error_of_file(zip_bytes({{"word/document.xml", "<x/>"}})),
              HasSubstr("without a data.pkl"));
  EXPECT_THAT(error_of_file("GIF89a"), HasSubstr("no file of torch.save"));
  EXPECT_THAT(error_of_file(PickleWriter().op('N').bytes()), HasSubstr("did not write"));
  EXPECT_THAT(error_of_file(zip_bytes({{"a/data.pkl", ""}, {"b/data.pkl", ""}})),
              HasSubstr("two files data.pkl"));
  EXPECT_THAT(error_of_file(zip_bytes({{"a/data.pkl", ""}, {"a/byteorder", "big"}})),
              HasSubstr("big-endian"));
}

}  // namespace

}  // namespace furrow::engine::weights
