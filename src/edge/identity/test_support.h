#pragma once
// What the tests of this folder share: a home with profile files, and an AWS that answers by
// script.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "edge/aws/test_support.h"
#include "edge/identity/workstation.h"

namespace scaler::identity {

struct Workstation {
  aws::TemporaryFolder folder = {};
  Environment environment{
      {"HOME", folder.path()}, {"AWS_REGION", "eu-west-1"}, {"AWS_EC2_METADATA_DISABLED", "true"}};
  aws::VirtualClock clock{*parse_instant("2026-11-23T12:00:00Z")};
  Log log{-1, LogLevel::Fatal, clock};
  aws::ScriptedTransport transport{clock};
  std::vector<Duration> pauses = {};
  std::vector<std::string> asked_codes = {};

  aws::CredentialSurroundings surroundings() {
    return {.environment = environment,
            .transport = transport,
            .clock = clock,
            .sleep = [this](Duration pause) { pauses.push_back(pause); }};
  }
  aws::CredentialProvider provider() {
    return {workstation_sources(surroundings(), log,
                                [this](const std::string& serial) -> Result<std::string> {
                                  asked_codes.push_back(serial);
                                  return "123456";
                                }),
            clock, log};
  }
  Result<aws::Credentials> current() { return provider().current(aws::soon()); }
  std::string error() {
    const auto credentials = current();
    return credentials.has_value() ? "got " + credentials->access_key_id
                                   : credentials.error().message;
  }
  void write_config(std::string_view text) const { folder.write(".aws/config", text); }
};

/// A key of the tests' own, new in each run.
using TestKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

inline TestKey make_test_key(const char* curve = "P-256") {
  return {EVP_EC_gen(curve), &EVP_PKEY_free};
}

/// "-----BEGIN EC PRIVATE KEY-----...", as `aws login` writes it.
inline std::string pem_of(const TestKey& key) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PrivateKey_traditional(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

inline net::HttpResponse refusal(int status, const std::string& body = "") {
  return {.status = status, .body = body};
}

}  // namespace scaler::identity
