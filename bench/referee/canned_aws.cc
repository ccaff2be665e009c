#include "referee/canned_aws.h"

#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "canned_replies.h"
#include "ground/base/check.h"
#include "referee/child.h"
#include "referee/peer.h"

namespace scaler::bench {
CannedAws::CannedAws(const std::string& chain, const std::string& key)
    : context_(SSL_CTX_new(TLS_server_method())),
      queue_attributes_(response_text("200 OK", "Content-Type: application/x-amz-json-1.0\r\n",
                                      queue_attributes_reply())),
      describe_services_(response_text("200 OK", "Content-Type: application/x-amz-json-1.1\r\n",
                                       describe_services_reply())) {
  SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION);
  // Or it would answer close_connections() with an alert, after which no session is resumed.
  SSL_CTX_set_options(context_, SSL_OP_IGNORE_UNEXPECTED_EOF);
  CHECK(SSL_CTX_use_certificate_chain_file(context_, chain.c_str()) == 1);
  CHECK(SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) == 1);
  for (int i = 0; i < 2; ++i) {
    listeners_[i] = listen_on_loopback(ports_[i]);
    const std::scoped_lock lock(mutex_);
    threads_.emplace_back([this, listener = listeners_[i]] { accept_all(listener); });
  }
}

CannedAws::~CannedAws() {
  for (const int listener : listeners_) {
    ::shutdown(listener, SHUT_RDWR);
  }
  threads_[0].join();
  threads_[1].join();
  close_connections();
  threads_.clear();
  for (const int listener : listeners_) {
    ::close(listener);
  }
  SSL_CTX_free(context_);
}

CannedAwsCounts CannedAws::counts() {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

void CannedAws::close_connections() {
  const std::scoped_lock lock(mutex_);
  for (const int socket : open_) {
    ::shutdown(socket, SHUT_RD);  // The thread that serves it sees the end and says goodbye.
  }
}

void CannedAws::accept_all(int listener) {
  while (true) {
    const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      return;
    }
    std::int64_t none = 0;
    first_connection_.compare_exchange_strong(none, steady_now());
    const std::scoped_lock lock(mutex_);
    ++counts_.connections;
    open_.insert(socket);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void CannedAws::serve(int socket) {
  {
    Peer peer(socket);
    if (peer.shake_hands(context_)) {
      {
        const std::scoped_lock lock(mutex_);
        ++counts_.handshakes;
        counts_.resumed += peer.resumed() ? 1 : 0;
      }
      while (const std::optional<Request> request = peer.read()) {
        const bool is_signed =
            header_of(request->head, "authorization").starts_with("AWS4-HMAC-SHA256 ");
        const std::string reply = answer(header_of(request->head, "x-amz-target"));
        {
          const std::scoped_lock lock(mutex_);
          counts_.unsigned_calls += is_signed ? 0 : 1;
        }
        if (!peer.write(reply)) {
          break;
        }
      }
    }
    const std::scoped_lock lock(mutex_);
    open_.erase(socket);  // Before the socket's number can be given away again.
  }
}

std::string CannedAws::answer(std::string_view target) {
  const std::string operation(target.substr(target.rfind('.') + 1));
  {
    const std::scoped_lock lock(mutex_);
    ++counts_.calls[operation];
  }
  if (operation == "GetQueueAttributes") {
    return queue_attributes_;
  }
  if (operation == "DescribeServices") {
    return describe_services_;
  }
  return response_text("200 OK", "Content-Type: application/x-amz-json-1.1\r\n", "{}");
}

}  // namespace scaler::bench
