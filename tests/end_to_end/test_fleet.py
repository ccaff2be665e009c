"""A fleet file against the embedded AWS: several services, several queues, weights."""

import json

import pytest


@pytest.fixture
def fleet(emulator, run_program, ecs_scaler, tmp_path):
    """Three services; `fleet.once()` runs one pass over them and gives its records by name."""
    running = emulator(service="one", queue="one", task_start="100ms")
    ecs, sqs = running.aws.ecs, running.aws.sqs
    for name in ("two", "three"):
        ecs.create_service(cluster="test", serviceName=name, desiredCount=0,
                           taskDefinition=ecs.describe_services(
                               cluster="test", services=["one"])["services"][0]["taskDefinition"])
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"]
            for name in ("two-a", "two-b", "three")}
    urls["one"] = running.queue_url
    urls["gone"] = urls["three"].replace("/three", "/gone")
    path = tmp_path / "fleet.yaml"
    path.write_text(f"""
defaults: {{mode: backlog, backlog_per_task: 10, tasks_max: 50, busy_window: 0}}
services:
  - {{cluster: test, service: one, queues: [{urls["one"]}], policy: {{backlog_per_task: 2}}}}
  - cluster: test
    service: two
    queues: [{urls["two-a"]}, {{url: {urls["two-b"]}, weight: 5}}]
  - {{cluster: test, service: three, queues: [{urls["three"]}, {urls["gone"]}]}}
""")

    class Fleet:
        emulator = running

        def send(self, queue, count):
            for _ in range(count):
                sqs.send_message(QueueUrl=urls[queue], MessageBody="{}")

        def once(self, *flags):
            process = run_program(
                [ecs_scaler, "once", "--config", path, "--output", "json", *flags],
                env={"AWS_ENDPOINT_URL": running.endpoint})
            records = [json.loads(line) for line in process.stdout().splitlines()]
            return process.code, {record["service_name"]: record for record in records}

        def desired(self):
            services = ecs.describe_services(cluster="test", services=["one", "two", "three"])
            return {s["serviceName"]: s["desiredCount"] for s in services["services"]}

        def set_desired(self, service, count):
            ecs.update_service(cluster="test", service=service, desiredCount=count)

    return Fleet()


def test_each_service_gets_what_its_queues_need(fleet):
    fleet.send("one", 3)
    fleet.send("two-a", 4)
    fleet.send("two-b", 4)
    fleet.send("three", 1)

    code, records = fleet.once()

    # 3 at 2 a task; 4 + 4 x 5 at 10 a task; 1 at 10 a task, though a queue of its two is gone.
    assert fleet.desired() == {"one": 2, "two": 3, "three": 1}
    assert code == 1, "a queue that is gone is a failure that shows"
    assert "partial" in [step["rule"] for step in records["three"]["decision"]["steps"]]


def test_half_of_the_queues_read_never_scales_in(fleet):
    fleet.set_desired("three", 5)
    fleet.set_desired("two", 5)
    fleet.send("two-a", 11)
    fleet.send("three", 1)

    fleet.once()
    assert fleet.desired() == {"one": 0, "two": 5, "three": 5}, "the first look is not enough"
    fleet.once()

    assert fleet.desired() == {"one": 0, "two": 2, "three": 5}


def test_a_dry_run_changes_nothing(fleet):
    fleet.send("one", 3)

    _, records = fleet.once("--dry-run")

    assert records["one"]["decision"]["desired"] == 2
    assert records["one"]["outcome"] == "held"
    assert fleet.desired()["one"] == 0
