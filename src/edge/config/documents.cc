#include "edge/config/documents.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "edge/config/environment.h"
#include "ground/json/writer.h"
#include "scaler/core/policy_fields.h"
#include "wire/policy.h"

namespace scaler {
namespace {

constexpr std::string_view kHead = R"(# Configuration

Made by `ecs-scaler config --markdown` from the table that the program itself reads with.

Services are described in one of three ways:

- **environment variables**, for one service: the Lambda function, and `once`, `run` and `explain`
  without `--config`;
- **a fleet file**, YAML or JSON, for any number of them: `once`, `run`, `explain`, `status`,
  `iam`, `doctor`, `verify` and `config` with `--config FILE`, and what `FLEET` names. Beside
  `--config` only `PAUSED`, `SCALE_IN_PAUSED` and `SCALE_OUT_PAUSED` count of the variables of the
  policy, for every service whose file does not say otherwise; the others are told as not used;
- **tags** of the services themselves: `FLEET=tags`, for the function, and `--fleet tags` for the
  same commands. The variables below are their defaults
  ([how to run a fleet](how-to-fleet.md#4-services-that-say-so-themselves)).

What is missing or wrong is named, all of it at once, with its place, its value and what would be
right; nothing is called then, and the exit code is 3. `ecs-scaler config FILE` checks a file and
does nothing else.

## Policy

The same fields everywhere: in capitals as environment variables, under `policy` or `defaults` in
a fleet file, in the tag `ecs-scaler:policy`, and in the `policy` of `ecs-scaler decide`.
Durations are seconds, decimals allowed.
**One exception**: the environment variable `SCALE_DOWN_THRESHOLD` counts minutes.

| setting | default | range | meaning |
|---|---|---|---|
)";

constexpr std::string_view kBudgets = R"(
A budget is an object: `{"select": "max", "policies": [{"tasks": 4, "period": 60}, {"percent":
100, "period": 60}]}`. Each policy allows so many tasks, or so many percent of the count at the
period's start, within its period of seconds (1 to 86400); `select` says which decides: the one
that allows the most (`max`), the least (`min`), or no change at all (`disabled`). As an
environment variable it is this JSON text.

Schedules are a list: `[{"cron": "0 8 * * 1-5", "duration": 36000, "time_zone": "Europe/Berlin",
"tasks_min": 2, "tasks_max": 10}]`, at most 100. `cron` has five fields (minute, hour, day of the
month, month, day of the week) in local time, `duration` is in seconds (60 to 1209600),
`time_zone` is IANA's name (default UTC). A bound that is left out is the policy's own; of several
windows in force the highest bounds count. [decision.md](decision.md) has the details.

## Environment variables of one service

)";

constexpr std::string_view kFleetHelp = R"(
Credentials come from the usual `AWS_...` variables and files ([credentials.md](credentials.md)).

## Regions, accounts and endpoints

Each queue and each service is asked in its own region, and calls are signed for it. The region is
that of the queue's URL or ARN, and of the ARN of the service or its cluster; only what is named
without one is in `AWS_REGION` (else `AWS_DEFAULT_REGION`, else the profile's), and where the
program's own credentials are those of a role or a web identity, STS is asked there. Queue and
service may be in different regions and accounts; the same names in two regions are two services.
What contradicts itself is refused: a service's ARN of another cluster, region or account than the
cluster's, a host whose domain does not hold its region, a queue in another partition than its
service. `ecs-scaler config` says for each queue and service where it is and what is asked.

What a queue's URL says, and what is asked:

- `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME` in the domain of any partition,
  `https://REGION.queue.amazonaws.com/..`, `https://queue.amazonaws.com/..` (us-east-1) and
  `arn:aws:sqs:REGION:ACCOUNT:NAME`: the region's endpoint.
- `https://vpce-ID.sqs.REGION.vpce.amazonaws.com/..`: that VPC endpoint.
- `https://sqs-fips.REGION.amazonaws.com/..` and `https://sqs.REGION.api.aws/..`: that host.
- Any other host, such as `http://localhost:4566/000000000000/NAME`: that host, for the region in
  `sqs.REGION.`, `REGION.queue.` or `/queue/REGION/` if there is one.

`AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL_ECS`, `AWS_ENDPOINT_URL_LAMBDA`, `AWS_ENDPOINT_URL_STS`,
`AWS_ENDPOINT_URL` and the profile's `endpoint_url` go before all of this, unless they name a host
of AWS in another region: that is refused. `AWS_USE_DUALSTACK_ENDPOINT` and `AWS_USE_FIPS_ENDPOINT`
(`use_dualstack_endpoint` and `use_fips_endpoint` in the profile) choose the kind of the region's
endpoint, also of SSO and `aws login`. Where no FIPS endpoint is known, or both are set, it is an
error, not another endpoint.

## Proxies

Calls go through an HTTP proxy that the environment names, read as curl reads it:

| variable | for |
|---|---|
| `https_proxy`, else `HTTPS_PROXY` | https, which is all of AWS: a tunnel with TLS inside it |
| `http_proxy` (small letters only) | endpoints with http |
| `all_proxy`, else `ALL_PROXY` | both, where there is no other |
| `no_proxy`, else `NO_PROXY` | hosts that are reached directly |

A proxy is `http://[user:password@]host[:port]`; without a port it is 1080, and characters in
user and password may be percent-encoded. socks and https proxies are refused by name.
`no_proxy` is a list with commas or blanks: names, which stand for themselves and all below
them, addresses, and IPv4 networks such as `10.0.0.0/8`; `*` alone is every host. As in curl 7.88
an IPv6 address stands for itself alone, in its shortest spelling (`2001:db8::5`). Loopback and
link-local addresses (`localhost`, `127.0.0.0/8`, `169.254.0.0/16`, `fe80::/10`) and the
endpoints that hand out credentials (`169.254.169.254`, `169.254.170.2`, `fd00:ec2::254`, ...)
are always reached directly. `ecs-scaler doctor` names the proxy in use, and every error that
comes of one names it, never with its password.

## Fleet file

```yaml
defaults:                       # policy fields for all services
  mode: backlog
  backlog_per_task: 10
  tasks_max: 20
services:
  - cluster: production         # name or ARN
    service: thumbnails         # name or ARN
    queues:
      - https://sqs.eu-central-1.amazonaws.com/123456789012/thumbnails   # or its ARN
      - url: https://sqs.eu-central-1.amazonaws.com/123456789012/thumbnails-large
        weight: 4               # each of its messages counts four times; 0.001 to 1000, default 1
    policy:                     # what differs from the defaults
      tasks_max: 50
    wake: true                  # its queues' mappings wake it; default WAKE (triggers.md)
```

Services of other accounts and regions ([fleets.md](fleets.md)):

```yaml
services:
  - cluster: production
    service: thumbnails         # the same names elsewhere: another service
    region: eu-west-1           # where no ARN says it; default AWS_REGION
    role: arn:aws:iam::210987654321:role/ecs-scaler   # assumed to reach service and queues
    external_id: thumbnails     # if the role's trust policy asks for one
    queues: [https://sqs.eu-west-1.amazonaws.com/210987654321/thumbnails]
accounts:                       # of services by tag, or by ARN without a role of their own
  - role: arn:aws:iam::345678901234:role/ecs-scaler   # without one: the program's own account
    external_id: scaler
    regions: [eu-central-1, eu-west-1]                # default AWS_REGION
    tags: true                  # scale who carries ecs-scaler:queue there; default false
profiles:                       # what the tag ecs-scaler:profile names there, over the defaults;
  gpu: {tasks_max: 3}           # beside those of FLEET_PROFILES, which stand on the variables
```

A queue whose URL says another region than the service's `region` is refused, unless it stands as
`{url: .., region: ..}`.

Plain scalars have the types of YAML 1.2's core schema: `no` and `on` are words, not values. A key
that stands twice, a service that stands twice and a member that is not known are errors. Editors
can check the file with [config.schema.json](config.schema.json).

`ecs-scaler config --output json` writes what is in force as such a file: each service with its
whole policy, and under `origins` who set what of it (a variable, `defaults`, `policy`, a tag). It
can be read again, also by the function (`FLEET=/var/task/fleet.json`, `FLEET=s3://BUCKET/KEY`).
)";

/// What a field's type and bounds say, for people and for the schema.
struct Shape {
  std::string type = {};  ///< of JSON Schema; empty: a definition
  std::string definition = {};
  std::string min = {};  ///< as a JSON number
  std::string max = {};
  std::vector<std::string_view> words = {};
};

std::string seconds(std::int64_t milliseconds) {
  return format_millionths({milliseconds * (Millionths::kOne / 1000)});
}

std::vector<std::string_view> words_of(std::string_view unit) {
  std::vector<std::string_view> words;
  while (!unit.empty()) {
    words.push_back(unit.substr(0, unit.find('|')));
    unit.remove_prefix(std::min(words.back().size() + 1, unit.size()));
  }
  return words;
}

struct ShapeOf {
  const PolicyField& field;

  template <typename Value>
  Shape operator()(Value PolicyOptions::* /*member*/) const {
    return shape(std::type_identity<Value>());
  }
  Shape shape(std::type_identity<std::int64_t> /*type*/) const {
    return {.type = "integer", .min = std::to_string(field.min), .max = std::to_string(field.max)};
  }
  Shape shape(std::type_identity<Duration> /*type*/) const {
    return {.type = "number", .min = seconds(field.min), .max = seconds(field.max)};
  }
  Shape shape(std::type_identity<Millionths> /*type*/) const {
    return {.type = "number",
            .min = format_millionths({field.min}),
            .max = format_millionths({field.max})};
  }
  Shape shape(std::type_identity<bool> /*type*/) const { return {.type = "boolean"}; }
  Shape shape(std::type_identity<Budget> /*type*/) const { return {.definition = "budget"}; }
  Shape shape(std::type_identity<std::vector<ScheduleOptions>> /*type*/) const {
    return {.definition = "schedules"};
  }
  template <typename Value>
  Shape shape(std::type_identity<std::optional<Value>> /*type*/) const {
    return shape(std::type_identity<Value>());
  }
  template <typename Word>
    requires std::is_enum_v<Word>
  Shape shape(std::type_identity<Word> /*type*/) const {
    return {.type = "string", .words = words_of(field.unit)};
  }
};

Shape shape_of(const PolicyField& field) {
  return std::visit(ShapeOf{field}, field.member);
}

std::string range_of(const PolicyField& field) {
  const Shape shape = shape_of(field);
  if (!shape.min.empty()) {
    return fmt::format("{} to {} {}", shape.min, shape.max, field.unit);
  }
  if (!shape.words.empty()) {
    return fmt::format("{}", fmt::join(shape.words, ", "));
  }
  if (shape.definition == "schedules") {
    return "a list";
  }
  return shape.definition.empty() ? "true, false" : "an object";
}

std::string in_code(std::string_view text) {
  return text.empty() ? "" : fmt::format("`{}`", text);
}

void write_bounds(json::Writer& schema, const Shape& shape) {
  if (!shape.definition.empty()) {
    schema.field("$ref", "#/$defs/" + shape.definition);
    return;
  }
  schema.field("type", shape.type);
  if (!shape.words.empty()) {
    schema.name("enum").begin_array();
    for (const std::string_view word : shape.words) {
      schema.value(word);
    }
    schema.end_array();
  }
  if (!shape.min.empty()) {
    schema.name("minimum").raw(shape.min).name("maximum").raw(shape.max);
  }
}

/// What a default is in JSON: a word needs quotes, a number or a boolean has none.
void write_default(json::Writer& schema, const Shape& shape, const std::string& text) {
  if (text.empty()) {
    return;
  }
  schema.name("default");
  shape.type == "string" ? schema.value(text) : schema.raw(text);
}

void write_policy(json::Writer& schema) {
  schema.begin_object().field("type", "object").field("additionalProperties", false);
  schema.name("properties").begin_object();
  for (const PolicyField& field : policy_fields()) {
    const Shape shape = shape_of(field);
    schema.name(field.name).begin_object().field("description", field.sentence);
    write_bounds(schema, shape);
    write_default(schema, shape, default_of(field));
    schema.end_object();
  }
  schema.end_object().end_object();
}

// The parts that no table describes.
constexpr std::string_view kBudgetSchema =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("select":{"enum":["max","min","disabled"],"default":"max"},)"
    R"("policies":{"type":"array","items":{"type":"object","additionalProperties":false,)"
    R"("required":["period"],"properties":{)"
    R"("tasks":{"type":"integer","minimum":1,"maximum":5000},)"
    R"("percent":{"type":"integer","minimum":1,"maximum":1000000},)"
    R"("period":{"type":"number","minimum":1,"maximum":86400}},)"
    R"("oneOf":[{"required":["tasks"]},{"required":["percent"]}]}}}})";
constexpr std::string_view kQueueSchema =
    R"({"oneOf":[{"$ref":"#/$defs/url"},{"type":"object","additionalProperties":false,)"
    R"("required":["url"],"properties":{"url":{"$ref":"#/$defs/url"},)"
    R"("weight":{"type":"number","minimum":0.001,"maximum":1000,"default":1},)"
    R"("region":{"$ref":"#/$defs/region"}}}]})";
constexpr std::string_view kUrlSchema =
    R"({"type":"string","pattern":"^(https?://[^/\\s]+/[^\\s]*[^/\\s]+/[^/\\s]+|)"
    R"(arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}(\\.fifo)?)$"})";
constexpr std::string_view kNameSchema =
    R"({"type":"string","pattern":"^(arn:[A-Za-z0-9_:/-]{1,251}|[A-Za-z0-9_-]{1,255})$"})";
constexpr std::string_view kSchedulesSchema =
    R"({"type":"array","maxItems":100,"items":{"type":"object","additionalProperties":false,)"
    R"("required":["cron","duration"],"anyOf":[{"required":["tasks_min"]},)"
    R"({"required":["tasks_max"]}],"properties":{"cron":{"type":"string"},)"
    R"("duration":{"type":"number","minimum":60,"maximum":1209600},)"
    R"("time_zone":{"type":"string","default":"UTC"},)"
    R"("tasks_min":{"type":"integer","minimum":0,"maximum":5000},)"
    R"("tasks_max":{"type":"integer","minimum":1,"maximum":5000}}}})";
constexpr std::string_view kServiceSchema =
    R"({"type":"object","additionalProperties":false,"required":["cluster","service","queues"],)"
    R"("dependentRequired":{"external_id":["role"]},)"
    R"("properties":{"cluster":{"$ref":"#/$defs/name"},"service":{"$ref":"#/$defs/name"},)"
    R"("region":{"$ref":"#/$defs/region"},"role":{"$ref":"#/$defs/role"},)"
    R"("external_id":{"$ref":"#/$defs/external_id"},)"
    R"("queues":{"type":"array","minItems":1,"uniqueItems":true,"items":{"$ref":"#/$defs/queue"}},)"
    R"("wake":{"type":"boolean"},"policy":{"$ref":"#/$defs/policy"},)"
    R"("origins":{"type":"object","additionalProperties":{"type":"string"}}}})";
constexpr std::string_view kAccountSchema =
    R"({"type":"object","additionalProperties":false,"dependentRequired":{"external_id":["role"]},)"
    R"("properties":{"role":{"$ref":"#/$defs/role"},"external_id":{"$ref":"#/$defs/external_id"},)"
    R"("regions":{"type":"array","minItems":1,"uniqueItems":true,)"
    R"("items":{"$ref":"#/$defs/region"}},"tags":{"type":"boolean","default":false}}})";
constexpr std::string_view kRegionSchema =
    R"({"type":"string","pattern":"^[a-z][a-z-]*-[a-z-]*-[0-9]+$"})";
constexpr std::string_view kRoleSchema =
    R"({"type":"string","pattern":"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_/+=,.@-]+$"})";
constexpr std::string_view kExternalIdSchema =
    R"({"type":"string","pattern":"^[A-Za-z0-9_+=,.@:/-]{2,1224}$"})";

}  // namespace

std::string settings_markdown() {
  std::string text(kHead);
  std::set<std::string> policy_variables;
  for (const PolicyField& field : policy_fields()) {
    policy_variables.insert(variable_name(field));
    text += fmt::format("| `{}` | {} | {} | {} |\n", field.name, in_code(default_of(field)),
                        range_of(field), field.sentence);
  }
  text += kBudgets;
  text += "| variable | default | | meaning |\n|---|---|---|---|\n";
  for (const VariableHelp& variable : environment_help()) {
    if (!policy_variables.contains(variable.name)) {
      std::string unit = variable.unit;
      std::ranges::replace(unit, '|', '/');
      text += fmt::format("| `{}` | {} | {} | {} |\n", variable.name,
                          in_code(variable.default_value), unit, variable.sentence);
    }
  }
  return text + std::string(kFleetHelp);
}

std::string fleet_schema() {
  json::Writer schema;
  schema.begin_object()
      .field("$schema", "https://json-schema.org/draft/2020-12/schema")
      .field("title", "Fleet file of Serverless ECS Scaler")
      .field("type", "object")
      .field("additionalProperties", false);
  schema.name("anyOf").raw(
      R"([{"required":["services"],"properties":{"services":{"minItems":1}}},)"
      R"({"required":["accounts"],"properties":{"accounts":{"contains":{"required":["tags"],)"
      R"("properties":{"tags":{"const":true}}}}}}])");
  schema.name("properties")
      .raw(R"({"defaults":{"$ref":"#/$defs/policy"},"profiles":{"type":"object",)"
           R"("additionalProperties":{"$ref":"#/$defs/policy"}},"accounts":{"type":"array",)"
           R"("minItems":1,"items":{"$ref":"#/$defs/account"}},"services":{"type":"array",)"
           R"("maxItems":10000,"items":{"$ref":"#/$defs/service"}}})");
  schema.name("$defs").begin_object().name("policy");
  write_policy(schema);
  schema.name("service").raw(kServiceSchema).name("queue").raw(kQueueSchema);
  schema.name("url").raw(kUrlSchema).name("name").raw(kNameSchema);
  schema.name("account").raw(kAccountSchema).name("region").raw(kRegionSchema);
  schema.name("role").raw(kRoleSchema).name("external_id").raw(kExternalIdSchema);
  schema.name("budget").raw(kBudgetSchema);
  schema.name("schedules").raw(kSchedulesSchema).end_object().end_object();
  return std::move(schema).text();
}

}  // namespace scaler
