#include <cstdint>
#include <memory>
#include <string>

#include <google/protobuf/message.h>

#include "common/base/check.h"
#include "furrow/v1/blob.pb.h"
#include "furrow/v1/client.pb.h"
#include "furrow/v1/engine.pb.h"
#include "furrow/v1/sheet.pb.h"
#include "furrow/v1/worker.pb.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace furrow;

std::unique_ptr<google::protobuf::Message> message_of_kind(std::uint8_t kind) {
  switch (kind % 10) {
    case 0:
      return std::make_unique<v1::FromWorker>();
    case 1:
      return std::make_unique<v1::ToWorker>();
    case 2:
      return std::make_unique<v1::ClientRequest>();
    case 3:
      return std::make_unique<v1::ClientReply>();
    case 4:
      return std::make_unique<v1::BlobRequest>();
    case 5:
      return std::make_unique<v1::BlobReply>();
    case 6:
      return std::make_unique<v1::FromEngine>();
    case 7:
      return std::make_unique<v1::SheetRequest>();
    case 8:
      return std::make_unique<v1::Plan>();
    default:
      return std::make_unique<v1::ToEngine>();
  }
}

}  // namespace

// A byte of which message it is, then its bytes as a peer sends them. One that was read is the same
// when it is written and read again.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::FuzzInput input(data, size);
  const auto message = message_of_kind(input.take_byte());
  const auto bytes = input.rest();

  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return 0;

  const std::unique_ptr<google::protobuf::Message> again(message->New());
  std::string written;
  FURROW_CHECK(message->SerializeToString(&written), "what was read can be written");
  FURROW_CHECK(again->ParseFromString(written), "and read again");
  std::string rewritten;
  FURROW_CHECK(again->SerializeToString(&rewritten) && rewritten == written, "and is the same");
  return 0;
}
