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

        def once(self, *flags, **environment):
            process = run_program(
                [ecs_scaler, "once", "--config", path, "--output", "json", *flags],
                env={"AWS_ENDPOINT_URL": running.endpoint, **environment})
            self.told = process.stderr()
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


def test_the_pauses_of_the_environment_hold_for_a_file_too(fleet):
    """PAUSED=true was dropped beside --config, and the service was scaled."""
    fleet.send("one", 3)

    for pause in ("PAUSED", "SCALE_OUT_PAUSED"):
        _, records = fleet.once(**{pause: "true", "TASKS_MAX": "1"})
        assert fleet.desired()["one"] == 0, pause
        assert records["one"]["decision"]["desired"] == 0
        told, = (line for line in fleet.told.splitlines() if "warning: " in line)
        assert "warning: TASKS_MAX is not used: " in told and "fleet.yaml says which" in told
    fleet.once(PAUSED="false")
    assert fleet.desired()["one"] == 2


def service(name, policy="", queue="jobs"):
    return (f"- {{cluster: main, service: {name}, policy: {{{policy}}}, "
            f"queues: ['https://sqs.us-east-1.amazonaws.com/123456789012/{queue}']}}")


@pytest.fixture
def diff(run_program, ecs_scaler, tmp_path):
    """diff(services, services, "--flag", ...) -> the ended program"""

    def run(before, after, *flags, environment=None):
        files = []
        for name, services in (("before", before), ("after", after)):
            files.append(tmp_path / f"{name}.yaml")
            files[-1].write_text("services:\n" + "\n".join(services))
        return run_program([ecs_scaler, "config", files[0], "--diff", files[1], *flags],
                           env=environment)

    return run


def test_diff_ends_as_diff_does(diff):
    same = diff([service("a")], [service("a", "mode: fixed")])
    assert (same.code, same.stdout(), same.stderr()) == (0, "", "")

    differs = diff([service("a"), service("old")], [service("a", "tasks_max: 7"), service("new")])
    assert (differs.code, differs.stderr()) == (1, "")
    assert differs.stdout().splitlines() == [
        "- main/old", "~ main/a", "    tasks_max: none -> 7", "+ main/new"]

    wrong = diff([service("a")], [service("a", "tasks_max: no")])
    assert (wrong.code, wrong.stdout()) == (2, "")
    assert "after.yaml" in wrong.stderr() and "tasks_max" in wrong.stderr()
    assert diff([service("a")], [service("a")], "--schema").code == 2


def test_diff_tells_machines_the_values(diff):
    told = diff([service("a", queue="x")], [service("a", "tolerance: 0.2", queue="y")],
                "--output", "json")
    changed, = json.loads(told.stdout())["changed"]
    url = "https://sqs.us-east-1.amazonaws.com/123456789012"
    assert {one["name"]: (one["before"], one["after"]) for one in changed["settings"]} == {
        f"queue {url}/x": ("weight 1", None), f"queue {url}/y": (None, "weight 1"),
        "tolerance": (0, 0.2)}


def test_the_environment_is_compared_with_a_file(run_program, ecs_scaler, tmp_path):
    (tmp_path / "fleet.yaml").write_text("services:\n" + service("a", "scale_up_target: 3"))
    one = {"ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "a",
           "SQS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"}
    compare = [ecs_scaler, "config", "--diff", tmp_path / "fleet.yaml"]

    assert run_program(compare, env={**one, "SCALE_UP_TARGET": "3"}).code == 0
    differs = run_program(compare, env=one)
    assert (differs.code, "scale_up_target: 1 -> 3" in differs.stdout()) == (1, True)
    assert run_program(compare, env={**one, "MODE": "none"}).code == 2


@pytest.fixture
def iam(run_program, ecs_scaler, tmp_path):
    def run(services, *flags):
        (tmp_path / "fleet.yaml").write_text("services:\n" + "\n".join(services))
        return run_program([ecs_scaler, "iam", "--config", tmp_path / "fleet.yaml", *flags])

    return run


def test_iam_says_when_a_fleets_policy_is_too_long_for_a_role(iam):
    few = iam([service("a"), service("b", "scale_in_when: protected")], "--output", "json")
    assert (few.code, few.stderr()) == (0, "")
    statements = {one["Sid"]: one for one in json.loads(few.stdout())["Statement"]}
    assert len(statements["ReadAndScaleService"]["Resource"]) == 2
    assert len(statements["ReadTaskProtection"]["Resource"]) == 1

    many = iam([service(f"a-service-{n}") for n in range(100)], "--output", "json")
    assert many.code == 0 and "10240" in many.stderr()
    json.loads(many.stdout())


def test_iam_of_a_fleet_names_what_is_wrong(iam):
    assert iam([service("a", "tasks_max: no")]).code == 3
    guarded = iam([service("a")], "--guard")
    assert (guarded.code, "--guard" in guarded.stderr()) == (3, True)
    own = iam([service("a"), service("b", "capacity: own")])
    assert (own.code, "note: b drives" in own.stderr()) == (0, True)
    grouped = iam([service("a"), service("b", "capacity: own")], "--group", "gpu-*")
    assert (grouped.code, grouped.stderr()) == (0, "")
    assert "EndInstances" in grouped.stdout()


@pytest.mark.parametrize("says, who", [
    ({"CAPACITY": "own"}, "a service whose tags do not say otherwise"),
    ({"FLEET_PROFILES": '{"gpu": {"capacity": "own"}}'}, "a service of the profile gpu"),
    ({"FLEET_PROFILES": '{"gpu": {"tasks_max": 3}}'}, None)], ids=str)
def test_iam_says_when_services_by_tags_need_a_group(says, who, run_program, ecs_scaler):
    environment = {"FLEET": "tags", **says}
    account = ["--account", "123456789012"]

    bare = run_program([ecs_scaler, "iam", *account], env=environment)
    assert bare.code == 0 and (f"note: {who} drives" in bare.stderr()) == (who is not None)
    assert bare.stderr().count("note:") == (who is not None)
    grouped = run_program([ecs_scaler, "iam", *account, "--group", "gpu-*"], env=environment)
    assert (grouped.code, grouped.stderr()) == (0, "")


def test_namesakes_are_told_apart_by_what_differs(run_program, ecs_scaler, tmp_path):
    def told(word, *services):
        (tmp_path / "fleet.yaml").write_text("services:\n" + "\n".join(services))
        process = run_program([ecs_scaler, "pause", word, "--config", tmp_path / "fleet.yaml"])
        assert process.code != 0 and process.stdout() == "", process.output()
        return process.stderr()

    near = service("a")
    far = ("- {cluster: main, service: a, region: eu-west-1, "
           "queues: ['https://sqs.eu-west-1.amazonaws.com/123456789012/jobs']}")
    for word in ("a", "main/a"):  # CLUSTER/SERVICE was asked of somebody who had said it.
        assert told(word, near, far).endswith(
            f"'{word}' means 2 services, main/a, main/a (eu-west-1): say which by its ARN\n")
    other = service("a").replace("main", "other")
    assert told("a", near, other).endswith(
        "'a' means 2 services, main/a, other/a: say which by CLUSTER/SERVICE or by its ARN\n")
