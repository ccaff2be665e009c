#pragma once
// The home of a user whose environment names none: a service of systemd that runs as root has no
// HOME, and its profile files would be passed over in silence.

#include <string>
#include <string_view>

#include "ground/base/environment.h"

namespace scaler::identity {

/// The environment, with HOME from /etc/passwd where it is not set. The file is read without the
/// C library, of which a static program would need shared parts. A user who is not in it has none.
Environment with_home(Environment environment);

/// The home of the user with this number in the text of /etc/passwd; empty when there is none.
std::string home_in(std::string_view passwd, unsigned user);

}  // namespace scaler::identity
