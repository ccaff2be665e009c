#include "scaler/core/object_names.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

TEST(ObjectNames, ReadsBucketAndKeyAsTheyAreWritten) {
  const Result<ObjectAddress> object = parse_object("s3://my.bucket-1/teams/a b%20c.json");
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(object->bucket, "my.bucket-1");
  EXPECT_EQ(object->key, "teams/a b%20c.json");
  EXPECT_EQ(url_of(*object), "s3://my.bucket-1/teams/a b%20c.json");
}

TEST(ObjectNames, RefusesWhatIsNone) {
  for (const std::string url :
       {"", "s3://", "s3:/bucket/key", "S3://bucket/key", "s3://bucket", "s3://bucket/",
        "s3:///key", "s3://ab/key", "s3://Bucket/key", "s3://my_bucket/key", "s3://-bucket/key",
        "s3://bucket-/key", "s3://a..b/key", "s3://bucket/a\nb", "s3://bu cket/key",
        "s3://arn:aws:s3:us-east-1:123456789012:accesspoint/a/b", "https://bucket/key"}) {
    EXPECT_FALSE(parse_object(url).has_value()) << url;
  }
  EXPECT_FALSE(parse_object("s3://" + std::string(64, 'a') + "/key").has_value());
  EXPECT_FALSE(parse_object("s3://bucket/" + std::string(1025, 'k')).has_value());
  EXPECT_TRUE(parse_object("s3://bucket/" + std::string(1024, 'k')).has_value());
}

}  // namespace
}  // namespace scaler
