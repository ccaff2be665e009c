#include "ground/net/tls.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <sys/socket.h>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "ground/base/check.h"
#include "ground/base/file.h"
#include "ground/net/address.h"
#include "ground/net/socket_errors.h"
#include "ground/net/tls_algorithms.h"
#include "ground/net/tls_roots.h"

namespace scaler::net {
namespace {

template <auto Free>
struct Deleter {
  void operator()(auto* object) const { Free(object); }
};

using ContextPointer = std::unique_ptr<SSL_CTX, Deleter<&SSL_CTX_free>>;
using SslPointer = std::unique_ptr<SSL, Deleter<&SSL_free>>;
using SessionPointer = std::unique_ptr<SSL_SESSION, Deleter<&SSL_SESSION_free>>;
using CertificatePointer = std::unique_ptr<X509, Deleter<&X509_free>>;
void free_infos(STACK_OF(X509_INFO) * infos) {
  sk_X509_INFO_pop_free(infos, X509_INFO_free);
}
using InfosPointer = std::unique_ptr<STACK_OF(X509_INFO), Deleter<&free_infos>>;
using BioPointer = std::unique_ptr<BIO, Deleter<&BIO_free_all>>;

/// Empties OpenSSL's error queue; the first reason in it, or `otherwise`.
std::string take_reason(std::string_view otherwise) {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? std::string(otherwise) : std::string(reason);
}

// --- Roots, parsed only when a chain asks for one: parsing a root costs a tenth of a millisecond,
// and a
// --- process that starts cold talks to one or two of them.

int find_root(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name,
              X509_OBJECT* found) {
  if (type != X509_LU_X509) {
    return 0;
  }
  std::array<char, 128> common_name{};
  const int length = X509_NAME_get_text_by_NID(name, NID_commonName, common_name.data(),
                                               static_cast<int>(common_name.size()));
  if (length <= 0) {
    return 0;
  }
  const std::string_view wanted(common_name.data(), static_cast<std::size_t>(length));
  const auto* roots =
      static_cast<const std::span<const TlsRoot>*>(X509_LOOKUP_get_method_data(lookup));
  for (const TlsRoot& root : *roots) {
    if (root.common_name != wanted) {
      continue;
    }
    const BioPointer text(BIO_new_mem_buf(root.pem.data(), static_cast<int>(root.pem.size())));
    X509* parsed = X509_new_ex(tls_library(), nullptr);
    const bool read = PEM_read_bio_X509(text.get(), &parsed, nullptr, nullptr) != nullptr;
    const CertificatePointer root_certificate(parsed);  // Freed already when it cannot be decoded.
    if (!read || X509_NAME_cmp(X509_get_subject_name(root_certificate.get()), name) != 0) {
      ERR_clear_error();
      return 0;
    }
    // The store keeps the certificate; `found` borrows it, as OpenSSL's own look-ups do.
    if (X509_STORE_add_cert(X509_LOOKUP_get_store(lookup), root_certificate.get()) != 1 ||
        X509_OBJECT_set1_X509(found, root_certificate.get()) != 1) {
      return 0;
    }
    X509_free(root_certificate.get());
    return 1;
  }
  return 0;
}

X509_LOOKUP_METHOD* root_lookup() {
  static X509_LOOKUP_METHOD* const method = [] {
    X509_LOOKUP_METHOD* made = X509_LOOKUP_meth_new("built-in roots");
    X509_LOOKUP_meth_set_get_by_subject(made, &find_root);
    return made;
  }();
  return method;
}

// --- A BIO on a socket that never raises SIGPIPE (OpenSSL's own writes with write(2)).

int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int bio_result(BIO* bio, ssize_t count) {
  BIO_clear_retry_flags(bio);
  return count >= 0 ? 1 : 0;
}

int bio_write(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
  const ssize_t count = ::send(socket_of(bio), data, size, MSG_NOSIGNAL);
  const int result = bio_result(bio, count);
  if (count < 0 && would_block(errno)) {
    BIO_set_retry_write(bio);
  }
  *written = count < 0 ? 0 : static_cast<std::size_t>(count);
  return result;
}

int bio_read(BIO* bio, char* data, std::size_t size, std::size_t* received) {
  const ssize_t count = ::recv(socket_of(bio), data, size, 0);
  int result = bio_result(bio, count);
  if (count < 0 && would_block(errno)) {
    BIO_set_retry_read(bio);
  } else if (count == 0) {
    BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    result = 0;
  }
  *received = count < 0 ? 0 : static_cast<std::size_t>(count);
  return result;
}

long bio_control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default:
      return 0;
  }
}

BIO* new_socket_bio(int socket) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "quiet socket");
    BIO_meth_set_write_ex(made, &bio_write);
    BIO_meth_set_read_ex(made, &bio_read);
    BIO_meth_set_ctrl(made, &bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  CHECK(bio != nullptr);
  // OpenSSL keeps one pointer for the method's own use, and a socket is all there is to keep.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  return bio;
}

std::string session_key(const Origin& origin) {
  return origin.host + " " + std::to_string(origin.port);
}

/// Without what OpenSSL would do at its start for programs that do not know what they will use. The
/// machine's openssl.cnf is none of this program's business. Of the names of all algorithms, with
/// which all those of the provider are compared, only a certificate's signature looks up one, and
/// it is of these digests (docs/adr/0010).
void init_openssl() {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
                          OPENSSL_INIT_NO_ADD_ALL_DIGESTS,
                      nullptr);
  for (const EVP_MD* digest : {EVP_sha256(), EVP_sha384(), EVP_sha512()}) {
    EVP_add_digest(digest);
  }
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

/// OpenSSL itself would wait for ever for what a pipe may bring.
Result<void> trust_file(X509_STORE* store, const std::string& path) {
  const Result<std::string> text = read_kept_file(path);
  if (!text.has_value()) {
    return fail(ErrorKind::Unavailable, "read the CA bundle " + text.error().message);
  }
  const BioPointer bio(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
  const InfosPointer infos(
      PEM_X509_INFO_read_bio_ex(bio.get(), nullptr, nullptr, nullptr, tls_library(), nullptr));
  bool trusted = false;
  for (int i = 0; infos && i < sk_X509_INFO_num(infos.get()); ++i) {
    const X509_INFO* info = sk_X509_INFO_value(infos.get(), i);
    trusted |= info->x509 != nullptr && X509_STORE_add_cert(store, info->x509) == 1;
    if (info->crl != nullptr) {
      X509_STORE_add_crl(store, info->crl);
    }
  }
  if (!trusted) {
    return fail(ErrorKind::Unavailable,
                "read the CA bundle " + path + ": " + take_reason("it holds no certificate"));
  }
  return {};
}

}  // namespace

struct TlsContext::Impl {
  std::span<const TlsRoot> roots = {};
  ContextPointer context = {};
  std::map<std::string, SessionPointer, std::less<>> sessions = {};
};

struct TlsSession::Impl {
  TlsContext::Impl* context = nullptr;
  SslPointer ssl = {};
  std::string key = {};
  std::string error = {};

  IoStep step_of(int result);
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

Result<std::unique_ptr<TlsContext>> TlsContext::create(const std::string& ca_bundle,
                                                       std::span<const TlsRoot> roots) {
  init_openssl();
  auto impl = std::make_unique<Impl>();
  impl->context.reset(SSL_CTX_new_ex(tls_library(), nullptr, TLS_client_method()));
  SSL_CTX* context = impl->context.get();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
    return fail(ErrorKind::Unavailable, "TLS set-up: " + take_reason("unknown error"));
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
    auto* owner = static_cast<TlsSession::Impl*>(SSL_get_app_data(ssl));
    owner->context->sessions[owner->key].reset(session);
    return 1;  // The reference is ours.
  });
  if (ca_bundle.empty()) {
    impl->roots = roots;
    X509_LOOKUP* lookup = X509_STORE_add_lookup(SSL_CTX_get_cert_store(context), root_lookup());
    X509_LOOKUP_set_method_data(lookup, &impl->roots);
  } else {
    TRY(trust_file(SSL_CTX_get_cert_store(context), ca_bundle));
  }
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

TlsSession::TlsSession(TlsContext& context, int socket, const Origin& origin)
    : impl_(std::make_unique<Impl>()) {
  impl_->context = &context.impl();
  impl_->key = session_key(origin);
  impl_->ssl.reset(SSL_new(impl_->context->context.get()));
  SSL* ssl = impl_->ssl.get();
  CHECK(ssl != nullptr);
  SSL_set_app_data(ssl, impl_.get());
  BIO* bio = new_socket_bio(socket);
  SSL_set_bio(ssl, bio, bio);
  bool verifiable = false;
  if (is_literal_address(origin.host)) {
    verifiable = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), origin.host.c_str()) == 1;
  } else {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    verifiable = SSL_set1_host(ssl, origin.host.c_str()) == 1 &&
                 SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                          const_cast<char*>(origin.host.c_str())) == 1;
  }
  if (!verifiable) {
    impl_->error = "not a host name that a certificate can be checked against";
  }
  const auto known = impl_->context->sessions.find(impl_->key);
  if (known != impl_->context->sessions.end()) {
    SSL_set_session(ssl, known->second.get());
  }
}

TlsSession::~TlsSession() {
  // OpenSSL forbids resuming the session of a connection that was freed without a shutdown.
  SSL_set_shutdown(impl_->ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

IoStep TlsSession::Impl::step_of(int result) {
  const int saved_errno = errno;
  switch (SSL_get_error(ssl.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return IoStep::WantRead;
    case SSL_ERROR_WANT_WRITE:
      return IoStep::WantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return IoStep::Closed;
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl.get());
  const bool reached_us = ERR_peek_error() == 0;
  if (verified != X509_V_OK) {
    error = std::string("certificate not verified: ") + X509_verify_cert_error_string(verified);
    ERR_clear_error();
  } else if (reached_us && saved_errno != 0) {
    error = std::strerror(saved_errno);  // NOLINT(concurrency-mt-unsafe): glibc's is per thread.
  } else {
    error = take_reason("the peer closed the connection");
  }
  return IoStep::Failed;
}

IoStep TlsSession::handshake() {
  if (!impl_->error.empty()) {
    return IoStep::Failed;
  }
  ERR_clear_error();
  errno = 0;
  const int result = SSL_connect(impl_->ssl.get());
  if (result == 1) {
    return IoStep::Done;
  }
  const IoStep step = impl_->step_of(result);
  if (step == IoStep::Failed || step == IoStep::Closed) {
    impl_->context->sessions.erase(impl_->key);
  }
  return step;
}

IoResult TlsSession::read(std::span<char> buffer) {
  ERR_clear_error();
  errno = 0;
  IoResult result{.step = IoStep::Done};
  const int code = SSL_read_ex(impl_->ssl.get(), buffer.data(), buffer.size(), &result.count);
  if (code != 1) {
    result.step = impl_->step_of(code);
  }
  return result;
}

IoResult TlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  errno = 0;
  IoResult result{.step = IoStep::Done};
  const int code = SSL_write_ex(impl_->ssl.get(), bytes.data(), bytes.size(), &result.count);
  if (code != 1) {
    result.step = impl_->step_of(code);
  }
  return result;
}

void TlsSession::shutdown() {
  if (SSL_is_init_finished(impl_->ssl.get()) == 1) {
    ERR_clear_error();
    static_cast<void>(SSL_shutdown(impl_->ssl.get()));
    ERR_clear_error();
  }
}

bool TlsSession::resumed() const {
  return SSL_session_reused(impl_->ssl.get()) == 1;
}

const std::string& TlsSession::error() const {
  return impl_->error;
}

}  // namespace scaler::net
