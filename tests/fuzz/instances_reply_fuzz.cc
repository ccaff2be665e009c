// What ECS and EC2 Auto Scaling say of the instances under a service, in JSON and XML. Whatever
// they say, nothing is negative, and an instance of which nothing is certain is not an empty one.

#include "aws_reply.h"
#include "edge/aws/auto_scaling.h"
#include "edge/aws/container_instances.h"
#include "edge/aws/instance_cloud.h"
#include "edge/aws/xml.h"

namespace scaler::fuzz {

FUZZ(instances_reply) {
  const ServiceId id{.cluster = "main", .service = "worker"};
  const GroupRequest request{.cluster = "main",
                             .provider = "gpu",
                             .services = {{.id = id,
                                           .counts = {.name = "worker", .desired = 1},
                                           .task_definitions = {"worker:1"}}}};
  with_replies(bytes, [&](aws::Client& client) {
    const auto seen = aws::InstanceCloud(client).look(request, aws::soon());
    check_short(seen);
    CHECK(!seen || (seen->desired >= 0 && seen->max >= 0));
  });
  with_replies(bytes, [&](aws::Client& client) {
    aws::AutoScaling groups(client);
    const aws::GroupId group{.region = "us-east-1", .name = "gpu"};
    const auto described = groups.describe(group, aws::soon());
    check_short(described);
    CHECK(!described || described->desired >= 0);
    check_short(groups.activities(group, aws::soon()));
    check_short(groups.count_policies(group, aws::soon()));
  });
  with_replies(bytes, [&](aws::Client& client) {
    aws::ContainerInstances instances(client, id);
    check_short(instances.provider("gpu", aws::soon()));
    check_short(instances.all(aws::soon()));
    check_short(instances.tasks_on("arn:aws:ecs:us-east-1:1:container-instance/main/a",
                                   aws::ContainerInstances::To::Run, aws::soon()));
    check_short(instances.daemons(aws::soon()));
    check_short(instances.need_of("worker:1", aws::soon()));
  });
  check_short(aws::parse_xml(bytes));
  check_short(aws::parse_group_arn(bytes));
  aws::parse_mark(bytes);
}

}  // namespace scaler::fuzz
