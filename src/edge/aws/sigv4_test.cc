#include "edge/aws/sigv4.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "ground/json/reader.h"

namespace scaler::aws {
namespace {

json::Value read_vectors() {
  const std::ifstream file(SCALER_VECTORS_DIR "/sigv4.json");
  std::ostringstream text;
  text << file.rdbuf();
  Result<json::Value> value = json::parse(text.str());
  EXPECT_TRUE(value.has_value()) << value.error().message;
  return *std::move(value);
}

std::string text(const json::Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  return field ? *field->string() : "";
}

net::HttpRequest request_of(const json::Reader& vector) {
  net::HttpRequest request{.origin = {.host = text(vector, "host")},
                           .method = text(vector, "method"),
                           .target = text(vector, "target"),
                           .body = text(vector, "body")};
  if (const auto headers = vector.optional_field("headers")) {
    const std::vector<json::Reader> items = *headers->items();
    for (const json::Reader& header : items) {
      const std::vector<json::Reader> parts = *header.items();
      request.headers.push_back({.name = *parts[0].string(), .value = *parts[1].string()});
    }
  }
  return request;
}

TEST(Sigv4, GivesThePublishedSignatures) {
  const json::Value document = read_vectors();
  const json::Reader root(document);
  const Instant at = *root.field("at")->instant();
  const std::string region = text(root, "region");
  const std::string id = text(root, "access_key_id");
  const Secret secret(text(root, "secret_access_key"));
  std::size_t hashes = 0;
  const std::vector<json::Reader> vectors = *root.field("vectors")->items();
  EXPECT_EQ(vectors.size(), 23U);
  for (const json::Reader& vector : vectors) {
    SCOPED_TRACE(text(vector, "name"));
    net::HttpRequest request = request_of(vector);
    const std::string service = text(vector, "service");
    const Credentials credentials{.access_key_id = id,
                                  .secret_access_key = secret,
                                  .session_token = Secret(text(vector, "token"))};

    Signer signer(region);
    signer.sign(request, credentials, service, at);

    const std::string authorization(*net::find_header(request.headers, "authorization"));
    EXPECT_TRUE(authorization.ends_with(", Signature=" + text(vector, "signature")))
        << authorization;
    EXPECT_TRUE(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/" +
                                  service + "/aws4_request, SignedHeaders="));
    const std::string hash = text(vector, "canonical_request_sha256");
    if (!hash.empty()) {
      ++hashes;
      const SigningKey key =
          derive_key(secret, {.date = "20150830", .region = region, .service = service});
      EXPECT_EQ(sign(request, id, key).canonical_request_sha256, hash);
    }
  }
  EXPECT_EQ(hashes, 7U);
}

TEST(Sigv4, NamesTheSignedHeadersAndLeavesOutThoseThatProxiesChange) {
  net::HttpRequest request{
      .origin = {.scheme = "http", .host = "127.0.0.1", .port = 4566},
      .headers = {{"User-Agent", "x"}, {"X-Amzn-Trace-Id", "y"}, {"Content-Type", "text/plain"}}};
  const Credentials credentials{.access_key_id = "A", .secret_access_key = Secret("s")};

  Signer("eu-central-1").sign(request, credentials, "sqs", Instant{});

  const std::string authorization(*net::find_header(request.headers, "authorization"));
  EXPECT_NE(authorization.find("SignedHeaders=content-type;host;x-amz-date, "), std::string::npos)
      << authorization;
  EXPECT_EQ(net::find_header(request.headers, "x-amz-date"), "19700101T000000Z");
}

std::string signature_at(Signer& signer, const Credentials& credentials, Instant at) {
  net::HttpRequest request{.origin = {.host = "h"}};
  signer.sign(request, credentials, "sqs", at);
  return std::string(*net::find_header(request.headers, "authorization"));
}

TEST(Signer, KeepsNoKeyBeyondItsDayOrSecret) {
  Signer kept("us-east-1");
  const Credentials one{.access_key_id = "A", .secret_access_key = Secret("one")};
  const Credentials two{.access_key_id = "A", .secret_access_key = Secret("two")};
  const Instant noon = *parse_instant("2026-11-23T12:00:00Z");
  for (const auto& [credentials, at] :
       {std::pair(one, noon), std::pair(one, noon + std::chrono::hours(24)), std::pair(two, noon),
        std::pair(one, noon)}) {
    Signer fresh("us-east-1");
    EXPECT_EQ(signature_at(kept, credentials, at), signature_at(fresh, credentials, at));
  }
}

TEST(Sigv4, RemovesDotSegments) {
  const SigningKey key = derive_key(Secret("s"), {.date = "d", .region = "r", .service = "s"});
  const auto hash = [&key](std::string target) {
    return sign({.origin = {.host = "h"},
                 .target = std::move(target),
                 .headers = {{.name = "X-Amz-Date", .value = "d"}}},
                "A", key)
        .canonical_request_sha256;
  };
  EXPECT_EQ(hash("/a/./b/../c"), hash("/a/c"));
  EXPECT_EQ(hash("/../.."), hash("/"));
  EXPECT_NE(hash("/a/"), hash("/a"));
  EXPECT_EQ(hash("/?b=1&a=x%20y&c"), hash("/?c=&a=x%20y&b=1"));
}

}  // namespace
}  // namespace scaler::aws
