#pragma once
// CannedAws: SQS and ECS as two TLS servers that always give the same two answers, the larger of 44
// KB. It looks at no more of a request than it needs, so that what is measured is its client.

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

namespace scaler::bench {

struct CannedAwsCounts {
  int connections = 0;
  int handshakes = 0;  ///< of them, those that came to an end
  int resumed = 0;     ///< of them, by an earlier session
  std::map<std::string, int> calls = {};
  int unsigned_calls = 0;  ///< without a SigV4 signature
};

class CannedAws {
 public:
  /// `chain` and `key`: PEM files of the server's certificate with its intermediate, and its key.
  CannedAws(const std::string& chain, const std::string& key);
  ~CannedAws();
  CannedAws(const CannedAws&) = delete;
  CannedAws& operator=(const CannedAws&) = delete;

  int sqs_port() const { return ports_[0]; }
  int ecs_port() const { return ports_[1]; }
  CannedAwsCounts counts();
  /// The steady time, in nanoseconds, at which the first connection was accepted; 0 before.
  std::int64_t first_connection() const { return first_connection_; }
  /// Closes every open connection, as a server does with connections that have long been idle.
  void close_connections();

 private:
  void accept_all(int listener);
  void serve(int socket);
  std::string answer(std::string_view target);

  SSL_CTX* context_;
  int listeners_[2] = {};  // NOLINT(modernize-avoid-c-arrays)
  int ports_[2] = {};      // NOLINT(modernize-avoid-c-arrays)
  std::string queue_attributes_;
  std::string describe_services_;
  std::atomic<std::int64_t> first_connection_ = 0;
  std::mutex mutex_;
  std::set<int> open_;
  CannedAwsCounts counts_;
  std::vector<std::jthread> threads_;
};

}  // namespace scaler::bench
