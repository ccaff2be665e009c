// Where a fleet is found and who leads it: Resource Groups Tagging, the services' own tags, an
// object of S3, and the lease in DynamoDB.

#include "aws_reply.h"
#include "edge/aws/lease_table.h"
#include "edge/aws/stored_object.h"
#include "edge/aws/tagged_services.h"

namespace scaler::fuzz {

FUZZ(fleet_reply) {
  with_replies(bytes, [](aws::Client& client) {
    aws::TaggedServices directory(client);
    const std::vector<SearchedPlace> places{{}, {.region = "eu-west-1"}};
    const auto found = directory.tagged({.key = "ecs-scaler:queue"}, places, aws::soon());
    CHECK(found.size() == places.size());
    for (const ServiceDirectory::Found& place : found) {
      check_short(place.error ? place.error->message : "");
    }
  });
  with_replies(bytes, [](aws::Client& client) {
    const std::vector<ServiceId> ids{{.service = "arn:aws:ecs:us-east-1:1:service/main/worker"},
                                     {.service = "arn:aws:ecs:us-east-1:1:service/main/other"}};
    const auto tags = aws::TaggedServices(client).tags_of(ids, aws::soon());
    CHECK(tags.size() == ids.size());
    check_short(tags);
  });
  with_replies(bytes, [](aws::Client& client) {
    aws::StoredObject object(client, {.bucket = "fleets", .key = "fleet.yaml"});
    check_short(object.fetch("\"old\"", aws::soon()));
    check_short(object.fetch("", aws::soon()));
  });
  with_replies(bytes, [](aws::Client& client) {
    aws::DynamoLeaseTable table(client, {.table = "locks", .key = "scaler"});
    check_short(table.open(aws::soon()));
    check_short(table.read());
    check_short(table.release("me"));
  });
}

}  // namespace scaler::fuzz
