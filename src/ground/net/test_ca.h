#pragma once
// A certificate authority made on the fly, and a TLS server under it, for tests.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace scaler::net {

struct OpenSslDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
template <typename T>
using OpenSslPointer = std::unique_ptr<T, OpenSslDeleter>;

struct Certificate {
  OpenSslPointer<EVP_PKEY> key = {};
  OpenSslPointer<X509> x509 = {};

  std::string pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, x509.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  }
};

struct CertificateWish {
  std::string common_name = {};
  std::string alternative_name = {};  ///< "DNS:localhost" or "IP:127.0.0.1"; empty for an authority
  long valid_from = -3600;            ///< seconds from now
  long valid_until = 3600;
  std::string_view key = "P-256";  ///< a curve, or "RSA"
};

/// Signed by `issuer`, or by itself when that is null.
inline Certificate make_certificate(const CertificateWish& wish, const Certificate* issuer) {
  static long serial = 1;
  Certificate made;
  made.key.reset(wish.key == "RSA" ? EVP_RSA_gen(2048) : EVP_EC_gen(wish.key.data()));
  made.x509.reset(X509_new());
  X509* x509 = made.x509.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x509), wish.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(x509), wish.valid_until);
  X509_set_pubkey(x509, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1,
                             -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(issuer == nullptr ? x509 : issuer->x509.get()));
  const bool authority = wish.alternative_name.empty();
  const auto extend = [x509](int id, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!authority) {
    extend(NID_subject_alt_name, wish.alternative_name.c_str());
  }
  X509_sign(x509, issuer == nullptr ? made.key.get() : issuer->key.get(), EVP_sha256());
  return made;
}

/// What a TLS server of a test does with accepted sockets.
class TlsAcceptor {
 public:
  explicit TlsAcceptor(const Certificate& certificate, int version_max = TLS1_3_VERSION)
      : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), version_max);
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_use_certificate(context_.get(), certificate.x509.get());
    SSL_CTX_use_PrivateKey(context_.get(), certificate.key.get());
  }

  /// Leaves it one cipher, of TLS 1.2 by OpenSSL's name or of TLS 1.3, and one group.
  bool limit(const std::string& cipher, const char* group) {
    const bool modern = cipher.starts_with("TLS_");
    SSL_CTX_set_max_proto_version(context_.get(), modern ? TLS1_3_VERSION : TLS1_2_VERSION);
    return (modern ? SSL_CTX_set_ciphersuites(context_.get(), cipher.c_str())
                   : SSL_CTX_set_cipher_list(context_.get(), cipher.c_str())) == 1 &&
           SSL_CTX_set1_groups_list(context_.get(), group) == 1;
  }

  /// The session after a handshake; null when it failed.
  OpenSslPointer<SSL> accept(int socket) const {
    OpenSslPointer<SSL> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), socket);
    if (SSL_accept(ssl.get()) != 1) {
      ERR_clear_error();
      ssl.reset();
    }
    return ssl;
  }

  /// Reads one request without a body; false at the end of the stream.
  static bool read_request(SSL* ssl) {
    std::string text;
    char byte = 0;
    while (!text.ends_with("\r\n\r\n")) {
      if (SSL_read(ssl, &byte, 1) != 1) {
        ERR_clear_error();
        return false;
      }
      text += byte;
    }
    return true;
  }

  static void write(SSL* ssl, std::string_view text) {
    SSL_write(ssl, text.data(), static_cast<int>(text.size()));
  }

 private:
  OpenSslPointer<SSL_CTX> context_;
};

}  // namespace scaler::net
