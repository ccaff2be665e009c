// The compiled part of {fmt}, built here once: Debian has no static archive of it, and as headers
// alone every file that formats one text would build all of it again (docs/adr/0007).
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {

// Declared `extern template` by the header.
template FMT_API thousands_sep_result<char> thousands_sep_impl(locale_ref);
template FMT_API char decimal_point_impl(locale_ref);

}  // namespace detail
FMT_END_NAMESPACE
