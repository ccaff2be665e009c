#include "watch/page/document.h"

#include <gtest/gtest.h>

namespace scaler::page {
namespace {

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(Document, IsOneFileThatRefersToNothing) {
  EXPECT_TRUE(document().starts_with("<!DOCTYPE html>"));
  EXPECT_EQ(count(document(), "/*script*/"), 0U);
  EXPECT_EQ(count(document(), "/*style*/"), 0U);
  EXPECT_EQ(count(document(), "<script"), 1U);
  EXPECT_EQ(count(document(), "</script"), 1U);
  EXPECT_EQ(count(document(), "<style"), 1U);
  EXPECT_EQ(count(document(), " src="), 0U);
  EXPECT_EQ(count(document(), "@import"), 0U);
}

TEST(Document, ItsPolicyAllowsItsOwnPartsAlone) {
  EXPECT_TRUE(document_policy().starts_with("default-src 'none'; script-src 'sha256-"));
  EXPECT_EQ(count(document_policy(), "'sha256-"), 2U);
  EXPECT_EQ(count(document_policy(), "unsafe"), 0U);
  EXPECT_EQ(count(document_policy(), "http"), 0U);
}

}  // namespace
}  // namespace scaler::page
