"""PAUSED=true: the scaler looks, decides and remembers, and changes nothing; its log tells what it
would have done.
"""

import json
import re
import time

from support import TARGET, wait_until

PASSES = 4


def test_a_paused_scaler_remembers_and_touches_nothing(start_job, ecs_scaler, run_program,
                                                       tmp_path):
    job = start_job(env=["PAUSED=true"], schedule="0s", work_time="1h")
    ecs, names = job.emulator.aws.ecs, {"cluster": job.emulator.cluster}
    service, = ecs.describe_services(**names, services=[job.emulator.service])["services"]

    def tag():
        tags = ecs.list_tags_for_resource(resourceArn=service["serviceArn"])["tags"]
        return [each["value"] for each in tags if each["key"] == "ecs-scaler:state"]

    job.update_mapping(Enabled=False)
    job.emulator.send(4)
    for _ in range(PASSES):
        job.tick_the_clock()
    assert job.emulator.tasks()[0] == 0
    job.emulator.aws.sqs.purge_queue(QueueUrl=job.emulator.queue_url)
    ecs.update_service(**names, service=job.emulator.service, desiredCount=1)
    wait_until(lambda: job.tick_the_clock() and tag(), what="a look that is remembered")

    assert job.emulator.tasks()[0] == 1
    assert job.function_key not in job.status()["api_calls"].get("UpdateService", {})
    lines = [line for line in job.function_lines() if line["message"] == "pass"]
    seen = [line["record"]["decision"] for line in lines]
    assert {decision["steps"][-1]["note"] for decision in seen} == {"paused: hold"}
    assert [decision["demand"] for decision in seen[:PASSES]] == [TARGET] * PASSES

    (tmp_path / "policy.json").write_text(json.dumps({"scale_up_target": TARGET}))
    (tmp_path / "shadow.log").write_text("".join(
        json.dumps(line) + "\n" for line in lines))
    told = run_program([ecs_scaler, "simulate", "--trace", tmp_path / "shadow.log",
                        "--policy", tmp_path / "policy.json"])
    assert told.code == 0, told.output()
    assert f"it would have wanted more tasks in {PASSES}" in told.stdout()
    assert f"0 -> {TARGET}, really 0: at zero with 4 messages" in told.stdout()


def test_what_was_remembered_counts_when_it_takes_over(start_job, ecs_scaler, run_program):
    """The wait for zero has run while paused; another process knows of it in its first pass."""
    job = start_job(threshold_minutes=0.05, env=["PAUSED=true"], schedule="0s")
    job.update_mapping(Enabled=False)
    ecs = job.emulator.aws.ecs
    ecs.update_service(desiredCount=2, cluster=job.emulator.cluster, service=job.emulator.service)
    wait_until(lambda: job.emulator.tasks() == (2, 2), what="two tasks of somebody else")
    wait_until(lambda: any("observations -> 0" in step["note"] for step in
                           job.tick_the_clock()["body"]["steps"]), interval=0.3,
               what="the end of the wait for zero")
    time.sleep(1)  # the tag counts in whole seconds
    assert job.emulator.tasks() == (2, 2)

    taken_over = run_program([ecs_scaler, "once", "--dry-run"], env={
        "SQS_QUEUE_URL": job.emulator.queue_url, "ECS_CLUSTER_NAME": job.emulator.cluster,
        "ECS_SERVICE_NAME": job.emulator.service, "SCALE_DOWN_THRESHOLD": "0.05",
        "BUSY_WINDOW": "1", "AWS_ENDPOINT_URL": job.emulator.endpoint})

    assert taken_over.code == 0, taken_over.output()
    assert re.search(r"empty for [3-9]\.\d s in [2-9] observations -> 0", taken_over.stdout())
