"""A fleet whose queues wake it, through the emulator with the real `bootstrap`: which mappings are
switched, what a wake asks for, and what becomes of its messages.
"""

import json
import time

import pytest
from support import TARGET, wait_until
from test_fleet_by_tags import Team

SERVICES = [f"s{i:02}" for i in range(11)]
MAPPED = SERVICES[:5]
QUIET = {"schedule": "0s", "no_workers": True}
SCHEDULE = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


class WokenFleet:
    """The function, services and the mappings on their queues; the schedule is the test's to call.

    The mapping on the emulator's own job queue stands, too: of that no service of the fleet is.
    """

    def __init__(self, start_job, services=SERVICES, mapped=MAPPED, env=("FLEET=tags", "WAKE=true"),
                 tag=True, **options):
        self.job = start_job(env=[*env], **{**QUIET, **options})
        self.aws = self.job.emulator.aws
        self.team = Team(self.aws)
        for name in services:
            self.team.add(name)
            if tag:
                self.team.tag(name, queue=f"jobs-{name}")
        self.uuids = {name: self.map(name) for name in mapped}
        self.wait_for("Disabled")  # What is being created is left to a later pass.

    def arn_of(self, url):
        return self.aws.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def map(self, name, function="ecs-scaler"):
        url = self.team.urls[name]
        uuid = self.aws.lambda_.create_event_source_mapping(
            EventSourceArn=self.arn_of(url), FunctionName=function, BatchSize=10,
            Enabled=False, FunctionResponseTypes=["ReportBatchItemFailures"])["UUID"]
        # A message of a failed wake comes back after this time.
        self.aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
        return uuid

    def schedule(self):
        """The errors of one scheduled pass, "" when there are none."""
        answer, failed = self.job.invoke(SCHEDULE)
        return answer["errorMessage"] if failed else ""

    def state(self, name):
        return self.aws.lambda_.get_event_source_mapping(UUID=self.uuids[name])["State"]

    def wait_for(self, state, names=None, timeout=30):
        for name in self.uuids if names is None else names:
            wait_until(lambda: self.state(name) == state, timeout, what=f"{name} {state}")

    def send(self, name, count=1):
        for _ in range(count):
            self.aws.sqs.send_message(QueueUrl=self.team.urls[name], MessageBody="work")

    def calls(self, operation):
        return self.job.status()["api_calls"].get(operation, {}).get(self.job.function_key, 0)

    def depth(self, name):
        return sum(self.job.emulator.depth(self.team.urls[name]))

    def lines(self, words):
        return [line for line in self.job.function_lines() if words in line["message"]]


@pytest.fixture
def fleet(start_job):
    """At rest, and so every mapping of a service's is enabled."""
    made = WokenFleet(start_job)
    assert made.schedule() == ""
    made.wait_for("Enabled")
    return made


def test_the_first_message_wakes_its_service_and_nobody_else(fleet):
    looked = fleet.calls("DescribeServices")
    for name in MAPPED:
        began = time.monotonic()
        fleet.send(name)
        wait_until(lambda: fleet.team.desired(name) == TARGET, timeout=10, interval=0.02,
                   what=f"tasks of {name}")
        print(f"{name}: {1000 * (time.monotonic() - began):.0f} ms")
        assert time.monotonic() - began < 3  # With sanitizers; the message's way included.
    fleet.wait_for("Disabled")

    asleep = [name for name in SERVICES if name not in MAPPED]
    assert all(fleet.team.desired(name) == 0 for name in asleep)
    assert fleet.calls("DescribeServices") - looked <= 3 * len(MAPPED)
    assert fleet.job.status()["lambda"]["errors"] == 0
    wait_until(lambda: all(fleet.depth(name) == 1 for name in MAPPED), what="the messages back")


def test_a_fleet_at_rest_costs_one_list_a_pass(fleet):
    told = [line for line in fleet.lines("no service of the fleet has the queue")]
    assert [line["service"] for line in told] == ["arn:aws:sqs:us-east-1:000000000000:jobs"]
    before = {name: fleet.calls(name) for name in (
        "ListEventSourceMappings", "UpdateEventSourceMapping", "GetEventSourceMapping")}
    for _ in range(3):
        assert fleet.schedule() == ""
    assert fleet.calls("ListEventSourceMappings") - before["ListEventSourceMappings"] == 3
    for name in ("UpdateEventSourceMapping", "GetEventSourceMapping"):
        assert fleet.calls(name) == before[name]
    fleet.job.invoke({})  # Who does not wake asks for no mapping.
    assert fleet.calls("ListEventSourceMappings") - before["ListEventSourceMappings"] == 3
    assert len(fleet.lines("no service of the fleet has the queue")) == 1
    pages = list(fleet.aws.lambda_.get_paginator("list_event_source_mappings").paginate(
        PaginationConfig={"PageSize": 4}))
    assert [len(page["EventSourceMappings"]) for page in pages] == [4, 2]


def test_who_wakes_a_service_otherwise_switches_its_mapping_off(start_job):
    fleet = WokenFleet(start_job)
    fleet.schedule()
    fleet.wait_for("Enabled")
    fleet.aws.lambda_.update_event_source_mapping(UUID=fleet.uuids["s01"], Enabled=False)
    fleet.wait_for("Disabled", ["s01"])
    fleet.send("s01")
    fleet.send("s10")  # Without a mapping.
    answer, failed = fleet.job.invoke({})
    assert not failed, answer
    assert (fleet.team.desired("s01"), fleet.team.desired("s10")) == (TARGET, TARGET)
    assert fleet.state("s00") == "Enabled" and fleet.state("s01") == "Disabled"


def test_a_queue_that_is_unfit_harms_nobody_else(start_job):
    fleet = WokenFleet(start_job)
    url = fleet.team.urls["order"] = fleet.aws.sqs.create_queue(
        QueueName="order.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    fleet.uuids["order"] = fleet.map("order")
    fleet.wait_for("Disabled")
    fleet.team.tag("s10", queue=url)
    dead = fleet.arn_of(fleet.aws.sqs.create_queue(QueueName="dead")["QueueUrl"])
    fleet.aws.sqs.set_queue_attributes(QueueUrl=fleet.team.urls["s00"], Attributes={
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 4})})
    fleet.aws.lambda_.update_event_source_mapping(UUID=fleet.uuids["s01"], FunctionResponseTypes=[])
    fleet.wait_for("Disabled")

    errors = fleet.schedule()

    assert "order.fifo is FIFO" in errors
    assert "s00 (us-east-1, 000000000000): it is to be woken, but maxReceiveCount of" in errors
    assert f"mapping {fleet.uuids['s01']} lacks ReportBatchItemFailures" in errors
    fleet.wait_for("Enabled", ["s02", "s03", "s04"])
    fleet.wait_for("Disabled", ["order", "s00", "s01"])
    fleet.send("s02")
    wait_until(lambda: fleet.team.desired("s02") == TARGET, timeout=10, what="tasks of s02")


def test_messages_of_nobodys_queue_go_back_and_their_mapping_is_switched_off(fleet):
    fleet.job.update_mapping(Enabled=True)
    fleet.job.emulator.send(2)

    wait_until(lambda: fleet.job.status()["lambda"]["errors"] >= 1, what="the failed wake")
    fleet.job.wait_for_mapping("Disabled")

    assert fleet.job.mapping()["deleted"] == 0
    assert sum(fleet.job.emulator.depth()) == 2
    assert all(fleet.team.desired(name) == 0 for name in SERVICES)
    assert all(fleet.state(name) == "Enabled" for name in MAPPED)
    assert any("arn:aws:sqs:us-east-1:000000000000:jobs came, which is the job queue of no service"
               in json.dumps(line) for line in fleet.job.function_lines())


def test_a_wake_in_a_process_that_knows_nobody_asks_for_its_service_alone(start_job):
    fleet = WokenFleet(start_job, services=[f"s{i:02}" for i in range(60)])
    fleet.aws.lambda_.update_event_source_mapping(UUID=fleet.uuids["s03"], Enabled=True)
    fleet.wait_for("Enabled", ["s03"])

    fleet.send("s03")
    wait_until(lambda: fleet.team.desired("s03") == TARGET, timeout=10, what="tasks of s03")
    fleet.wait_for("Disabled", ["s03"])

    assert fleet.calls("GetResources") == 1
    assert fleet.calls("DescribeServices") <= 3  # Its tags; its counts before and after.
    assert fleet.job.status()["lambda"]["errors"] == 0
    assert fleet.schedule() == ""
    assert all(fleet.team.desired(name) == 0 for name in fleet.team.arns if name != "s03")


def test_a_mapping_left_on_by_a_killed_wake_is_put_right_by_the_schedule(fleet):
    fleet.job.fault("UpdateEventSourceMapping", "hang", 1)
    fleet.job.harm("crash", 1, delay=1)
    fleet.send("s02")
    wait_until(lambda: fleet.job.status()["lambda"]["errors"] == 1, what="the killed invocation")
    assert fleet.team.desired("s02") == TARGET and fleet.state("s02") == "Enabled"
    fleet.job.heal()

    assert fleet.schedule() == ""
    fleet.wait_for("Disabled", ["s02"])
    assert [fleet.state(name) for name in ("s00", "s01", "s03", "s04")] == ["Enabled"] * 4
    wait_until(lambda: fleet.depth("s02") == 1, what="the message back")


def test_a_doubled_wake_and_a_lost_answer_change_nothing(fleet):
    fleet.job.harm("duplicate", 2)
    fleet.job.fault("UpdateEventSourceMapping", "lost", 1)
    fleet.send("s00", 3)
    fleet.send("s01", 3)
    wait_until(lambda: fleet.team.desired("s00") == fleet.team.desired("s01") == TARGET,
               timeout=10, what="tasks of both")
    fleet.wait_for("Disabled", ["s00", "s01"])
    wait_until(lambda: fleet.depth("s00") == fleet.depth("s01") == 3, what="the messages back")
    assert [count for _, count in fleet.job.counts()] == [TARGET, TARGET]


def test_one_denied_mapping_leaves_the_others_their_switch(start_job):
    fleet = WokenFleet(start_job, services=SERVICES[:8])  # So few are described by every pass.
    assert fleet.schedule() == ""
    fleet.wait_for("Enabled")
    for name in ("s00", "s01"):
        fleet.team.aws.ecs.update_service(cluster="test", service=name, desiredCount=1)
    fleet.job.fault("UpdateEventSourceMapping", "denied", 1)
    errors = fleet.schedule()
    assert "AccessDenied" in errors and "test/" in errors
    wait_until(lambda: sorted((fleet.state("s00"), fleet.state("s01"))) == ["Disabled", "Enabled"],
               what="the one that was not denied")
    assert fleet.schedule() == ""
    fleet.wait_for("Disabled", ["s00", "s01"])


def test_mappings_of_an_alias_are_found_whatever_the_schedule_invokes(start_job):
    fleet = WokenFleet(start_job, mapped=["s00"])
    version = fleet.aws.lambda_.publish_version(FunctionName="ecs-scaler")["Version"]
    fleet.aws.lambda_.create_alias(FunctionName="ecs-scaler", Name="live", FunctionVersion=version)
    fleet.uuids["s01"] = fleet.map("s01", function="ecs-scaler:live")
    fleet.wait_for("Disabled")
    assert fleet.schedule() == ""
    fleet.wait_for("Enabled")
    fleet.send("s01")
    wait_until(lambda: fleet.team.desired("s01") == TARGET, timeout=10, what="tasks of s01")
    fleet.wait_for("Disabled", ["s01"])


def test_a_file_says_who_is_woken(start_job, tmp_path):
    url = "https://sqs.us-east-1.amazonaws.com/000000000000/jobs-"
    services = [{"cluster": "test", "service": name, "queues": [url + name], **more}
                for name, more in (("s00", {"wake": True}), ("s01", {}), ("s02", {"wake": False}))]
    for wake, on in (("true", ["s00", "s01"]), ("false", ["s00"])):
        file = tmp_path / f"{wake}.json"
        file.write_text(json.dumps({"services": services}))
        fleet = WokenFleet(start_job, services=SERVICES[:3], mapped=SERVICES[:3], tag=False,
                           env=[f"FLEET={file}", f"WAKE={wake}"])
        assert fleet.schedule() == ""
        fleet.wait_for("Enabled", on)
        assert all(fleet.state(name) == "Disabled" for name in SERVICES[:3] if name not in on)
    fleet.send("s00")
    wait_until(lambda: fleet.team.desired("s00") == TARGET, timeout=10, what="tasks of s00")


def test_a_service_that_says_it_is_woken_and_has_no_mapping_is_told(start_job):
    fleet = WokenFleet(start_job, mapped=MAPPED[:1])
    fleet.team.tag("s09", wake="true")
    fleet.team.tag("s00", wake="false")
    errors = fleet.schedule()
    assert "test/" in errors
    assert ("no event source mapping on arn:aws:sqs:us-east-1:000000000000:jobs-s09 delivers to"
            in errors)
    assert fleet.state("s00") == "Disabled"
    assert len(errors.splitlines()) == 1


def test_each_shard_follows_the_mappings_of_its_own_services(start_job):
    queues = "https://sqs.us-east-1.amazonaws.com/000000000000/"
    fleet = WokenFleet(start_job, tick_queue="ticks", schedule="24h", env=[
        "FLEET=tags", "WAKE=true", f"FLEET_SHARD_QUEUE_URL={queues}shards",
        "FLEET_SHARD_SERVICES=4", "TICK_SECONDS=59"])
    shards = fleet.aws.sqs.create_queue(QueueName="shards", Attributes={
        "VisibilityTimeout": "120", "MessageRetentionPeriod": "60"})["QueueUrl"]
    fleet.aws.lambda_.create_event_source_mapping(
        EventSourceArn=fleet.arn_of(shards), FunctionName="ecs-scaler", BatchSize=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 4})
    wait_until(lambda: fleet.job.mapping("shards")["state"] == "Enabled", what="the shards")
    assert fleet.schedule() == ""
    fleet.wait_for("Enabled")
    fleet.send("s04")
    wait_until(lambda: fleet.team.desired("s04") == TARGET, timeout=10, what="tasks of s04")
    fleet.wait_for("Disabled", ["s04"])
    assert fleet.job.mapping("shards")["returned"] == 0
    assert not fleet.lines("no service of the fleet has the queue")


def test_doctor_judges_the_mappings_of_the_fleets_function(fleet, run_program, ecs_scaler):
    def findings():
        process = run_program([ecs_scaler, "doctor", "--fleet", "tags", "--function", "ecs-scaler",
                               "--output", "json"],
                              env={"AWS_ENDPOINT_URL": fleet.job.emulator.endpoint, "WAKE": "true"})
        return [(one["severity"], one["seen"]) for one in json.loads(process.stdout())["findings"]
                if "mapping" in one["seen"]]

    fleet.job.update_mapping(Enabled=False)
    assert [severity for severity, _ in findings()] == ["note"]  # That on nobody's queue is off.
    fleet.aws.ecs.update_service(cluster="test", service="s00", desiredCount=2)
    fleet.team.tag("s09", wake="true")
    fleet.job.update_mapping(Enabled=True)
    found = findings()
    assert [severity for severity, _ in found] == ["problem", "problem", "risk"]
    assert "to be woken, but the function has no event source mapping" in found[1][1] + found[0][1]
    assert "wants 2 tasks" in found[2][1]
