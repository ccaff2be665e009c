#include "emulator/front/sts_api.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/sqs/digests.h"
#include "ground/base/text.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

using enum Shape;

constexpr std::string_view kWebIdentity = "AssumeRoleWithWebIdentity";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kSessionsMax = 10'000;
constexpr std::int64_t kSessionMin = 900;
constexpr std::int64_t kSessionMax = 43'200;
constexpr std::int64_t kDurationDefault = 3600;
constexpr std::int64_t kChainedMax = 3600;

constexpr std::array kSessionTag{one("Key"), one("Value")};
constexpr std::array kPolicyArn{one("arn")};
constexpr std::array kContext{one("ProviderArn"), one("ContextAssertion")};
constexpr Member kDuration{"DurationSeconds", "DurationSeconds", Integer};
constexpr Member kPolicyArns{"PolicyArns", "PolicyArns", Structures, kPolicyArn};

constexpr std::array kAssumeRole{
    one("RoleArn"),
    one("RoleSessionName"),
    kPolicyArns,
    one("Policy"),
    kDuration,
    Member{"Tags", "Tags", Structures, kSessionTag},
    Member{"TransitiveTagKeys", "TransitiveTagKeys", Texts},
    one("ExternalId"),
    one("SerialNumber"),
    one("TokenCode"),
    one("SourceIdentity"),
    Member{"ProvidedContexts", "ProvidedContexts", Structures, kContext}};
constexpr std::array kAssumeByToken{one("RoleArn"),
                                    one("RoleSessionName"),
                                    one("WebIdentityToken"),
                                    one("ProviderId"),
                                    kPolicyArns,
                                    one("Policy"),
                                    kDuration};
constexpr std::array kKeys{one("AccessKeyId"), one("SecretAccessKey"), one("SessionToken"),
                           one("Expiration")};
constexpr std::array kUser{one("AssumedRoleId"), one("Arn")};
constexpr Member kCredentials{"Credentials", "Credentials", Structure, kKeys};
constexpr Member kAssumedUser{"AssumedRoleUser", "AssumedRoleUser", Structure, kUser};
constexpr std::array kAssumed{kCredentials, kAssumedUser, one("SourceIdentity")};
constexpr std::array kAssumedByToken{kCredentials, one("SubjectFromWebIdentityToken"), kAssumedUser,
                                     one("Provider")};
constexpr std::array kIdentity{one("Arn"), one("UserId"), one("Account")};

constexpr std::array<QueryOperation, 3> kStsOperations{
    {{"AssumeRole", kAssumeRole, kAssumed},
     {kWebIdentity, kAssumeByToken, kAssumedByToken},
     {"GetCallerIdentity", {}, kIdentity}}};

/// The form's table, as the table that Input checks a body against.
ApiResult<Input> read_input(const json::Value& body, std::span<const Member> members) {
  std::vector<Field> fields;
  for (const Member& member : members) {
    const FieldKind kind = member.shape == Integer      ? FieldKind::Integer
                           : member.shape == Texts      ? FieldKind::Texts
                           : member.shape == Structures ? FieldKind::Objects
                                                        : FieldKind::Text;
    fields.push_back({.name = member.name, .kind = kind});
  }
  return Input::read(body, fields, "ValidationError");
}

std::unexpected<ApiError> invalid(std::string_view value, std::string_view member,
                                  std::string_view constraint) {
  return refuse("ValidationError",
                fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy "
                            "constraint: {}",
                            value, member, constraint));
}

ApiResult<void> check_length(const Input& input, std::string_view name, std::size_t min,
                             std::size_t max) {
  const std::string_view value = input.text(name);
  if (value.size() < min || value.size() > max) {
    return invalid(value, name, fmt::format("Member must have a length of {} to {}", min, max));
  }
  return {};
}

bool is_session_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("_+=,.@-").contains(c);
}

ApiResult<Duration> read_duration(const Input& input, bool by_session) {
  const std::int64_t seconds = input.integer("DurationSeconds").value_or(kDurationDefault);
  if (seconds < kSessionMin || seconds > kSessionMax) {
    return invalid(std::to_string(seconds), "durationSeconds",
                   fmt::format("Member must have a value of {} to {}", kSessionMin, kSessionMax));
  }
  if (by_session && seconds > kChainedMax) {
    return refuse("ValidationError",
                  "The requested DurationSeconds exceeds the 1 hour session limit for roles "
                  "assumed by role chaining");
  }
  return std::chrono::seconds(seconds);
}

}  // namespace

constexpr QueryService kStsQuery{"https://sts.amazonaws.com/doc/2011-06-15/", "2011-06-15",
                                 kStsOperations};

bool is_unsigned_operation(std::string_view operation) {
  return operation == kWebIdentity;
}

/// What a role's ARN says.
struct StsApi::Role {
  std::string_view arn = {};
  std::string_view partition = {};
  std::string_view account = {};
  std::string_view name = {};  ///< without its path

  static ApiResult<Role> read(std::string_view arn) {
    constexpr std::size_t kParts = 6;
    constexpr std::size_t kAccountDigits = 12;
    constexpr std::string_view kResource = "role/";
    const std::vector<std::string_view> parts = split(arn, ":");
    const bool valid = parts.size() == kParts && parts[0] == "arn" && parts[1].starts_with("aws") &&
                       parts[2] == "iam" && parts[3].empty() && parts[4].size() == kAccountDigits &&
                       std::ranges::all_of(parts[4], [](char c) { return c >= '0' && c <= '9'; }) &&
                       parts[5].starts_with(kResource) && !parts[5].ends_with('/');
    if (!valid) {
      return refuse("ValidationError", fmt::format("{} is invalid", arn));
    }
    return Role{.arn = arn,
                .partition = parts[1],
                .account = parts[4],
                .name = parts[5].substr(parts[5].rfind('/') + 1)};
  }
};

ApiAnswer StsApi::handle(const JsonCall& call) {
  const auto* const operation =
      std::ranges::find(kStsOperations, call.operation, &QueryOperation::name);
  if (operation == kStsOperations.end()) {
    return refuse("UnknownOperationException",
                  fmt::format("STS has no operation {} here.", call.operation));
  }
  const Input input = TRY(read_input(call.body, operation->input));
  if (operation->name == "GetCallerIdentity") {
    return caller_identity(call.caller);
  }
  if (operation->name == kWebIdentity) {
    TRY(check_length(input, "WebIdentityToken", 4, 20'000));
    return assume_role(input, false);
  }
  return assume_role(input, sessions_.contains(call.caller.access_key_id));
}

ApiResult<void> StsApi::check_session(std::string_view access_key_id,
                                      std::string_view token) const {
  const auto session = sessions_.find(access_key_id);
  if (session == sessions_.end()) {
    return {};
  }
  if (token != session->second.token) {
    return refuse("UnrecognizedClientException",
                  "The security token included in the request is invalid.", 403);
  }
  if (session->second.expires <= world_.now()) {
    return refuse("ExpiredTokenException", "The security token included in the request is expired",
                  403);
  }
  return {};
}

std::optional<std::string> StsApi::account_of(std::string_view access_key_id) const {
  const auto session = sessions_.find(access_key_id);
  return session == sessions_.end() ? std::nullopt : std::optional(session->second.account);
}

std::string StsApi::caller_identity(const Caller& caller) const {
  json::Writer writer;
  writer.begin_object();
  const auto session = sessions_.find(caller.access_key_id);
  if (session == sessions_.end()) {
    writer.field("Arn", fmt::format("arn:aws:iam::{}:user/emulated", kAccount))
        .field("UserId", caller.access_key_id)
        .field("Account", kAccount);
  } else {
    writer.field("Arn", session->second.arn)
        .field("UserId", session->second.user_id)
        .field("Account", session->second.account);
  }
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer StsApi::assume_role(const Input& input, bool by_session) {
  TRY(check_length(input, "RoleArn", 20, 2048));
  TRY(check_length(input, "RoleSessionName", 2, 64));
  const Role role = TRY(Role::read(input.text("RoleArn")));
  const std::string_view session = input.text("RoleSessionName");
  if (!std::ranges::all_of(session, is_session_character)) {
    return invalid(session, "roleSessionName",
                   "Member must satisfy regular expression pattern: [\\w+=,.@-]*");
  }
  return give_out(input, role, TRY(read_duration(input, by_session)));
}

std::string StsApi::give_out(const Input& input, const Role& role, Duration duration) {
  constexpr std::size_t kRoleIdLength = 17;
  constexpr std::size_t kSecretLength = 40;
  constexpr std::size_t kTokenLength = 343;
  // In Base64 the beginning of AWS's own, by which some programs tell a session token.
  constexpr std::string_view kTokenBegin = "FQoGZXIvYXdzE";
  make_room();
  const std::string role_id = upper_case(md5_hex(role.arn)).substr(0, kRoleIdLength);
  const std::string_view name = input.text("RoleSessionName");
  const Session session{.account = std::string(role.account),
                        .arn = fmt::format("arn:{}:sts::{}:assumed-role/{}/{}", role.partition,
                                           role.account, role.name, name),
                        .user_id = fmt::format("AROA{}:{}", role_id, name),
                        .token = std::string(kTokenBegin) + random_text(kBase64, kTokenLength),
                        .expires = world_.now() + duration};
  const std::string key = new_access_key_id(role.account);
  json::Writer writer;
  writer.begin_object().name("Credentials").begin_object();
  writer.field("AccessKeyId", key)
      .field("SecretAccessKey", random_text(kBase64, kSecretLength))
      .field("SessionToken", session.token)
      .field("Expiration",
             format_instant(std::chrono::floor<std::chrono::seconds>(session.expires)))
      .end_object();
  writer.name("AssumedRoleUser").begin_object();
  writer.field("AssumedRoleId", session.user_id).field("Arn", session.arn).end_object();
  if (input.has("SourceIdentity")) {
    writer.field("SourceIdentity", input.text("SourceIdentity"));
  }
  if (input.has("WebIdentityToken")) {
    writer.field("SubjectFromWebIdentityToken", "emulated").field("Provider", "emulated");
  }
  writer.end_object();
  sessions_.insert_or_assign(key, session);
  return std::move(writer).text();
}

std::string StsApi::random_text(std::string_view alphabet, std::size_t size) {
  std::string text;
  while (text.size() < size) {
    text += alphabet[random_.next() % alphabet.size()];
  }
  return text;
}

/// As AWS writes them: the first characters after "ASIA" are the account in base 32, from which
/// some tools read it.
std::string StsApi::new_access_key_id(std::string_view account) {
  constexpr unsigned kAccountShift = 7;  // Of the account in the 48 bits that hold it.
  constexpr unsigned kHighestBit = 47;
  constexpr unsigned kPad = 2;  // Ten characters of five bits hold 50.
  constexpr std::size_t kRest = 6;
  std::uint64_t bits = number_of<std::uint64_t>(account).value_or(0) << kAccountShift;
  bits |= std::uint64_t{1} << kHighestBit;
  bits <<= kPad;
  std::string key = "ASIA";
  for (int shift = 45; shift >= 0; shift -= 5) {
    key += kBase32[(bits >> static_cast<unsigned>(shift)) & 31U];
  }
  return key + random_text(kBase32, kRest);
}

/// The sessions that end first make room for new ones.
void StsApi::make_room() {
  if (sessions_.size() >= kSessionsMax) {
    sessions_.erase(std::ranges::min_element(
        sessions_, {}, [](const auto& session) { return session.second.expires; }));
  }
}

}  // namespace scaler::emulator
