// What is written of a document reads back as the same document.

#include "fuzz.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"

namespace scaler::fuzz {

FUZZ(json) {
  const auto value = json::parse(bytes);
  check_short(value);
  check_short(json::parse(bytes, "unread"));
  if (!value) {
    return;
  }
  json::Writer once;
  once.value(*value);
  const auto again = json::parse(once.text());
  CHECK(again.has_value());
  json::Writer twice;
  twice.value(*again);
  CHECK(once.text() == twice.text());
}

}  // namespace scaler::fuzz
