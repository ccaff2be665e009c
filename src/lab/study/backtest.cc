#include "lab/study/backtest.h"

#include "scaler/core/decide.h"

namespace scaler::study {

report::Replay backtest(const Policy& policy, const std::vector<trace::JournalPass>& passes) {
  report::Replay result;
  ServiceState state;
  for (const trace::JournalPass& pass : passes) {
    // What another policy sees as set by somebody is what the real one did: no manual change.
    state.last_set = pass.observation.service.desired;
    const Decision decision = decide(policy, state, pass.observation);
    const Outcome outcome = decision.action == Action::Hold ? Outcome::Held : Outcome::Applied;
    state = advance(state, policy, decision, outcome);
    ++result.passes;
    if (decision.desired == pass.desired) {
      continue;
    }
    ++(decision.desired > pass.desired ? result.more : result.fewer);
    result.differences.push_back({.at = pass.observation.at,
                                  .seen = pass.observation.service.desired,
                                  .really = pass.desired,
                                  .would = decision.desired,
                                  .because = decision.steps.size() > 0
                                                 ? explain(decision.steps.back())
                                                 : std::string("hold")});
  }
  return result;
}

}  // namespace scaler::study
