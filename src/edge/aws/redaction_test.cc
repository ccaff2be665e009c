#include "edge/aws/redaction.h"

#include <gtest/gtest.h>

namespace scaler::aws {
namespace {

TEST(Redaction, HidesSecretsWhereverTheyStand) {
  EXPECT_EQ(without_secrets("a sesame b sesame", {"sesame"}), "a [hidden] b [hidden]");
  EXPECT_EQ(without_secrets("an empty secret is none", {"", "is"}), "an empty secret is none");
}

TEST(Redaction, HidesSecretsAsTheyStandInUrlsAndForms) {
  EXPECT_EQ(without_secrets("WebIdentityToken=a%2Fb%2Bc%3D&x", {"a/b+c="}),
            "WebIdentityToken=[hidden]&x");
}

TEST(Redaction, HidesATokenThatNobodyKnowsAnyMore) {
  EXPECT_EQ(without_secrets("host:x\nX-Amz-Security-Token:IQoJ+/==\nhost;x-amz-security-token", {}),
            "host:x\nX-Amz-Security-Token:[hidden]\nhost;x-amz-security-token");
  EXPECT_EQ(without_secrets("?X-Amz-Security-Token=IQ%2B&b=1", {}),
            "?X-Amz-Security-Token=[hidden]&b=1");
  EXPECT_EQ(without_secrets("x-amz-sso_bearer_token: tok", {}), "x-amz-sso_bearer_token: [hidden]");
}

// A reply may hold 16 MiB of them.
TEST(Redaction, CostsNoMoreForManySecretsThanForLongText) {
  constexpr std::size_t kMany = 200'000;
  std::string text;
  for (std::size_t i = 0; i < kMany; ++i) {
    text += "x-amz-security-token=abc&sesame ";
  }
  const std::string hidden = without_secrets(std::move(text), {"sesame"});
  EXPECT_EQ(hidden.size(), kMany * std::string("x-amz-security-token=[hidden]&[hidden] ").size());
  EXPECT_FALSE(hidden.contains("abc"));
  EXPECT_FALSE(hidden.contains("sesame"));
}

}  // namespace
}  // namespace scaler::aws
