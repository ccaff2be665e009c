#include "edge/identity/token_file.h"

#include "ground/base/file.h"
#include "ground/json/members.h"
#include "ground/json/writer.h"

namespace scaler::identity {

std::string text_of(const json::Value& object, std::string_view name) {
  return std::string(json::text_in(object, name));
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

Result<json::Value> TokenFile::read(const std::string& path) {
  const Result<std::string> text = read_kept_file(path);
  if (unwritten_ && text.value_or("") == passed_) {
    return *unwritten_;
  }
  unwritten_.reset();
  if (!text.has_value()) {
    return fail(ErrorKind::Unauthorized, text.error().message);
  }
  Result<json::Value> object = json::parse(*text);
  if (!object.has_value() || !std::holds_alternative<json::Object>(object->data())) {
    return fail(ErrorKind::Unauthorized, path + ": it holds no JSON object");
  }
  return object;
}

Result<void> TokenFile::write(const std::string& path, const json::Value& object) {
  json::Writer writer;
  writer.value(object);
  const Result<void> written = replace_file(path, writer.text());
  if (!written.has_value()) {
    unwritten_ = object;
    passed_ = read_kept_file(path).value_or("");
    return fail(written.error(), "write");
  }
  unwritten_.reset();
  return {};
}

}  // namespace scaler::identity
