#include <cstdio>
#include <filesystem>
#include <unistd.h>

#include <gtest/gtest.h>

#include "ground/base/file.h"
#include "programs/ecs_scaler/commands/lease_address.h"
#include "programs/ecs_scaler/commands/listen_address.h"
#include "programs/ecs_scaler/commands/token_file.h"

namespace scaler::cli {
namespace {

TEST(ListenAddress, IsAnAddressOfEitherKindWithAPort) {
  for (const char* const text : {"127.0.0.1:0", "0.0.0.0:9464", "localhost:1", "192.0.2.7:65535"}) {
    EXPECT_TRUE(parse_listen_address(text).has_value()) << text;
  }
  const auto six = parse_listen_address("[::1]:9464");
  ASSERT_TRUE(six.has_value());
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, 9464);
}

TEST(ListenAddress, RefusesNamesAndWhatLacksAPart) {
  for (const char* const text :
       {"", ":", "9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:9464",
        "[127.0.0.1]:9464", "[::1]", "example.org:9464", "http://127.0.0.1:9464", "1.2.3:80"}) {
    EXPECT_FALSE(parse_listen_address(text).has_value()) << text;
  }
}

TEST(LeaseAddress, IsATableByNameOrArnWithAKeyOnRequest) {
  EXPECT_EQ(parse_lease_address("dynamodb:locks")->table, "locks");
  EXPECT_EQ(parse_lease_address("dynamodb:locks")->key, "ecs-scaler");
  EXPECT_EQ(parse_lease_address("dynamodb:locks/blue/green")->key, "blue/green");
  const std::string arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/locks";
  EXPECT_EQ(parse_lease_address("dynamodb:" + arn)->table, arn);
  EXPECT_EQ(parse_lease_address("dynamodb:" + arn + "/blue")->table, arn);
  EXPECT_EQ(parse_lease_address("dynamodb:" + arn + "/blue")->key, "blue");
}

TEST(LeaseAddress, RefusesWhatNamesNoTable) {
  for (const char* const text :
       {"", "locks", "dynamodb:", "dynamodb:lo", "dynamodb:a b c", "dynamodb:locks/", "s3:bucket",
        "dynamodb:arn:aws:sqs:eu-west-1:123456789012:table/locks", "dynamodb:arn:aws:dynamodb",
        "dynamodb:arn:aws:dynamodb:eu-west-1:123456789012:table/"}) {
    EXPECT_FALSE(parse_lease_address(text).has_value()) << text;
  }
}

class TokenFile : public ::testing::Test {
 protected:
  ~TokenFile() override { std::remove(path_.c_str()); }
  Result<Secret> read(std::string_view text) {
    EXPECT_TRUE(write_file(path_, text).has_value());
    return read_token(path_);
  }
  std::string path_ =
      (std::filesystem::temp_directory_path() / ("token-" + std::to_string(::getpid()))).string();
};

TEST_F(TokenFile, HoldsOneWord) {
  EXPECT_EQ(read("s3cret\n")->reveal(), "s3cret");
  EXPECT_EQ(read("\r\n  s3cret\t")->reveal(), "s3cret");
}

TEST_F(TokenFile, IsRefusedWithoutQuotingItWhenItIsNone) {
  for (const std::string& text :
       {std::string(), std::string(" \n"), std::string("two words"), std::string("a\nb"),
        std::string("sch\xc3\xb6n"), std::string("nul\0", 4), std::string(5000, 'x')}) {
    const Result<Secret> token = read(text);
    ASSERT_FALSE(token.has_value());
    EXPECT_TRUE(token.error().message.starts_with(path_ + ": a token is one word"));
    EXPECT_EQ(token.error().message.find("words of"), std::string::npos);
  }
  std::remove(path_.c_str());
  EXPECT_FALSE(read_token(path_).has_value());
}

TEST(BringsToken, OnlyWithTheSchemeAndTheVeryToken) {
  const Secret token("s3cret");
  EXPECT_TRUE(brings_token("Bearer s3cret", token));
  EXPECT_TRUE(brings_token("bearer s3cret", token));
  for (const char* const header :
       {"", "s3cret", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cretX", "Bearer S3cret",
        "Basic s3cret", "Bearer s3crets3cret"}) {
    EXPECT_FALSE(brings_token(header, token)) << header;
  }
}

}  // namespace
}  // namespace scaler::cli
