#include "edge/identity/dpop.h"

#include <gtest/gtest.h>

#include "edge/identity/digest.h"
#include "edge/identity/test_support.h"

namespace scaler::identity {
namespace {

std::string decoded(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string bytes;
  unsigned int bits = 0;
  int count = 0;
  for (const char digit : text) {
    bits = (bits << 6U) | static_cast<unsigned int>(kDigits.find(digit));
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> static_cast<unsigned int>(count)) & 255U);
    }
  }
  return bytes;
}

/// Whether r and s, 32 bytes each, sign the text under the key.
bool verifies(const TestKey& key, const std::string& text, const std::string& signature) {
  const auto* bytes =
      reinterpret_cast<const unsigned char*>(signature.data());  // NOLINT(*-reinterpret-cast)
  ECDSA_SIG* parts = ECDSA_SIG_new();
  ECDSA_SIG_set0(parts, BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts, &der);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key.get());
  const int verified = EVP_DigestVerify(
      context, der, static_cast<std::size_t>(size),
      reinterpret_cast<const unsigned char*>(text.data()),  // NOLINT(*-reinterpret-cast)
      text.size());
  EVP_MD_CTX_free(context);
  OPENSSL_free(der);
  ECDSA_SIG_free(parts);
  return verified == 1;
}

TEST(Dpop, IsAJwtThatTheKeySigned) {
  const TestKey key = make_test_key();
  const auto proof =
      dpop_proof(Secret(pem_of(key)), {.url = "https://eu-west-1.signin.aws.amazon.com/v1/token",
                                       .at = *parse_instant("2026-11-23T12:00:00Z"),
                                       .id = "an-id"});
  ASSERT_TRUE(proof.has_value()) << proof.error().message;
  const std::size_t first = proof->find('.');
  const std::size_t second = proof->rfind('.');
  EXPECT_EQ(decoded(proof->substr(first + 1, second - first - 1)),
            R"({"htm":"POST","htu":"https://eu-west-1.signin.aws.amazon.com/v1/token",)"
            R"("iat":1795435200,"jti":"an-id"})");
  const std::string header = decoded(proof->substr(0, first));
  EXPECT_TRUE(header.starts_with(R"({"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","x":")"))
      << header;
  EXPECT_TRUE(header.ends_with(R"(","crv":"P-256"}})")) << header;
  EXPECT_TRUE(verifies(key, proof->substr(0, second), decoded(proof->substr(second + 1))));
  EXPECT_FALSE(
      verifies(make_test_key(), proof->substr(0, second), decoded(proof->substr(second + 1))));
}

TEST(Dpop, RefusesWhatIsNoKeyOfThatCurve) {
  for (const std::string& key : {std::string("hush"), pem_of(make_test_key("P-384"))}) {
    const auto proof = dpop_proof(Secret(key), {});
    ASSERT_FALSE(proof.has_value());
    EXPECT_EQ(proof.error().message, "its dpopKey is no P-256 key");
  }
}

TEST(Dpop, EncodesAsRfc4648Says) {
  EXPECT_EQ(base64_url(""), "");
  EXPECT_EQ(base64_url("f"), "Zg");
  EXPECT_EQ(base64_url("fo"), "Zm8");
  EXPECT_EQ(base64_url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_url("\xff\xfe\xfd"), "__79");
}

TEST(Dpop, NamesAreNeverTheSame) {
  EXPECT_EQ(random_uuid().size(), 36U);
  EXPECT_NE(random_uuid(), random_uuid());
}

}  // namespace
}  // namespace scaler::identity
