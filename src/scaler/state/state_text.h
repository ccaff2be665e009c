#pragma once
// ServiceState as the compact, versioned text that an ECS service tag can hold: letters, digits,
// space and _ . : / = + - @, with a checksum so that a damaged text is noticed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/result.h"
#include "scaler/core/state.h"

namespace scaler {

/// Tells one set of queues from another, whatever their order.
using QueuesMark = std::int64_t;
QueuesMark mark_of(std::vector<std::string_view> urls);

/// AWS allows 256 characters in a tag's value; the rest is room for what later versions remember.
inline constexpr std::size_t kStateTextLimit = 200;

/// "v3 t5h2kq e=1o:2 o=2s i=2s s=3 r=1o:9/0:4 c=1e:-2 m=5k:7 h=5k f=1 d=2s g=a:1 y=a l=rs:3000 k=8c
/// t=3 crc=0a1b2c3d". The base is the moment of the last look, in whole seconds since 1970; every
/// other instant is told in seconds before it (negative: after it); both in base 36, counts in base
/// 10. Fields that are unknown are left out. Instants are rounded to later seconds, and a history
/// that does not fit is merged: it never forgets a higher need or a change.
///   e  empty since : looks      o  last scale-out   i  last scale-in   s  last count set
///   r  recommendations          c  own changes      m  another's count h  short since
///   f  failures in a row        d  deploying since  g  queues gone     y  stray since
///   l  refused : tasks          k  tasks kept since t  looks too late
///   q  the mark of the queues that were looked at
std::string format_state(const ServiceState& state, std::optional<QueuesMark> queues = {});

/// Also reads v2 and v1, whose last look is the latest instant that they tell. Errors: Malformed
/// for a text that is damaged, foreign or of a later version, or that tells a count which no
/// service can have; the caller then goes on as if nothing were known.
Result<ServiceState> parse_state(std::string_view text);

/// A state, and of which queues it tells; nothing: the text does not say.
struct SavedLooks {
  ServiceState state = {};
  std::optional<QueuesMark> queues = {};
};
/// As parse_state().
Result<SavedLooks> parse_saved(std::string_view text);

}  // namespace scaler
