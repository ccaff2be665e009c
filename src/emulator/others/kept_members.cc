#include "emulator/others/kept_members.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "ground/json/members.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kTagsMax = 50;

}  // namespace

void set_member(json::Object& object, std::string_view name, json::Value value) {
  const auto found =
      std::ranges::find_if(object, [&](const auto& member) { return member.first == name; });
  if (found == object.end()) {
    object.emplace_back(std::string(name), std::move(value));
  } else {
    found->second = std::move(value);
  }
}

void set_members(json::Object& object, std::string_view text) {
  const Result<json::Value> document = json::parse(text);
  for (const auto& [name, value] : std::get<json::Object>(document->data())) {
    set_member(object, name, value);
  }
}

ApiResult<void> read_tags(const Input& input, std::string_view code, KeptTags& tags) {
  KeptTags all = tags;
  for (const auto& [key, value] : input.text_map("tags")) {
    all[std::string(key)] = value;
  }
  for (const json::Value& tag : input.objects("Tags")) {
    all[std::string(json::text_in(tag, "Key"))] = json::text_in(tag, "Value");
  }
  if (all.size() > kTagsMax || all.contains("")) {
    return refuse(std::string(code),
                  fmt::format("Tags need a key, and there are at most {}.", kTagsMax));
  }
  tags = std::move(all);
  return {};
}

void write_tags(json::Writer& writer, std::string_view member, const KeptTags& tags) {
  const bool map = member == "tags";
  writer.name(member);
  map ? writer.begin_object() : writer.begin_array();
  for (const auto& [key, value] : tags) {
    if (map) {
      writer.field(key, value);
    } else {
      writer.begin_object().field("Key", key).field("Value", value).end_object();
    }
  }
  map ? writer.end_object() : writer.end_array();
}

void write_members(json::Writer& writer, std::string_view text) {
  if (text.empty()) {
    return;
  }
  const Result<json::Value> document = json::parse(text);
  for (const auto& [name, value] : std::get<json::Object>(document->data())) {
    writer.name(name).value(value);
  }
}

}  // namespace scaler::emulator
