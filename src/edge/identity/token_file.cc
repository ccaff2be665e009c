#include "edge/identity/token_file.h"

#include <cerrno>
#include <cstdlib>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "ground/base/file.h"
#include "ground/json/writer.h"

namespace scaler::identity {
namespace {

constexpr std::size_t kFileMax = 1U << 20U;

std::unexpected<Error> failure(const std::string& path, int error) {
  return fail(ErrorKind::Unavailable,
              "write " + path + ": " + std::generic_category().message(error));
}

/// True when all of it was written and is on the disk.
bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(count < 0 ? 0 : static_cast<std::size_t>(count));
  }
  return ::fsync(file) == 0;
}

}  // namespace

std::string text_of(const json::Value& object, std::string_view name) {
  const json::Value* member = object.find(name);
  const auto* text = member == nullptr ? nullptr : std::get_if<std::string>(&member->data());
  return text == nullptr ? "" : *text;
}

std::optional<Instant> instant_of(const json::Value& object, std::string_view name) {
  std::string text = text_of(object, name);
  if (text.ends_with("UTC")) {
    text.replace(text.size() - 3, 3, "Z");
  }
  const Result<Instant> instant = parse_instant(text);
  return instant.has_value() ? std::optional(*instant) : std::nullopt;
}

void set_member(json::Value& object, std::string_view name, json::Value value) {
  auto& members = std::get<json::Object>(object.data());
  for (auto& [known, kept] : members) {
    if (known == name) {
      kept = std::move(value);
      return;
    }
  }
  members.emplace_back(name, std::move(value));
}

Result<json::Value> read_token_file(const std::string& path) {
  const Result<std::string> text = read_file(path, kFileMax);
  if (!text.has_value()) {
    return fail(ErrorKind::Unauthorized, text.error().message);
  }
  Result<json::Value> object = json::parse(*text);
  if (!object.has_value() || !std::holds_alternative<json::Object>(object->data())) {
    return fail(ErrorKind::Unauthorized, path + ": it holds no JSON object");
  }
  return object;
}

Result<void> write_token_file(const std::string& path, const json::Value& object) {
  json::Writer writer;
  writer.value(object);
  std::string draft = path + ".XXXXXX";
  const int file = ::mkstemp(draft.data());  // Readable for its owner only.
  if (file < 0) {
    return failure(path, errno);
  }
  const bool written = write_all(file, writer.text());
  int error = errno;
  ::close(file);
  if (written && ::rename(draft.c_str(), path.c_str()) == 0) {
    return {};
  }
  error = written ? errno : error;
  ::unlink(draft.c_str());
  return failure(path, error);
}

}  // namespace scaler::identity
