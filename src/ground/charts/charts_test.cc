#include "ground/charts/charts.h"

#include <string_view>

#include <gtest/gtest.h>

namespace scaler::charts {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST(Charts, TheScriptHasTheLibraryAndItsLicence) {
  EXPECT_TRUE(has(script(), "Permission is hereby granted, free of charge"));
  EXPECT_TRUE(has(script(), "Dan Vanderkam"));
  EXPECT_TRUE(has(script(), "Dygraph"));
}

TEST(Charts, NothingInItEndsItsElementOrRefersToOtherFiles) {
  for (const std::string_view text : {std::string_view(script()), std::string_view(style())}) {
    EXPECT_FALSE(has(text, "</script"));
    EXPECT_FALSE(has(text, "</style"));
    EXPECT_FALSE(has(text, "sourceMappingURL"));
    EXPECT_FALSE(has(text, "url("));
    EXPECT_FALSE(has(text, "@import"));
    EXPECT_FALSE(has(text, "src="));
    EXPECT_FALSE(has(text, "href="));
    EXPECT_FALSE(has(text, "http"));
  }
}

}  // namespace
}  // namespace scaler::charts
