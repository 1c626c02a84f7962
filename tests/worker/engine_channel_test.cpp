#include "worker/channel/engine_channel.h"

#include <array>
#include <random>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace furrow::worker {
namespace {

struct Ends {
  FileDescriptor agent;
  FileDescriptor engine;
};

Ends make_ends() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()), 0);
  return {FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

v1::FromEngine rendered_cell(std::uint64_t cell) {
  v1::FromEngine message;
  message.mutable_rendered()->mutable_token()->set_cell(cell);
  message.mutable_rendered()->set_width(64);
  return message;
}

v1::ToEngine render_of(std::uint64_t cell) {
  v1::ToEngine message;
  message.mutable_render()->add_cells()->mutable_token()->set_cell(cell);
  return message;
}

void write_raw(const FileDescriptor& fd, std::string_view bytes) {
  ASSERT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

TEST(EngineChannel, CarriesMessagesBothWays) {
  auto ends = make_ends();
  EngineChannel agent(std::move(ends.agent));
  EngineChannel engine(std::move(ends.engine));

  ASSERT_TRUE(agent.send(render_of(7)));
  ASSERT_TRUE(engine.send(rendered_cell(7), "picture"));

  const auto to_engine = engine.receive<v1::ToEngine>();
  const auto from_engine = agent.receive<v1::FromEngine>();
  ASSERT_TRUE(to_engine && *to_engine && from_engine && *from_engine);
  EXPECT_EQ((*to_engine)->message.render().cells(0).token().cell(), 7u);
  EXPECT_EQ((*from_engine)->message.rendered().attachment_bytes(), 7u);
  EXPECT_EQ((*from_engine)->attachment, "picture");
}

TEST(EngineChannel, AMessageThatArrivesByteByByteIsTakenOnceAndWhole) {
  auto ends = make_ends();
  EngineChannel writer(std::move(ends.engine));
  writer.queue(rendered_cell(3), "pixels");
  writer.queue(rendered_cell(4));
  ASSERT_TRUE(writer.flush());
  std::array<char, 256> frame{};
  const ssize_t size = ::read(ends.agent.get(), frame.data(), frame.size());
  ASSERT_GT(size, 0);

  auto slow = make_ends();
  EngineChannel reader(std::move(slow.agent));
  std::vector<std::uint64_t> cells;
  for (ssize_t i = 0; i < size; ++i) {
    write_raw(slow.engine, {&frame[static_cast<std::size_t>(i)], 1});
    ASSERT_TRUE(reader.read_available());
    const auto taken = reader.take<v1::FromEngine>();
    ASSERT_TRUE(taken);
    if (*taken) cells.push_back((*taken)->message.rendered().token().cell());
  }

  EXPECT_THAT(cells, testing::ElementsAre(3, 4));
}

TEST(EngineChannel, ReadingAndWritingWithoutWaitingReturnsAtOnce) {
  auto ends = make_ends();
  EngineChannel agent(std::move(ends.agent));
  const std::string picture(4 << 20, 'p');

  const auto arrived = agent.read_available();
  const auto nothing = agent.take<v1::FromEngine>();
  agent.queue(rendered_cell(1), picture);
  const auto written = agent.write_available();

  ASSERT_TRUE(arrived && nothing && written);
  EXPECT_EQ(*arrived, Arrived::Nothing);
  EXPECT_FALSE(*nothing);
  EXPECT_TRUE(agent.has_unsent()) << "four megabytes do not fit into a socket's buffer";
}

TEST(EngineChannel, ALargeAttachmentPassesBetweenAWaitingAndAPollingEnd) {
  auto ends = make_ends();
  std::string picture(9 << 20, '\0');
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<char>(i * 31);
  std::jthread engine([&picture, end = std::move(ends.engine)]() mutable {
    EngineChannel channel(std::move(end));
    EXPECT_TRUE(channel.send(rendered_cell(1), picture));
  });

  EngineChannel agent(std::move(ends.agent));
  const auto received = agent.receive<v1::FromEngine>();

  ASSERT_TRUE(received && *received);
  EXPECT_TRUE((*received)->attachment == picture);
}

TEST(EngineChannel, AClosedPeerIsNoError) {
  auto ends = make_ends();
  EngineChannel agent(std::move(ends.agent));
  ends.engine.reset();

  const auto received = agent.receive<v1::FromEngine>();
  const auto arrived = agent.read_available();

  ASSERT_TRUE(received && arrived);
  EXPECT_FALSE(*received);
  EXPECT_EQ(*arrived, Arrived::Closed);
  const auto sent = agent.send(render_of(1));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, ErrorKind::Io);
}

TEST(EngineChannel, AStreamCutWithinAMessageIsAnError) {
  auto ends = make_ends();
  EngineChannel agent(std::move(ends.agent));
  write_raw(ends.engine, std::string_view("\x10\0\0\0abc", 7));
  ends.engine.reset();

  const auto received = agent.receive<v1::FromEngine>();

  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().kind, ErrorKind::Io);
}

TEST(EngineChannel, RefusesLengthsBeyondTheBoundsBeforeReadingThem) {
  auto ends = make_ends();
  EngineChannel agent(std::move(ends.agent));
  write_raw(ends.engine, "\xff\xff\xff\xff");
  ASSERT_TRUE(agent.read_available());

  const auto taken = agent.take<v1::FromEngine>();

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(taken.error().message, testing::HasSubstr("4294967295"));
}

TEST(EngineChannel, RefusesAnAttachmentBeyondTheBounds) {
  auto ends = make_ends();
  EngineChannel agent(std::move(ends.agent));
  v1::FromEngine message = rendered_cell(1);
  message.mutable_rendered()->set_attachment_bytes(kMaxAttachmentBytes + 1);
  std::string frame;
  const auto length = static_cast<std::uint32_t>(message.ByteSizeLong());
  frame.append(reinterpret_cast<const char*>(&length), sizeof length);
  message.AppendToString(&frame);
  write_raw(ends.engine, frame);
  ASSERT_TRUE(agent.read_available());

  const auto taken = agent.take<v1::FromEngine>();

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::Invalid);
}

TEST(EngineChannel, GarbageNeverDoesMoreThanFail) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    auto ends = make_ends();
    EngineChannel agent(std::move(ends.agent));
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (bytes.size() > 4 && seed % 2 == 0) bytes[1] = bytes[2] = bytes[3] = '\0';
    write_raw(ends.engine, bytes);
    ends.engine.reset();

    for (bool more = true; more;) {
      const auto received = agent.receive<v1::FromEngine>();
      more = received && *received;
      if (!received) {
        EXPECT_FALSE(received.error().message.empty());
      }
    }
  }
}

}  // namespace
}  // namespace furrow::worker
