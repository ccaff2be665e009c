#include "emulator/lambda/lambda_aliases.h"

#include <algorithm>
#include <array>
#include <utility>

#include "emulator/request/api_input.h"
#include "ground/base/text.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kNameMax = 128;
constexpr std::size_t kDescriptionMax = 256;

/// "2026-11-23T12:00:00.000+0000": Lambda's own form of a function's date.
std::string function_date(Instant instant) {
  std::string text = format_instant(std::chrono::floor<std::chrono::seconds>(instant));
  text.pop_back();
  return text + ".000+0000";
}

void write_configuration(json::Writer& writer, const VersionTargets& targets,
                         const std::string& arn, const std::string& number) {
  const FunctionSettings& settings = targets.function;
  const FunctionVersion* version = targets.versions.find(number);
  writer.begin_object()
      .field("FunctionName", settings.name)
      .field("FunctionArn", arn)
      .field("Runtime", "provided.al2023")
      .field("Role", "arn:aws:iam::" + settings.account + ":role/" + settings.name)
      .field("Handler", "bootstrap")
      .field("Description", version == nullptr ? "" : version->description)
      .field("Timeout", std::chrono::duration_cast<std::chrono::seconds>(settings.timeout).count())
      .field("MemorySize", settings.memory_mb)
      .field("LastModified",
             function_date(version == nullptr ? targets.created_at : version->published_at))
      .field("Version", number)
      .field("PackageType", "Zip")
      .field("State", "Active")
      .field("LastUpdateStatus", "Successful");
  writer.name("Architectures").begin_array().value("x86_64").end_array();
  writer.name("Environment").begin_object().name("Variables").begin_object();
  for (const auto& [name, value] : settings.environment) {
    writer.field(name, value);
  }
  writer.end_object().end_object().end_object();
}

void write_alias(json::Writer& writer, const FunctionSettings& settings,
                 const FunctionAlias& alias) {
  writer.begin_object()
      .field("AliasArn", qualified_arn(settings, alias.name))
      .field("Name", alias.name)
      .field("FunctionVersion", alias.version)
      .field("Description", alias.description)
      .field("RevisionId", alias.revision_id)
      .end_object();
}

net::HttpResponse alias_response(int status, const FunctionSettings& settings,
                                 const FunctionAlias& alias) {
  json::Writer writer;
  write_alias(writer, settings, alias);
  return lambda_json(status, std::move(writer).text());
}

/// Letters, digits, - and _, and not digits alone: that is a version.
bool valid_alias_name(std::string_view name) {
  const auto allowed = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, allowed) &&
         !std::ranges::all_of(name, is_digit);
}

ApiResult<void> check_description(const Input& input) {
  if (input.text("Description").size() > kDescriptionMax) {
    return refuse("ValidationException", "Description has more than 256 characters", 400);
  }
  return {};
}

/// Parses first: what is read must outlive the Input.
ApiResult<json::Value> parse_body(const std::string& body) {
  auto document = json::parse(body.empty() ? "{}" : body);
  if (!document) {
    return refuse("SerializationException", document.error().message, 400);
  }
  return *std::move(document);
}

ApiResult<net::HttpResponse> publish(const VersionTargets& targets, const std::string& body) {
  constexpr std::array<Field, 1> kFields = {{{.name = "Description"}}};
  const json::Value document = TRY(parse_body(body));
  const Input input = TRY(Input::read(document, kFields, "ValidationException"));
  TRY(check_description(input));
  const FunctionVersion& version =
      targets.versions.publish(std::string(input.text("Description")), system_clock().now());
  return lambda_json(201, function_configuration(
                              targets, {.qualifier = version.number, .version = version.number}));
}

ApiResult<net::HttpResponse> list_versions(const VersionTargets& targets,
                                           const LambdaQuery& query) {
  TRY(check_query(query, {"Marker", "MaxItems"}));
  json::Writer writer;
  writer.begin_object().name("Versions").begin_array();
  if (TRY(first_page(query))) {
    const std::string latest(kLatest);
    write_configuration(writer, targets, function_arn(targets.function) + ":" + latest, latest);
    for (const FunctionVersion& version : targets.versions.published()) {
      write_configuration(writer, targets, qualified_arn(targets.function, version.number),
                          version.number);
    }
  }
  writer.end_array().end_object();
  return lambda_json(200, std::move(writer).text());
}

ApiResult<net::HttpResponse> list_aliases(const VersionTargets& targets, const LambdaQuery& query) {
  TRY(check_query(query, {"FunctionVersion", "Marker", "MaxItems"}));
  const std::string version = query_value(query, "FunctionVersion");
  const bool first = TRY(first_page(query));
  json::Writer writer;
  writer.begin_object().name("Aliases").begin_array();
  for (const auto& [name, alias] : targets.versions.aliases()) {
    if (first && (version.empty() || version == alias.version)) {
      write_alias(writer, targets.function, alias);
    }
  }
  writer.end_array().end_object();
  return lambda_json(200, std::move(writer).text());
}

ApiResult<void> check_version(const VersionTargets& targets, const std::string& version) {
  if (version != kLatest && targets.versions.find(version) == nullptr) {
    return resource_not_found("Function not found: " + function_arn(targets.function) + ":" +
                              version);
  }
  return {};
}

ApiResult<net::HttpResponse> create_alias(const VersionTargets& targets, const std::string& body) {
  constexpr std::array<Field, 3> kFields = {
      {{.name = "Name", .presence = Presence::Required},
       {.name = "FunctionVersion", .presence = Presence::Required},
       {.name = "Description"}}};
  const json::Value document = TRY(parse_body(body));
  const Input input = TRY(Input::read(document, kFields, "ValidationException"));
  TRY(check_description(input));
  FunctionAlias alias{.name = std::string(input.text("Name")),
                      .version = std::string(input.text("FunctionVersion")),
                      .description = std::string(input.text("Description"))};
  if (!valid_alias_name(alias.name)) {
    return refuse("ValidationException", "no name of an alias: '" + alias.name + "'", 400);
  }
  TRY(check_version(targets, alias.version));
  if (targets.versions.find_alias(alias.name) != nullptr) {
    return refuse("ResourceConflictException",
                  "Alias already exists: " + qualified_arn(targets.function, alias.name), 409);
  }
  return alias_response(201, targets.function, targets.versions.put(std::move(alias)));
}

ApiResult<net::HttpResponse> update_alias(const VersionTargets& targets, FunctionAlias alias,
                                          const std::string& body) {
  constexpr std::array<Field, 3> kFields = {
      {{.name = "FunctionVersion"}, {.name = "Description"}, {.name = "RevisionId"}}};
  const json::Value document = TRY(parse_body(body));
  const Input input = TRY(Input::read(document, kFields, "ValidationException"));
  TRY(check_description(input));
  if (input.has("RevisionId") && input.text("RevisionId") != alias.revision_id) {
    return refuse("PreconditionFailedException",
                  "The Revision Id provided does not match the latest Revision Id. Call the "
                  "GetFunction/GetAlias API to retrieve the latest Revision Id",
                  412);
  }
  if (input.has("FunctionVersion")) {
    alias.version = input.text("FunctionVersion");
    TRY(check_version(targets, alias.version));
  }
  if (input.has("Description")) {
    alias.description = input.text("Description");
  }
  return alias_response(200, targets.function, targets.versions.put(std::move(alias)));
}

ApiResult<net::HttpResponse> answer_alias(const VersionTargets& targets,
                                          const net::ServerRequest& request,
                                          const std::string& name) {
  const FunctionAlias* alias = targets.versions.find_alias(name);
  // As with AWS, to delete what is not there is no error.
  if (request.method == "DELETE") {
    targets.versions.remove(name);
    return net::HttpResponse{.status = 204};
  }
  if (alias == nullptr) {
    return resource_not_found("Cannot find alias arn: " + qualified_arn(targets.function, name));
  }
  if (request.method == "GET") {
    return alias_response(200, targets.function, *alias);
  }
  if (request.method == "PUT") {
    return update_alias(targets, *alias, request.body);
  }
  return no_such_operation(request.method + " of an alias");
}

}  // namespace

std::string function_configuration(const VersionTargets& targets, const InvokedAs& named) {
  const std::string suffix = named.qualifier.empty() ? "" : ":" + named.qualifier;
  json::Writer writer;
  write_configuration(writer, targets, function_arn(targets.function) + suffix, named.version);
  return std::move(writer).text();
}

std::string function_text(const VersionTargets& targets, const InvokedAs& named) {
  json::Writer writer;
  writer.begin_object().name("Configuration").raw(function_configuration(targets, named));
  // Its code is a file of this machine, which no URL leads to.
  writer.name("Code").begin_object().field("RepositoryType", "S3").end_object();
  writer.name("Tags").begin_object().end_object();
  writer.name("Concurrency")
      .begin_object()
      .field("ReservedConcurrentExecutions", targets.function.concurrency_max)
      .end_object()
      .end_object();
  return std::move(writer).text();
}

ApiResult<net::HttpResponse> list_functions(const VersionTargets& targets,
                                            const LambdaQuery& query) {
  TRY(check_query(query, {"Marker", "MaxItems", "FunctionVersion", "MasterRegion"}));
  json::Writer writer;
  writer.begin_object().name("Functions").begin_array();
  if (TRY(first_page(query))) {
    writer.raw(function_configuration(targets, {}));
    for (const FunctionVersion& version : targets.versions.published()) {
      if (query_value(query, "FunctionVersion") == "ALL") {
        writer.raw(function_configuration(
            targets, {.qualifier = version.number, .version = version.number}));
      }
    }
  }
  writer.end_array().end_object();
  return lambda_json(200, std::move(writer).text());
}

ApiResult<net::HttpResponse> answer_versions(const VersionTargets& targets,
                                             const net::ServerRequest& request,
                                             const LambdaTarget& target) {
  const std::string& name = target.path[1];
  if (qualifier_in(name, targets.function) != "") {
    return resource_not_found("Function not found: " + name);
  }
  if (target.path.size() == 4) {
    TRY(check_query(target.query, {}));
    return answer_alias(targets, request, target.path[3]);
  }
  const bool versions = target.path[2] == "versions";
  if (request.method == "GET") {
    return versions ? list_versions(targets, target.query) : list_aliases(targets, target.query);
  }
  if (request.method == "POST") {
    TRY(check_query(target.query, {}));
    return versions ? publish(targets, request.body) : create_alias(targets, request.body);
  }
  return no_such_operation(request.method + " " + request.target);
}

}  // namespace scaler::emulator
