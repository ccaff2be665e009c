#include <istream>
#include <iterator>
#include <ostream>

#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "config/policy_reader.h"
#include "journal/decision_json.h"

namespace scaler::cli {
namespace {

Result<std::string> decided(std::string_view document) {
  const json::Value value = TRY(json::parse(document));
  const json::Reader root(value);
  TRY(root.only_fields({"policy", "state", "observation"}));
  const json::Reader policy_object = TRY(root.field("policy"));
  const Policy policy = TRY(read_policy(policy_object));
  const json::Reader observation_object = TRY(root.field("observation"));
  const Observation observation = TRY(read_observation(observation_object));
  const auto state_object = root.optional_field("state");
  const ServiceState state = state_object ? TRY(read_state(*state_object)) : ServiceState{};
  const Decision decision = decide(policy, state, observation);
  const Outcome outcome = decision.action == Action::Hold ? Outcome::Held : Outcome::Applied;
  json::Writer writer;
  write_decision(writer, decision, advance(state, policy, decision, outcome));
  return std::move(writer).text();
}

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

int bad_input(std::size_t line, const Error& error) {
  return complain(kConfiguration, fmt::format("line {}: {}", line, error.message));
}

}  // namespace

int decide_command(std::istream& in, std::ostream& out) {
  std::string line;
  std::size_t number = 0;
  bool any = false;
  while (std::getline(in, line)) {
    ++number;
    if (blank(line)) {
      continue;
    }
    if (!any && !json::parse(line)) {
      // The first line alone is no document: the whole input is one, written over several lines.
      line += '\n';
      line.append(std::istreambuf_iterator<char>(in), {});
    }
    any = true;
    const Result<std::string> decision = decided(line);
    if (!decision) {
      return bad_input(number, decision.error());
    }
    out << *decision << '\n' << std::flush;
  }
  return any ? kDone : complain(kConfiguration, "decide: nothing came on standard input");
}

}  // namespace scaler::cli
