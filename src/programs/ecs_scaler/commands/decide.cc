#include "scaler/core/decide.h"

#include <algorithm>
#include <iostream>
#include <string>

#include <fmt/core.h>

#include "programs/ecs_scaler/commands/command.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "wire/decision.h"
#include "wire/observation.h"
#include "wire/policy.h"
#include "wire/state.h"

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

/// More than any fleet's document: an input without an end must not take all memory.
constexpr std::size_t kDocumentMax = 64U << 20U;
constexpr int kEnd = std::char_traits<char>::eof();

/// Appends up to `stop`, a character or kEnd, or to the end of the input; whether that was within
/// kDocumentMax.
bool append_until(std::istream& in, int stop, std::string& text) {
  std::streambuf& buffer = *in.rdbuf();
  for (int next = buffer.sbumpc(); next != stop; next = buffer.sbumpc()) {
    if (next == kEnd) {
      in.setstate(std::ios::eofbit);
      return true;
    }
    if (text.size() == kDocumentMax) {
      return false;
    }
    text += static_cast<char>(next);
  }
  return true;
}

int too_long() {
  return complain(
      kConfiguration,
      fmt::format("decide: a document on standard input has more than {} MB", kDocumentMax >> 20U));
}

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Whether some line is an object of its own. When the first is none, the input may be one
/// document over several lines, or lines of which the first is garbage.
bool is_lines(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (const auto value = json::parse(line);
        value && std::holds_alternative<json::Object>(value->data())) {
      return true;
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return false;
}

/// Answers documents one by one; each answer is one line.
class Answers {
 public:
  explicit Answers(std::ostream& out) : out_(out) {}

  /// Nothing but blanks has no answer.
  void answer_document(std::string_view document) {
    if (blank(document)) {
      return;
    }
    const Result<std::string> decision = decided(document);
    if (decision) {
      out_ << *decision << '\n' << std::flush;
    } else {
      refuse(decision.error());
    }
    any_ = true;
  }
  void answer_line(std::string_view line) {
    answer_document(line);
    ++line_;
  }
  void answer_lines(std::string_view text) {
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      answer_line(line);
      text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
  }
  bool any() const { return any_; }
  int code() const { return code_; }

 private:
  /// A line that is refused has its answer too, so that answers can be counted off against lines.
  void refuse(const Error& error) {
    const std::string message = fmt::format("line {}: {}", line_, error.message);
    code_ = complain(kConfiguration, message);
    json::Writer writer;
    writer.begin_object().field("error", message).end_object();
    out_ << std::move(writer).text() << '\n' << std::flush;
  }

  std::ostream& out_;
  std::size_t line_ = 1;
  bool any_ = false;
  int code_ = kDone;
};

/// {policy, state, observation} as one JSON object or JSON lines -> one decision a line. What is
/// refused is answered with {"error":".."} in its place, told on stderr, and makes the code 3.
int decide_lines(std::istream& in, std::ostream& out) {
  Answers answers(out);
  while (out && in.peek() != kEnd) {
    std::string line;
    if (!append_until(in, '\n', line)) {
      return too_long();
    }
    if (answers.any() || blank(line) || json::parse(line)) {
      answers.answer_line(line);
      continue;
    }
    // Nothing was answered yet, and this line alone is no document: look at the whole.
    std::string rest = line + '\n';
    if (!append_until(in, kEnd, rest)) {
      return too_long();
    }
    if (json::parse(rest) || !is_lines(rest)) {
      answers.answer_document(rest);
    } else {
      answers.answer_lines(rest);
    }
  }
  return answers.any() ? answers.code()
                       : complain(kConfiguration, "decide: nothing came on standard input");
}

}  // namespace

Command decide_command() {
  return {.name = "decide",
          .sentence = "{policy, state, observation} as JSON on stdin, decisions on stdout; no AWS",
          .example = "ecs-scaler decide < observations.jsonl",
          .run = [](const Environment&) {
            tell_what_is_waited_for("{\"policy\":..,\"observation\":..}");
            return decide_lines(std::cin, std::cout);
          }};
}

}  // namespace scaler::cli
