#include "common/spec/spec_tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "common/base/utf8.h"
#include "common/spec/text.h"

namespace furrow::spec {

namespace {

constexpr int kMaxDepth = 64;

SpecNode scalar_node(std::string text, int line) {
  SpecNode node;
  node.kind = SpecNode::Kind::Scalar;
  node.line = line;
  node.scalar = std::move(text);
  return node;
}

/// Copies what yaml-cpp read, with a bound: aliases make a tree of a graph.
class YamlReader {
 public:
  SpecNode read(const YAML::Node& yaml, int depth = 0) {
    SpecNode node;
    node.line = yaml.Mark().line + 1;
    is_too_large_ = is_too_large_ || ++nodes_ > kMaxSpecNodes || depth > kMaxDepth;
    if (is_too_large_) return node;
    if (yaml.IsScalar()) return scalar_node(yaml.Scalar(), node.line);
    if (yaml.IsSequence()) {
      node.kind = SpecNode::Kind::List;
      for (const YAML::Node& item : yaml) node.items.push_back(read(item, depth + 1));
    } else if (yaml.IsMap()) {
      node.kind = SpecNode::Kind::Map;
      for (const auto& entry : yaml) {
        const SpecNode key = read(entry.first, depth + 1);
        node.entries.push_back({key.scalar, key.line, read(entry.second, depth + 1)});
      }
    }
    return node;
  }

  bool is_too_large() const { return is_too_large_; }

 private:
  std::size_t nodes_ = 0;
  bool is_too_large_ = false;
};

/// The line of a "---" behind other content. At the start of a line it is never anything else.
std::optional<int> second_document(const std::string& text) {
  std::istringstream lines(text);
  bool has_content = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const bool is_marker = line.starts_with("---") && (line.size() == 3 || line[3] <= ' ');
    if (is_marker && has_content) return number;
    const std::string_view rest = trim(is_marker ? std::string_view(line).substr(3) : line);
    has_content = has_content || is_marker || !(rest.empty() || rest[0] == '#' || rest[0] == '%');
  }
  return std::nullopt;
}

Result<SpecNode> parse_yaml(const std::string& text) {
  try {
    if (const auto line = second_document(text)) {
      return fail(ErrorKind::Invalid,
                  fmt::format("Line {}: \"---\" begins a second document; a sweep is one.", *line));
    }
    YamlReader reader;
    SpecNode node = reader.read(YAML::Load(text));
    if (!reader.is_too_large()) return node;
    return fail(ErrorKind::Invalid, "The document has too many parts or is nested too deeply.");
  } catch (const YAML::Exception& error) {
    return fail(ErrorKind::Invalid,
                fmt::format("Line {}: this is not YAML: {}.", error.mark.line + 1,
                            well_formed_utf8(error.msg)));
  }
}

/// Walks over a text and counts its lines, so that the parser that reads through it knows them.
class LineCounter {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  LineCounter(const char* at, int* line) : at_(at), line_(line) {}

  reference operator*() const { return *at_; }

  LineCounter& operator++() {
    if (*at_++ == '\n') ++*line_;
    return *this;
  }

  LineCounter operator++(int) {
    LineCounter before = *this;
    ++*this;
    return before;
  }

  bool operator==(const LineCounter& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  int* line_;
};

/// Builds the tree from what nlohmann's parser reports.
class JsonReader {
 public:
  explicit JsonReader(const int* line) : line_(line) {}

  bool null() { return add({SpecNode::Kind::Null, *line_, {}, {}, {}}); }

  bool boolean(bool value) { return add(scalar_node(value ? "true" : "false", *line_)); }

  bool number_integer(std::int64_t value) {
    return add(scalar_node(fmt::format("{}", value), *line_));
  }

  bool number_unsigned(std::uint64_t value) {
    return add(scalar_node(fmt::format("{}", value), *line_));
  }

  bool number_float(double, const std::string& text) { return add(scalar_node(text, *line_)); }

  bool string(std::string& text) { return add(scalar_node(std::move(text), *line_)); }

  bool binary(nlohmann::json::binary_t&) { return false; }

  bool start_object(std::size_t) { return open(SpecNode::Kind::Map); }

  bool end_object() { return close(); }

  bool start_array(std::size_t) { return open(SpecNode::Kind::List); }

  bool end_array() { return close(); }

  bool key(std::string& text) {
    open_.back().entries.push_back({std::move(text), *line_, {}});
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) {
    // The library's sentence begins with a tag in brackets and the place, which is told already.
    const std::string_view what = error.what();
    const auto colon = what.find(": ");
    error_ = fmt::format("Line {}: this is not JSON: {}.", *line_,
                         well_formed_utf8(colon == what.npos ? what : what.substr(colon + 2)));
    return false;
  }

  Result<SpecNode> finish(bool parsed) && {
    if (parsed) return std::move(root_);
    if (!error_.empty()) return fail(ErrorKind::Invalid, error_);
    return fail(ErrorKind::Invalid, "The document has too many parts or is nested too deeply.");
  }

 private:
  bool add(SpecNode node) {
    if (++nodes_ > kMaxSpecNodes) return false;
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (open_.back().kind == SpecNode::Kind::List) {
      open_.back().items.push_back(std::move(node));
    } else {
      open_.back().entries.back().value = std::move(node);
    }
    return true;
  }

  bool open(SpecNode::Kind kind) {
    if (open_.size() >= kMaxDepth) return false;
    open_.push_back({kind, *line_, {}, {}, {}});
    return true;
  }

  bool close() {
    SpecNode node = std::move(open_.back());
    open_.pop_back();
    return add(std::move(node));
  }

  const int* line_;
  SpecNode root_;
  std::vector<SpecNode> open_;
  std::size_t nodes_ = 0;
  std::string error_;
};

Result<SpecNode> parse_json(std::string_view text) {
  int line = 1;
  JsonReader reader(&line);
  const LineCounter begin(text.data(), &line);
  const LineCounter end(text.data() + text.size(), &line);
  const bool parsed = nlohmann::json::sax_parse(begin, end, &reader);
  return std::move(reader).finish(parsed);
}

}  // namespace

Result<SpecNode> parse_spec_tree(std::string_view text, SpecFormat format) {
  if (text.size() > kMaxSpecBytes) {
    return fail(ErrorKind::Invalid, fmt::format("The document has {} bytes; the most is {}.",
                                                text.size(), kMaxSpecBytes));
  }
  if (text.find('\0') != text.npos) {
    return fail(ErrorKind::Invalid, "The document holds a NUL byte: it is not a text.");
  }
  if (!is_valid_utf8(text)) return fail(ErrorKind::Invalid, "The document is not valid UTF-8.");
  switch (format) {
    case SpecFormat::Yaml:
      return parse_yaml(std::string(text));
    case SpecFormat::Json:
      return parse_json(text);
  }
  FURROW_CHECK(false, "a format that exists");
}

}  // namespace furrow::spec
