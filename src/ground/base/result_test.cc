#include "ground/base/result.h"

#include <memory>

#include <gtest/gtest.h>

namespace scaler {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) {
    return fail(ErrorKind::Rejected, "odd");
  }
  return number / 2;
}

Result<void> check_even(int number) {
  TRY(half(number));
  return {};
}

Result<std::unique_ptr<int>> boxed_quarter(int number) {
  const int first = TRY(half(number));
  return std::make_unique<int>(TRY(half(first)));
}

TEST(Result, TryGivesTheValueOrReturnsTheError) {
  EXPECT_EQ(**boxed_quarter(8), 2);
  EXPECT_EQ(boxed_quarter(6).error().message, "odd");
  EXPECT_TRUE(check_even(2).has_value());
  EXPECT_EQ(check_even(3).error().kind, ErrorKind::Rejected);
}

TEST(Result, FailPutsContextInFrontOfTheMessage) {
  const Result<int> failed = fail(half(1).error(), "halving 1");
  EXPECT_EQ(failed.error().message, "halving 1: odd");
  EXPECT_EQ(failed.error().kind, ErrorKind::Rejected);
}

TEST(Result, MessagesAreBounded) {
  const Error error = fail(ErrorKind::Malformed, std::string(1'000'000, 'x')).error();
  EXPECT_EQ(error.message, std::string(kMessageMax, 'x') + "...");
  EXPECT_LE(fail(error, "a file").error().message.size(), kMessageMax + 3);
}

TEST(Result, EveryKindHasItsName) {
  EXPECT_EQ(to_string(ErrorKind::Throttled), "Throttled");
  EXPECT_EQ(to_string(ErrorKind::Unavailable), "Unavailable");
  EXPECT_EQ(to_string(ErrorKind::Unauthorized), "Unauthorized");
  EXPECT_EQ(to_string(ErrorKind::NotFound), "NotFound");
  EXPECT_EQ(to_string(ErrorKind::Conflict), "Conflict");
  EXPECT_EQ(to_string(ErrorKind::Rejected), "Rejected");
  EXPECT_EQ(to_string(ErrorKind::Malformed), "Malformed");
}

}  // namespace
}  // namespace scaler
