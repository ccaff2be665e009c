#include "emulator/others/metric_math.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::emulator {
namespace {

using Operand = std::variant<double, Series>;

struct Operator {
  std::string_view sign = {};
  double (*of)(double, double) = nullptr;
};
/// From what binds least; within a row what is longer comes first.
const std::array<std::vector<Operator>, 3> kOperators{
    {{{">=", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
      {"<=", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
      {"==", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
      {"!=", [](double a, double b) { return a != b ? 1.0 : 0.0; }},
      {">", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
      {"<", [](double a, double b) { return a < b ? 1.0 : 0.0; }}},
     {{"+", [](double a, double b) { return a + b; }},
      {"-", [](double a, double b) { return a - b; }}},
     {{"*", [](double a, double b) { return a * b; }},
      {"/", [](double a, double b) { return a / b; }}}}};
constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::string_view kDigits = "0123456789.";
constexpr std::string_view kWord =
    "_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr int kDepthMax = 50;

std::optional<double> value_at(const Operand& operand, Instant at) {
  if (const auto* const number = std::get_if<double>(&operand)) {
    return *number;
  }
  const auto& series = std::get<Series>(operand);
  const auto found = series.find(at);
  return found == series.end() ? std::nullopt : std::optional(found->second);
}

/// The result for each instant of the first operand that has points; without any, one number.
template <typename Combine>
Operand combined(const std::vector<Operand>& operands, const Combine& combine) {
  const auto at_each = [&](Instant at) -> std::optional<double> {
    std::vector<double> values;
    for (const Operand& operand : operands) {
      const auto value = value_at(operand, at);
      if (!value) {
        return std::nullopt;
      }
      values.push_back(*value);
    }
    const double result = combine(values);
    return std::isfinite(result) ? std::optional(result) : std::nullopt;
  };
  const auto leading = std::ranges::find_if(
      operands, [](const Operand& operand) { return std::holds_alternative<Series>(operand); });
  if (leading == operands.end()) {
    return at_each({}).value_or(0);
  }
  Series series;
  for (const auto& [at, ignored] : std::get<Series>(*leading)) {
    if (const auto value = at_each(at)) {
      series.emplace(at, *value);
    }
  }
  return series;
}

class Math {
 public:
  Math(std::string_view text, const MetricRange& range, const FindSeries& find)
      : text_(text), rest_(text), range_(range), find_(find) {}

  Result<Series> all() {
    Operand result = TRY(row(0));
    if (!rest_.empty()) {
      return wrong();
    }
    if (Series* const series = std::get_if<Series>(&result)) {
      return std::move(*series);
    }
    return fail(ErrorKind::Malformed,
                fmt::format("The expression '{}' has no metric in it.", shown()));
  }

 private:
  std::string_view shown() const { return text_.substr(0, 100); }
  std::unexpected<Error> wrong() const {
    return fail(ErrorKind::Malformed,
                fmt::format("The expression '{}' cannot be read from '{}' on. Offered here are + - "
                            "* /, comparisons, IF and FILL with numbers and ids.",
                            shown(), rest_.substr(0, 20)));
  }

  void skip_spaces() {
    rest_.remove_prefix(std::min(rest_.size(), rest_.find_first_not_of(kSpaces)));
  }
  bool take(std::string_view sign) {
    skip_spaces();
    const bool there = rest_.starts_with(sign);
    rest_.remove_prefix(there ? sign.size() : 0);
    skip_spaces();
    return there;
  }
  std::string_view take_all_of(std::string_view signs) {
    const std::string_view taken = rest_.substr(0, rest_.find_first_not_of(signs));
    rest_.remove_prefix(taken.size());
    skip_spaces();
    return taken;
  }

  const Operator* take_operator(std::size_t level) {
    const auto& operators = kOperators.at(level);
    const auto found =
        std::ranges::find_if(operators, [&](const Operator& one) { return take(one.sign); });
    return found == operators.end() ? nullptr : &*found;
  }

  Result<Operand> row(std::size_t level) {
    if (level == kOperators.size()) {
      return operand();
    }
    Operand left = TRY(row(level + 1));
    while (const Operator* const sign = take_operator(level)) {
      Operand right = TRY(row(level + 1));
      left = combined({std::move(left), std::move(right)},
                      [sign](const auto& values) { return sign->of(values[0], values[1]); });
    }
    return left;
  }

  Result<Operand> operand() {
    if (++depth_ > kDepthMax) {
      return fail(ErrorKind::Malformed, fmt::format("The expression '{}' is too deep.", shown()));
    }
    Result<Operand> result = plain_operand();
    --depth_;
    return result;
  }

  Result<Operand> plain_operand() {
    if (take("(")) {
      Operand inner = TRY(row(0));
      return take(")") ? Result<Operand>(std::move(inner)) : wrong();
    }
    if (take("-")) {
      return combined({TRY(operand())}, [](const auto& values) { return -values[0]; });
    }
    if (!rest_.empty() && kDigits.contains(rest_.front())) {
      const auto number = number_of<double>(take_all_of(kDigits));
      return number ? Result<Operand>(*number) : wrong();
    }
    for (const std::string_view function : {"IF", "FILL"}) {
      const std::string_view before = rest_;
      if (take(function) && take("(")) {
        return call(function);
      }
      rest_ = before;
    }
    const std::string_view word = take_all_of(kWord);
    if (word.empty() || rest_.starts_with("(")) {
      return wrong();
    }
    return TRY(find_(word));
  }

  Result<Operand> call(std::string_view function) {
    std::vector<Operand> arguments;
    do {
      arguments.push_back(TRY(row(0)));
    } while (take(","));
    const std::size_t wanted = function == "IF" ? 3 : 2;
    if (arguments.size() != wanted || !take(")")) {
      return wrong();
    }
    if (function == "IF") {
      return chosen(arguments);
    }
    Series* const series = std::get_if<Series>(arguments.data());
    const double* const filling = std::get_if<double>(&arguments[1]);
    if (series == nullptr || filling == nullptr) {
      return wrong();
    }
    return filled(std::move(*series), *filling);
  }

  /// Only what is chosen needs a point.
  static Operand chosen(const std::vector<Operand>& arguments) {
    const double* const fixed = std::get_if<double>(arguments.data());
    if (fixed != nullptr) {
      return arguments[*fixed != 0 ? 1 : 2];
    }
    Series series;
    for (const auto& [at, condition] : std::get<Series>(arguments[0])) {
      if (const auto value = value_at(arguments[condition != 0 ? 1 : 2], at)) {
        series.emplace(at, *value);
      }
    }
    return series;
  }

  Operand filled(Series series, double filling) const {
    const Instant first = range_.from - range_.from.time_since_epoch() % range_.period;
    for (Instant at = first; at < range_.to; at += range_.period) {
      series.try_emplace(at, filling);
    }
    return series;
  }

  std::string_view text_;
  std::string_view rest_;
  const MetricRange& range_;
  const FindSeries& find_;
  int depth_ = 0;
};

}  // namespace

Result<Series> metric_math(std::string_view expression, const MetricRange& range,
                           const FindSeries& find) {
  return Math(expression, range, find).all();
}

}  // namespace scaler::emulator
