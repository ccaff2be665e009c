"""Services that say by their tags how they are to be scaled, on the embedded AWS and on moto."""

import json

import pytest

from support import open_url, wait_until

POLICY = "mode=backlog backlog_per_task=10 busy_window=0 tasks_max="


class Team:
    """Services with a queue each, made by boto3."""

    def __init__(self, aws, cluster="test"):
        self.aws, self.cluster, self.arns, self.urls = aws, cluster, {}, {}

    def add(self, name, messages=0, needs=()):
        url = self.urls[name] = self.aws.sqs.create_queue(QueueName=f"jobs-{name}")["QueueUrl"]
        definition = self.aws.ecs.register_task_definition(
            family=f"worker-{name}", containerDefinitions=[
                {"name": "worker", "image": "worker", "memory": 128,
                 "resourceRequirements": list(needs),
                 "environment": [{"name": "SQS_QUEUE_URL", "value": url}]}])
        service = self.aws.ecs.create_service(
            cluster=self.cluster, serviceName=name, desiredCount=0,
            taskDefinition=definition["taskDefinition"]["taskDefinitionArn"])["service"]
        self.arns[name] = service["serviceArn"]
        for i in range(messages):
            self.aws.sqs.send_message(QueueUrl=url, MessageBody=str(i))
        return self

    def tag(self, name, **tags):
        self.aws.ecs.tag_resource(resourceArn=self.arns[name], tags=[
            {"key": f"ecs-scaler:{key}", "value": value} for key, value in tags.items()])

    def desired(self, name):
        return self.aws.ecs.describe_services(
            cluster=self.cluster, services=[name])["services"][0]["desiredCount"]

    def tags(self, name):
        tags = self.aws.ecs.list_tags_for_resource(resourceArn=self.arns[name])["tags"]
        return {tag["key"]: tag["value"] for tag in tags}


@pytest.fixture
def team(emulator):
    running = emulator(task_start="100ms", no_workers=True)
    made = Team(running.aws)
    made.endpoint = running.endpoint
    return made


@pytest.fixture
def scaler(team, run_program, ecs_scaler):
    def call(*words, **environment):
        return run_program([ecs_scaler, *words],
                           env={"AWS_ENDPOINT_URL": team.endpoint, **environment})

    return call


def records(process):
    return {record["service_name"].rsplit("/")[-1]: record
            for record in map(json.loads, process.stdout().splitlines())}


def test_a_tagged_service_is_scaled_within_the_deployments_ceiling(team, scaler):
    for name in ("a", "b", "untagged"):
        team.add(name, messages=35)
    team.tag("a", queue="jobs-a", policy=POLICY + "20")
    team.tag("b", queue="jobs-b")

    process = scaler("once", "--fleet", "tags", "--output", "json", MODE="backlog",
                     BACKLOG_PER_TASK=10, FLEET_TASKS_MAX=2 + 18)

    assert process.code == 0, process.output()
    assert set(records(process)) == {"a", "b"}
    assert (team.desired("a"), team.desired("b"), team.desired("untagged")) == (4, 4, 0)


def test_a_wrong_tag_is_told_and_harms_nobody(team, scaler):
    for name in ("good", "wrong", "greedy"):
        team.add(name, messages=10)
    team.tag("good", queue="jobs-good", policy=POLICY + "20")
    team.tag("wrong", queue="jobs-wrong", policy="mode=nonsense")
    team.tag("greedy", queue="jobs-greedy", policy="scale_up_target=101")

    process = scaler("once", "--fleet", "tags")

    assert process.code == 1
    assert "ecs-scaler:policy: mode: 'nonsense'" in process.stderr()
    assert "scale_up_target: 101 is above this deployment's FLEET_TASKS_MAX" in process.stderr()
    assert team.arns["wrong"] in process.stderr()
    assert (team.desired("good"), team.desired("wrong"), team.desired("greedy")) == (1, 0, 0)

    shown = scaler("config", "--fleet", "tags")
    assert shown.code == 3
    assert "jobs-good" in shown.stdout() and "jobs-wrong" not in shown.stdout()


def test_config_writes_a_file_of_what_is_in_force(team, scaler, tmp_path):
    team.add("a", messages=10)
    team.tag("a", queue="jobs-a@2", policy=POLICY + "20")

    written = scaler("config", "--fleet", "tags", "--output", "json", SCALE_UP_TARGET=2)

    assert written.code == 0, written.output()
    service, = json.loads(written.stdout())["services"]
    assert service["policy"]["tasks_max"] == 20 and service["queues"][0]["weight"] == 2
    assert service["origins"]["tasks_max"] == "ecs-scaler:policy"
    assert service["origins"]["scale_up_target"] == "SCALE_UP_TARGET"
    file = tmp_path / "fleet.json"
    file.write_text(written.stdout())
    again = scaler("config", file, "--output", "json")
    assert (again.code, json.loads(again.stdout())["services"][0]["policy"]) == (
        0, service["policy"]), again.output()


def test_a_pause_holds_every_source_until_it_is_ended(team, scaler, tmp_path):
    team.add("a", messages=10)
    team.tag("a", queue="jobs-a")
    single = {"SQS_QUEUE_URL": team.urls["a"], "ECS_CLUSTER_NAME": "test", "ECS_SERVICE_NAME": "a"}
    file = tmp_path / "fleet.yaml"
    file.write_text(f"services: [{{cluster: test, service: a, queues: [{team.urls['a']}]}}]")

    paused = scaler("pause", "a", "--for", "2h", "--fleet", "tags")
    assert paused.code == 0, paused.output()
    assert team.tags("a")["ecs-scaler:pause"] in paused.stdout()

    for process in (scaler("once", **single), scaler("once", "--config", file),
                    scaler("once", "--fleet", "tags")):
        assert process.code == 0, process.output()
        assert "paused until" in process.stdout()
    assert team.desired("a") == 0

    assert scaler("resume", "--all", "--config", file).code == 0
    assert "ecs-scaler:pause" not in team.tags("a")
    assert scaler("once", **single).code == 0
    assert team.desired("a") == 1


def test_a_pause_of_all_holds_also_whose_tags_have_gone_wrong(team, scaler):
    """A scaler that runs goes on with its last good settings."""
    team.add("a", messages=10).add("wrong", messages=10)
    team.tag("a", queue="jobs-a")
    team.tag("wrong", queue="jobs-wrong", policy="mode=nonsense")

    paused = scaler("pause", "--all", "--fleet", "tags")

    assert paused.code == 1, paused.output()  # The wrong tags are told.
    assert "nonsense" in paused.stderr()
    assert "ecs-scaler:pause" in team.tags("a")
    assert "ecs-scaler:pause" in team.tags("wrong")
    scaler("resume", "wrong", "--fleet", "tags")
    assert "ecs-scaler:pause" not in team.tags("wrong")
    assert "ecs-scaler:pause" in team.tags("a")


def test_a_pause_asks_again_who_could_not_be_asked(team, scaler):
    team.add("a", messages=10)
    team.tag("a", queue="jobs-a")
    open_url(team.endpoint + "/_emulator/faults", json.dumps(
        {"operation": "GetResources", "fault": "denied", "count": 1}).encode()).close()

    paused = scaler("pause", "--all", "--fleet", "tags")

    assert paused.code == 0, paused.output()
    assert "ecs-scaler:pause" in team.tags("a")


def test_a_pause_that_names_no_service_is_refused(team, scaler):
    team.add("a")
    team.tag("a", queue="jobs-a")

    assert scaler("pause", "--fleet", "tags").code == 2
    assert scaler("pause", "a", "--all", "--fleet", "tags").code == 2
    unknown = scaler("pause", "b", "--fleet", "tags")
    assert unknown.code == 2
    assert "'b' is no service of the fleet; these are: test/a" in unknown.stderr()
    assert "ecs-scaler:pause" not in team.tags("a")


def test_one_function_serves_who_is_tagged_while_it_runs(start_job):
    job = start_job(env=["FLEET=tags", "WAKE=false"], tick_queue="ticks", schedule="2s",
                    no_workers=True)
    team = Team(job.emulator.aws).add("a", messages=20).add("wrong", messages=20)
    team.tag("wrong", queue="jobs-wrong", policy="mode=nonsense")
    team.tag("a", queue="jobs-a", policy=POLICY + "5")

    wait_until(lambda: team.desired("a") == 2, timeout=75, what="two tasks of a")

    assert team.desired("wrong") == 0
    assert job.emulator.tasks()[0] == 0  # The service of the variables carries no tag.
    wrong = wait_until(lambda: [line for line in job.function_lines()
                                if "nonsense" in line["message"]], what="the line of the pass")
    assert wrong[0]["service"] == team.arns["wrong"]
    answer, failed = job.invoke({"dry_run": True})
    assert not failed and answer["body"]["services"] == 1


def test_one_function_serves_a_file_of_its_package(start_job, tmp_path):
    file = tmp_path / "fleet.json"
    queue = "https://sqs.us-east-1.amazonaws.com/000000000000/jobs-a"
    file.write_text(json.dumps({"services": [
        {"cluster": "test", "service": "a", "queues": [queue],
         "policy": {"mode": "backlog", "tasks_max": 5}}]}))
    job = start_job(env=[f"FLEET={file}", "WAKE=false", "BACKLOG_PER_TASK=10"], tick_queue="ticks",
                    schedule="2s", no_workers=True)
    team = Team(job.emulator.aws).add("a", messages=20)

    wait_until(lambda: team.desired("a") == 2, timeout=30, what="two tasks of a")


def test_a_file_that_config_writes_says_the_same_of_those_with_tags(team, scaler, tmp_path):
    """What it said of them was left out: they were scaled by the program's own defaults."""
    for name in ("a", "gpu"):
        team.add(name, messages=35)
    team.tag("a", queue="jobs-a")
    team.tag("gpu", queue="jobs-gpu", profile="gpu")
    path = tmp_path / "fleet.json"
    path.write_text(json.dumps({
        "defaults": {"mode": "backlog", "backlog_per_task": 10, "tasks_max": 20},
        "profiles": {"gpu": {"tasks_max": 2}}, "accounts": [{"tags": True}]}))

    written = scaler("config", path, "--output", "json")
    assert written.code == 0, written.output()
    path.write_text(written.stdout())
    process = scaler("once", "--config", path)

    assert process.code == 0, process.output()
    assert (team.desired("a"), team.desired("gpu")) == (4, 2)


def test_services_are_found_on_moto(moto, run_program, ecs_scaler):
    moto.ecs.create_cluster(clusterName="test")
    team = Team(moto).add("a", messages=1).add("b")
    team.tag("a", queue="jobs-a")
    environment = {"AWS_ENDPOINT_URL": moto.endpoint}

    process = run_program([ecs_scaler, "once", "--fleet", "tags", "--output", "json"],
                          env=environment)

    assert process.code == 0, process.output()
    assert set(records(process)) == {"a"}
    assert team.desired("a") == 1


def test_tags_are_compared_with_what_a_file_says(team, scaler, tmp_path):
    team.add("a", messages=1)
    team.tag("a", queue="jobs-a", policy=POLICY + "20")
    file = tmp_path / "fleet.json"
    file.write_text(scaler("config", "--fleet", "tags", "--output", "json").stdout())

    for words in (("--fleet", "tags", "--diff", file), (file, "--diff", "tags")):
        same = scaler("config", *words)
        assert (same.code, same.stdout()) == (0, ""), same.output()
    team.tag("a", policy=POLICY + "30")
    differs = scaler("config", file, "--diff", "tags")
    assert (differs.code, "tasks_max: 20 -> 30" in differs.stdout()) == (1, True)
    team.add("wrong")
    team.tag("wrong", queue="jobs-wrong", policy="mode=nonsense")
    told = scaler("config", file, "--diff", "tags")
    assert (told.code, told.stdout()) == (2, "")
    assert "nonsense" in told.stderr()


@pytest.mark.slow  # Tags are read once a minute.
def test_a_wrong_tag_is_in_metric_and_status_until_it_is_mended(team, scaler, start_process,
                                                                ecs_scaler):
    team.add("a", messages=1).add("wrong")
    team.tag("a", queue="jobs-a")
    team.tag("wrong", queue="jobs-wrong", policy="mode=nonsense")

    looked = scaler("status", "--fleet", "tags")
    assert looked.code == 1
    assert f"{team.arns['wrong']}: ecs-scaler:policy: mode: 'nonsense'" in looked.stdout()

    running = start_process([ecs_scaler, "run", "--fleet", "tags", "--interval", "200ms",
                             "--listen", "127.0.0.1:0"], env={"AWS_ENDPOINT_URL": team.endpoint},
                            ready=lambda one: "controller started" in one.stdout())
    port = next(json.loads(line) for line in running.stdout().splitlines()
                if "controller started" in line)["metrics_port"]

    def page(path):
        with open_url(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.read().decode()

    labels = 'cluster="test",service="wrong",region="us-east-1",account="000000000000"'
    assert f"ecs_scaler_settings_problem{{{labels}}} 1\n" in page("/metrics")
    problem, = json.loads(page("/status"))["settings_problems"]
    assert problem["service"] == team.arns["wrong"] and "nonsense" in problem["message"]
    told = scaler("status", "--listen", f"127.0.0.1:{port}")
    assert (told.code, "nonsense" in told.stdout()) == (1, True)
    team.tag("wrong", policy="mode=fixed")
    wait_until(lambda: "settings_problem{" not in page("/metrics"), timeout=75,
               what="the mended tag")
    assert "settings_problems" not in json.loads(page("/status"))


def test_the_variable_fleet_means_the_same_to_every_command(team, scaler):
    team.add("a")
    team.tag("a", queue="jobs-a")
    others = {"SQS_QUEUE_URL": team.urls["a"], "ECS_CLUSTER_NAME": "test",
              "ECS_SERVICE_NAME": "worker"}

    for command in ("doctor", "status", "explain", "once", "config"):
        told = scaler(command, FLEET="tags", **others)
        assert told.code == 0, told.output()
        assert "/a" in told.stdout() and "test/worker" not in told.stdout(), told.output()
    one = scaler("doctor", "--service", "a", FLEET="tags", **others)
    assert "no function is named" in one.stdout(), one.output()


def test_a_fleet_that_cannot_be_searched_is_no_empty_one(team, scaler):
    team.add("a")
    team.tag("a", queue="jobs-a")
    where = {"AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API": "http://127.0.0.1:1",
             "AWS_MAX_ATTEMPTS": "1"}

    for command in ("status", "once", "explain", "doctor"):
        told = scaler(command, "--fleet", "tags", **where)
        assert told.code == 1, told.output()
        assert "GetResources" in told.stdout() + told.stderr(), told.output()


def test_one_service_whose_place_contradicts_the_settings_hides_no_other(team, scaler):
    for name in ("a", "far"):
        team.add(name)
    team.tag("a", queue="jobs-a")
    team.tag("far", queue="arn:aws:sqs:eu-west-1:000000000000:jobs-far")
    here = {"AWS_ENDPOINT_URL_SQS": "https://sqs.us-east-1.amazonaws.com"}

    shown = scaler("config", "--fleet", "tags", **here)
    written = scaler("config", "--fleet", "tags", "--output", "json", **here)

    assert (shown.code, written.code) == (3, 3)
    assert "jobs-far" in shown.stderr() and "sqs.us-east-1.amazonaws.com" in shown.stderr()
    assert "queue jobs-a" in shown.stdout() and "jobs-far" not in shown.stdout()
    service, = json.loads(written.stdout())["services"]
    assert service["service"].endswith("/a")
    # What no settings can reach is the tag's mistake, of which its last good settings are no part.
    team.tag("far", queue="arn:aws-cn:sqs:cn-north-1:000000000000:jobs-far")
    told = scaler("once", "--fleet", "tags")
    assert (told.code, set(team.tags("far")) & {"ecs-scaler:state"}) == (1, set())
    assert "ecs-scaler:queue: 'arn:aws-cn:sqs:cn-north-1:000000000000:jobs-far' lies in" in (
        told.stderr())
