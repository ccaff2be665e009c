#pragma once
// EmulatorPage: the live page of an embedded AWS. It shows the world's counts once a second, and of
// each service the decision that the hosted function wrote into its log.

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "emulator/front/emulator.h"
#include "ground/base/log.h"
#include "ground/net/event_loop.h"
#include "ground/net/timer.h"
#include "watch/page/live_page.h"

namespace scaler::cli {

/// For use on the loop's thread, and to outlive the emulator.
class EmulatorPage {
 public:
  EmulatorPage(net::EventLoop& loop, std::string shows);

  /// The options, with the page in them. Lines of the function still go to where they went.
  emulator::EmulatorOptions attached_to(emulator::EmulatorOptions options, const Log& log);
  /// Looks from now on, until forget().
  void watch(const emulator::Emulator& emulator);
  void forget();

 private:
  /// A decision that was heard.
  struct Heard {
    std::string action = {};  ///< until it was shown once
    std::string why = {};
    std::string steps = {};
    std::string error = {};
    std::optional<QueueDepth> depth = {};
  };

  static bool is_meant(const net::ServerRequest& request);
  void hear(std::string_view line);
  void look();
  ServiceView view_of(const emulator::ServiceNow& now, const ServiceView* before, Instant at);

  std::map<std::string, Heard, std::less<>> heard_ = {};  ///< by cluster and service
  std::shared_ptr<const FleetStatus> status_ = std::make_shared<FleetStatus>();
  const emulator::Emulator* emulator_ = nullptr;
  page::LivePage page_;
  net::Timer look_;
};

}  // namespace scaler::cli
