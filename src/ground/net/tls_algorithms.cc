#include "ground/net/tls_algorithms.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>

#include "ground/base/check.h"

extern "C" OSSL_provider_init_fn ossl_default_provider_init;  // In libcrypto.a, not in its headers.

namespace scaler::net {
namespace {

using namespace std::literals;

/// The first names of algorithms, as OpenSSL's default provider has them.
constexpr std::array kDigests{"SHA1"sv, "SHA2-224"sv, "SHA2-256"sv, "SHA2-384"sv, "SHA2-512"sv};
constexpr std::array kCiphers{"AES-256-CBC"sv, "AES-128-CBC"sv,
                              "AES-256-CTR"sv,  // This and ECB are for random numbers.
                              "AES-256-ECB"sv, "AES-256-GCM"sv,
                              "AES-128-GCM"sv, "ChaCha20-Poly1305"sv};
constexpr std::array kMacs{"HMAC"sv};
constexpr std::array kKeyDerivations{"HKDF"sv, "TLS13-KDF"sv, "TLS1-PRF"sv};
constexpr std::array kRandoms{"CTR-DRBG"sv, "SEED-SRC"sv};
constexpr std::array kKeys{"RSA"sv, "RSA-PSS"sv, "EC"sv, "X25519"sv, "ED25519"sv, "HMAC"sv};
constexpr std::array kExchanges{"ECDH"sv, "X25519"sv};
constexpr std::array kSignatures{"RSA"sv, "ECDSA"sv, "ED25519"sv, "HMAC"sv};
constexpr std::array kEncryptions{"RSA"sv};  // TLS 1.2 without forward secrecy.

struct Choice {
  int operation = 0;
  std::span<const std::string_view> names = {};
  std::vector<OSSL_ALGORITHM> algorithms = {};  ///< ends with an empty one
};

std::array<Choice, 10>& choices() {
  static std::array<Choice, 10> all{Choice{OSSL_OP_DIGEST, kDigests},
                                    Choice{OSSL_OP_CIPHER, kCiphers},
                                    Choice{OSSL_OP_MAC, kMacs},
                                    Choice{OSSL_OP_KDF, kKeyDerivations},
                                    Choice{OSSL_OP_RAND, kRandoms},
                                    Choice{OSSL_OP_KEYMGMT, kKeys},
                                    Choice{OSSL_OP_KEYEXCH, kExchanges},
                                    Choice{OSSL_OP_SIGNATURE, kSignatures},
                                    Choice{OSSL_OP_ASYM_CIPHER, kEncryptions},
                                    Choice{OSSL_OP_DECODER, kKeys}};
  return all;
}

bool chosen(const Choice& choice, const OSSL_ALGORITHM& algorithm) {
  const std::string_view names = algorithm.algorithm_names;
  if (std::ranges::find(choice.names, names.substr(0, names.find(':'))) == choice.names.end()) {
    return false;
  }
  // Of keys nothing is read but those of certificates.
  return choice.operation != OSSL_OP_DECODER ||
         std::string_view(algorithm.property_definition).contains("structure=SubjectPublicKeyInfo");
}

const OSSL_ALGORITHM* query(void* /*provider*/, int operation, int* no_cache) {
  *no_cache = 0;
  const auto choice = std::ranges::find(choices(), operation, &Choice::operation);
  return choice == choices().end() ? nullptr : choice->algorithms.data();
}

void choose(OSSL_FUNC_provider_query_operation_fn* query_all, void* provider) {
  for (Choice& choice : choices()) {
    int no_cache = 0;
    const OSSL_ALGORITHM* algorithm = query_all(provider, choice.operation, &no_cache);
    for (; algorithm != nullptr && algorithm->algorithm_names != nullptr; ++algorithm) {
      if (chosen(choice, *algorithm)) {
        choice.algorithms.push_back(*algorithm);
      }
    }
    choice.algorithms.push_back({});
  }
}

/// OpenSSL's default provider with another answer to the question what it has.
int start_provider(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* from_core,
                   const OSSL_DISPATCH** to_core, void** provider) {
  static std::vector<OSSL_DISPATCH> functions;
  const OSSL_DISPATCH* all = nullptr;
  if (ossl_default_provider_init(handle, from_core, &all, provider) != 1) {
    return 0;
  }
  for (; all->function_id != 0; ++all) {
    OSSL_DISPATCH function = *all;
    if (function.function_id == OSSL_FUNC_PROVIDER_QUERY_OPERATION) {
      choose(OSSL_FUNC_provider_query_operation(&function), *provider);
      function.function = reinterpret_cast<void (*)()>(&query);
    }
    functions.push_back(function);
  }
  functions.push_back({});
  *to_core = functions.data();
  return 1;
}

}  // namespace

OSSL_LIB_CTX* tls_library() {
  static OSSL_LIB_CTX* const library = [] {
    OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
    CHECK(made != nullptr);
    CHECK(OSSL_PROVIDER_add_builtin(made, "tls", &start_provider) == 1);
    CHECK(OSSL_PROVIDER_load(made, "tls") != nullptr);
    return made;
  }();
  return library;
}

}  // namespace scaler::net
