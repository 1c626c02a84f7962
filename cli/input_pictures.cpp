#include "cli/input_pictures.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <zmq.hpp>

#include "cli/session.h"
#include "common/base/files.h"
#include "common/spec/inputs.h"
#include "common/wire/blob_uploader.h"

namespace furrow::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kBytesPerMib = 1 << 20;

/// A picture of the sweep, and what people call it.
struct NamedPicture {
  v1::PictureRef* picture = nullptr;
  const char* what = "";
};

std::vector<NamedPicture> pictures_of(v1::JobSpec& sweep) {
  std::vector<NamedPicture> pictures;
  if (!sweep.has_base()) return pictures;
  auto& base = *sweep.mutable_base();
  if (base.has_init_image()) pictures.push_back({base.mutable_init_image(), "init image"});
  if (base.has_mask()) pictures.push_back({base.mutable_mask(), "mask"});
  return pictures;
}

Result<Digest> hash_picture(const fs::path& file, const char* what) {
  std::error_code failed;
  const auto status = fs::status(file, failed);
  if (status.type() == fs::file_type::not_found) {
    return fail(ErrorKind::NotFound,
                fmt::format("{}: there is no file {}. Check its path.", what, file.string()));
  }
  if (status.type() != fs::file_type::regular) {
    return fail(ErrorKind::Invalid,
                fmt::format("{}: {} is not a file. Name one of a picture.", what, file.string()));
  }
  const auto bytes = fs::file_size(file, failed);
  if (!failed && bytes > spec::kMaxInputBytes) {
    return fail(ErrorKind::Invalid,
                fmt::format("{}: {} has {} MiB, and at most {} are taken. Make it smaller.", what,
                            file.string(), (bytes + kBytesPerMib - 1) / kBytesPerMib,
                            spec::kMaxInputBytes / kBytesPerMib));
  }
  const auto content = read_file(file);
  if (!content) {
    return fail(content.error().kind, fmt::format("{}: {}.", what, content.error().message));
  }
  if (!spec::is_picture(*content)) {
    return fail(
        ErrorKind::Invalid,
        fmt::format("{}: {} is no picture that furrow reads. Give a PNG, JPEG or WebP file.", what,
                    file.string()));
  }
  return sha256(*content);
}

/// Files on their way to the coordinator.
class Sending {
 public:
  Sending(std::string endpoint, const SendOptions& options)
      : endpoint_(std::move(endpoint)), options_(options) {}

  Result<void> run(const std::vector<InputPicture>& pictures) {
    FURROW_TRY_VOID(uploader_.connect(endpoint_));
    uploader_.socket()->set(zmq::sockopt::linger, 0);
    for (const InputPicture& picture : pictures) uploader_.upload(picture.digest, picture.file);
    for (std::size_t stored = 0; stored < pictures.size();) {
      FURROW_TRY_VOID(wait());
      auto answers = uploader_.pump();
      const auto received = uploader_.receive();
      answers.insert(answers.end(), received.begin(), received.end());
      for (const auto& answer : answers) {
        if (!answer.stored) return refused(answer, pictures);
        ++stored;
      }
    }
    return {};
  }

 private:
  Result<void> wait() {
    const auto events =
        static_cast<short>(uploader_.has_unsent() ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN);
    std::vector<zmq::pollitem_t> items = {{uploader_.socket()->handle(), 0, events, 0}};
    if (options_.interrupt_fd >= 0) {
      items.push_back({nullptr, options_.interrupt_fd, ZMQ_POLLIN, 0});
    }
    int ready = 0;
    try {
      ready = zmq::poll(items, options_.patience);
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
      return {};
    }
    if (items.size() == 2 && (items[1].revents & ZMQ_POLLIN) != 0) {
      return fail(ErrorKind::Cancelled, "Interrupted.");
    }
    if (ready > 0) return {};
    return fail(ErrorKind::Unreachable,
                fmt::format("Pictures do not get to {}. Does a firewall close the blob port? See: "
                            "furrow doctor",
                            endpoint_));
  }

  static Unexpected refused(const wire::BlobUploader::Answer& answer,
                            const std::vector<InputPicture>& pictures) {
    const auto picture = std::ranges::find(pictures, answer.digest, &InputPicture::digest);
    return fail(ErrorKind::Invalid,
                fmt::format("The coordinator does not take {}: {}.",
                            picture == pictures.end() ? "a picture" : picture->file.string(),
                            answer.refusal));
  }

  const std::string endpoint_;
  const SendOptions& options_;
  zmq::context_t context_{1};
  wire::BlobUploader uploader_{context_, wire::BlobKind::Input};
};

}  // namespace

Result<std::vector<InputPicture>> hash_pictures(v1::JobSpec& sweep) {
  std::vector<InputPicture> pictures;
  std::string faults;
  ErrorKind kind = ErrorKind::Invalid;
  for (const auto& [picture, what] : pictures_of(sweep)) {
    if (!picture->hash().empty()) continue;
    const fs::path file = picture->name();
    const auto digest = hash_picture(file, what);
    if (digest) {
      picture->set_hash(digest->raw());
      pictures.push_back({file, *digest});
    } else {
      if (faults.empty()) kind = digest.error().kind;
      faults += (faults.empty() ? "" : "\n") + digest.error().message;
    }
  }
  if (!faults.empty()) return fail(kind, std::move(faults));
  return pictures;
}

Result<std::vector<InputPicture>> send_pictures(Client& client,
                                                const std::vector<InputPicture>& pictures,
                                                const SendOptions& options) {
  std::vector<InputPicture> lacking;
  if (pictures.empty()) return lacking;
  std::vector<Digest> digests;
  for (const InputPicture& picture : pictures) digests.push_back(picture.digest);
  FURROW_TRY(digests, client.lacking_inputs(digests));
  for (const Digest& digest : digests) {
    const auto picture = std::ranges::find(pictures, digest, &InputPicture::digest);
    if (picture != pictures.end()) lacking.push_back(*picture);
  }
  if (lacking.empty()) return lacking;
  FURROW_TRY(std::string endpoint, blob_endpoint_of(client));
  FURROW_TRY_VOID(Sending(std::move(endpoint), options).run(lacking));
  return lacking;
}

}  // namespace furrow::cli
