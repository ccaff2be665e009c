#pragma once
// The flags of `verify` and what its forms share: one service, a fleet, the menu.

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "checkup/verify/verifier.h"
#include "ground/base/environment.h"
#include "ground/base/log.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "scaler/core/policy.h"

namespace scaler::cli {

enum class ReportFormat { Text, Json, JUnit };

struct VerifyFlags {
  PlaceFlags place = {};
  FleetChoice choice = {};
  bool emulator = false;
  std::string lambda_path = {};  ///< with `emulator`; default: `bootstrap` beside this program
  verify::VerifyOptions options = {};
  ReportFormat format = ReportFormat::Text;
  std::string report_path = {};
  bool interactive = false;
};

/// The scaler's function as its configuration tells of it; without a name there is none.
struct DeployedFunction {
  std::string name = {};
  Environment variables = {};
};

/// What the function's variables say of it, as bootstrap reads them; nothing without a function.
/// Errors: Malformed.
Result<void> read_settings(const DeployedFunction& function, verify::ScalerUnderTest& deployment);

/// What the policy wants for one message on the first queue, and no task. Without weights there is
/// one queue.
std::int64_t tasks_for_one(const Policy& policy, std::span<const Millionths> weights = {});

/// Many services, and the words by which they are found.
struct FleetWish {
  Environment settings = {};
  FleetChoice choice = {};
};
/// Which fleet flags, environment and function mean; nothing when they mean one service.
/// Errors: Malformed where they contradict each other, or the fleet's file is not here.
Result<std::optional<FleetWish>> wished_fleet(const Environment& own, const VerifyFlags& flags,
                                              const DeployedFunction& function);

/// In what and for whom a fleet is verified.
struct FleetSurroundings {
  const Environment& environment;
  const VerifyFlags& flags;
  const DeployedFunction& function;
  const std::stop_token& stop;
  const Log& log;
};
/// Every service by itself, some at the same time; the exit code tells whether all of them passed.
int verify_fleet(const FleetWish& wish, const FleetSurroundings& around);

/// The report in one of its forms.
template <typename Report>
std::string formatted(const Report& report, ReportFormat format) {
  switch (format) {
    case ReportFormat::Text:
      return verify::text_of(report);
    case ReportFormat::Json:
      return verify::json_of(report);
    case ReportFormat::JUnit:
      return verify::junit_of(report);
  }
  return "";
}
/// Whether the checks are told while they run, in text.
bool is_aloud(const VerifyFlags& flags);
/// Puts the report where the flags want it; where it was told aloud, the summary closes it.
Result<void> tell(const std::string& summary, const std::string& report, const VerifyFlags& flags);

/// Asks what to do until told to quit; the exit code tells whether every check passed.
int verify_menu(verify::Target& target, const verify::ScalerUnderTest& deployment,
                const verify::VerifyOptions& options, const std::stop_token& stop);

/// The report's checks as they end, on stdout; what is seen between them on stderr when it is a
/// terminal.
verify::Progress text_progress();

}  // namespace scaler::cli
