#pragma once
// The flags of `verify` and what its two forms, one run and the menu, share.

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "checkup/verify/verifier.h"
#include "ground/base/environment.h"
#include "programs/ecs_scaler/commands/common_options.h"

namespace scaler::cli {

enum class ReportFormat { Text, Json, JUnit };

struct VerifyFlags {
  PlaceFlags place = {};
  bool emulator = false;
  std::string lambda_path = {};  ///< with `emulator`; default: `bootstrap` beside this program
  verify::VerifyOptions options = {};
  ReportFormat format = ReportFormat::Text;
  std::string report_path = {};
  bool interactive = false;
};

/// Asks what to do until told to quit; the exit code tells whether every check passed.
int verify_menu(verify::Target& target, const verify::ScalerUnderTest& deployment,
                const verify::VerifyOptions& options, const std::stop_token& stop);

/// The report's checks as they end, on stdout; what is seen between them on stderr when it is a
/// terminal.
verify::Progress text_progress();

}  // namespace scaler::cli
