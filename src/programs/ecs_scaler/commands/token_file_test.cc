#include "programs/ecs_scaler/commands/token_file.h"

#include <gtest/gtest.h>

namespace scaler::cli {
namespace {

TEST(BringsToken, AsABearerOrAsAPassword) {
  const Secret token("s3:cr/et+");
  // base64 of "someone:s3:cr/et+" and of ":s3:cr/et+"
  for (const char* const header :
       {"Bearer s3:cr/et+", "bearer s3:cr/et+",
        "Basic c29tZW9uZTpzMzpjci9ldCs=", "basic OnMzOmNyL2V0Kw==", "Basic OnMzOmNyL2V0Kw"}) {
    EXPECT_TRUE(brings_token(header, token)) << header;
  }
}

TEST(BringsToken, NothingElse) {
  const Secret token("secret");
  // base64 of "secret", of "secret:" and of "a:secret2"
  for (const char* const header :
       {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Bearer  secret", "secret",
        "Basic", "Basic ", "Basic c2VjcmV0", "Basic c2VjcmV0Og==", "Basic YTpzZWNyZXQy",
        "Basic a:secret", "Basic \x80\xff", "Digest secret"}) {
    EXPECT_FALSE(brings_token(header, token)) << header;
  }
}

}  // namespace
}  // namespace scaler::cli
