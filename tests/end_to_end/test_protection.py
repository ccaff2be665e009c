"""The policy that trusts the workers' own protection, against the embedded ECS."""

import json

from support import wait_until


def test_scale_in_stops_at_the_protected_tasks(emulator, run_program, ecs_scaler):
    running = emulator(task_start="100ms", task_stop="100ms", work_time="60s", workers_protect=True)
    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=4)
    wait_until(lambda: running.tasks() == (4, 4), what="four running tasks")
    running.send(2)
    wait_until(lambda: running.depth() == (0, 2, 0), what="two messages in flight")

    # 2 messages at 10 a task need 1 task, and so do those in flight at 10 a task; 2 are protected.
    environment = {
        "AWS_ENDPOINT_URL": running.endpoint, "SQS_QUEUE_URL": running.queue_url,
        "ECS_CLUSTER_NAME": "test", "ECS_SERVICE_NAME": "worker", "MODE": "backlog",
        "BACKLOG_PER_TASK": 10, "CONCURRENCY_PER_TASK": 10, "SCALE_IN_WHEN": "protected",
        "BUSY_WINDOW": 0}
    run_program([ecs_scaler, "once"], env=environment)
    assert running.tasks() == (4, 4), "the first look is not enough"
    process = run_program([ecs_scaler, "once", "--output", "json"], env=environment)

    assert process.code == 0, process.output()
    decision = json.loads(process.stdout())["decision"]
    assert (decision["action"], decision["demand"], decision["desired"]) == ("scale_in", 1, 2)
    assert decision["steps"][-1]["rule"] == "busy"
    wait_until(lambda: running.tasks() == (2, 2), what="two running tasks")
    assert running.call("status")["totals"]["killed_while_working"] == 0
    assert running.depth() == (0, 2, 0), "both messages are still worked on"
