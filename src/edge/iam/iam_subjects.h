#pragma once
// What passes look at and change, as ARNs, and the statements that allow it: of one service, of
// those of a document, and of those that are found by their tags.

#include <string>
#include <vector>

#include "edge/iam/iam_arns.h"
#include "edge/iam/iam_policy.h"
#include "scaler/fleet/service_tags.h"

namespace scaler {

struct IamSubjects {
  std::vector<std::string> queues = {};
  std::vector<std::string> services = {};
  /// Whose tasks' protection is read; empty: nobody's.
  std::vector<std::string> clusters = {};
  std::vector<std::string> tasks = {};
  bool patterns = false;  ///< the clusters are some

  void add(const ServiceSpec& service, const Arns& arns);
  /// Every service that may be tagged: a tag may ask for protection, too.
  void add(const Ceilings& ceilings, const Arns& arns);
  /// Whose protection is read, and nothing else of them.
  void add_protected(const IamSubjects& others);
};

/// What every pass needs of services that are named.
void add_every_pass(std::vector<IamStatement>& statements, const IamSubjects& subjects);
/// Of services that carry the tag. `beside_named`: the other statements stand there, too, and no
/// name may stand twice.
void add_every_pass_by_tags(std::vector<IamStatement>& statements, const IamSubjects& subjects,
                            bool beside_named);
void add_protection(std::vector<IamStatement>& statements, const IamSubjects& subjects);

}  // namespace scaler
