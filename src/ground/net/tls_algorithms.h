#pragma once
// The OpenSSL that TLS uses here: a library context that knows the algorithms of TLS 1.2, TLS 1.3
// and certificates, and no others. OpenSSL compares and indexes every algorithm that it knows
// before the first handshake, a hundred of which no endpoint of AWS has.

struct ossl_lib_ctx_st;  // OpenSSL's OSSL_LIB_CTX.

namespace scaler::net {

/// Made by the first call; lives until the process ends.
ossl_lib_ctx_st* tls_library();

}  // namespace scaler::net
