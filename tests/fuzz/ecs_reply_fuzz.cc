#include "aws_reply.h"
#include "edge/aws/ecs.h"
#include "edge/aws/inspection.h"
#include "edge/aws/queue_history.h"
#include "edge/aws/task_protection.h"

namespace scaler::fuzz {

FUZZ(ecs_reply) {
  const std::vector<ServiceId> ids{{.cluster = "main", .service = "worker"},
                                   {.cluster = "main", .service = "other"}};
  with_replies(bytes, [&](aws::Client& client) {
    for (const auto& reading : aws::Ecs(client).describe(ids, aws::soon())) {
      check_short(reading);
      CHECK(!reading || reading->service.desired >= 0);
    }
  });
  with_replies(bytes, [&](aws::Client& client) {
    check_short(aws::protected_tasks(client, ids.front(), aws::soon()));
  });
  with_replies(bytes, [&](aws::Client& client) {
    check_short(aws::service_details(client, ids.front(), aws::soon()));
    check_short(aws::scalable_target(client, ids.front(), aws::soon()));
    check_short(aws::container_instances(client, ids.front(), aws::soon()));
  });
  with_replies(bytes, [&](aws::Client& client) {
    const Instant now(std::chrono::days(20'000));
    check_short(aws::queue_history(client, {.queue = "jobs", .days = 1}, now, [](double) {}));
  });
}

}  // namespace scaler::fuzz
