#include "checkup/access/checkup.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

TEST(DeadLetterUrl, LiesBesideTheQueueAlsoInAnotherAccount) {
  EXPECT_EQ(dead_letter_url("https://sqs.eu-west-1.amazonaws.com/222222222222/jobs",
                            "arn:aws:sqs:eu-west-1:222222222222:jobs-dlq"),
            "https://sqs.eu-west-1.amazonaws.com/222222222222/jobs-dlq");
  EXPECT_EQ(dead_letter_url("http://127.0.0.1:4566/000000000000/jobs.fifo",
                            "arn:aws:sqs:us-east-1:000000000000:dead.fifo"),
            "http://127.0.0.1:4566/000000000000/dead.fifo");
}

}  // namespace
}  // namespace scaler
