"""One function over a fleet that is cut: 200 tagged services in parts of 50, embedded AWS."""

import collections
import datetime
import json
import random
import time

import pytest
from support import TARGET, wait_until
from test_fleet_by_tags import Team

SERVICES, PART = 200, 50
QUEUES = "https://sqs.us-east-1.amazonaws.com/000000000000/"


class CutFleet:
    """The function with its queue of shards, and the team's services, before the first schedule."""

    def __init__(self, start_job, services=SERVICES, part=PART, env=(), **options):
        self.job = start_job(
            env=["FLEET=tags", "WAKE=false", f"FLEET_SHARD_QUEUE_URL={QUEUES}shards",
                 f"FLEET_SHARD_SERVICES={part}", "TICK_SECONDS=5", "METRICS=emf:Errors", *env],
            tick_queue="ticks", schedule="24h", no_workers=True, **options)
        self.aws = self.job.emulator.aws
        self.shards = self.aws.sqs.create_queue(QueueName="shards", Attributes={
            "VisibilityTimeout": "120", "MessageRetentionPeriod": "60"})["QueueUrl"]
        arn = self.aws.sqs.get_queue_attributes(
            QueueUrl=self.shards, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.aws.lambda_.create_event_source_mapping(
            EventSourceArn=arn, FunctionName=self.job.FUNCTION, BatchSize=1,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig={"MaximumConcurrency": 4})
        self.team = Team(self.aws)
        for i in range(services):
            self.team.add(f"s{i:03}")
            self.team.tag(f"s{i:03}", queue=f"jobs-s{i:03}")

    def lines(self, message):
        return [line for line in self.job.function_lines() if line["message"] == message]

    def send(self, name):
        self.aws.sqs.send_message(QueueUrl=self.team.urls[name], MessageBody="work")


@pytest.fixture
def fleet(start_job):
    return CutFleet(start_job)


def test_each_part_is_passed_over_by_an_invocation_of_its_own(fleet):
    answer = fleet.job.tick_the_clock()
    assert answer["body"]["services"] == 0  # It looked at none itself.
    wait_until(lambda: len(fleet.lines("shard")) >= 8, timeout=90, what="two ticks of four shards")

    assert {line["shards"] for line in fleet.lines("shards ordered")} == {SERVICES // PART}
    parts = collections.defaultdict(list)
    for line in fleet.lines("shard"):
        parts[line["from"], line["before"]].append(line)
    assert len(parts) == SERVICES // PART
    for lines in parts.values():
        assert {line["ShardServices"] for line in lines} == {PART}
        assert {line["ShardUnread"] for line in lines} == {0}
        assert lines[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Place"]]

    awake = random.sample(sorted(fleet.team.arns), 5)
    began = time.monotonic()
    for name in awake:
        fleet.send(name)
    fleet.job.tick_the_clock()
    wait_until(lambda: all(fleet.team.desired(name) == TARGET for name in awake), timeout=30,
               what="a task for each of five")
    print(f"five services woke within {time.monotonic() - began:.1f} s")
    others = sorted(set(fleet.team.arns) - set(awake))
    assert all(fleet.team.desired(name) == 0 for name in random.sample(others, 20))


def test_an_order_that_is_doubled_old_or_wrong_harms_nothing(fleet):
    fleet.job.tick_the_clock()
    wait_until(lambda: len(fleet.lines("shard")) >= 4, timeout=90, what="four shards")
    name = sorted(fleet.team.arns)[70]
    fleet.send(name)
    now = datetime.datetime.now(datetime.timezone.utc)

    def order(at, **changes):
        body = {"at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "by": "tick", "place": "", "from": "",
                "before": "", "parts": 4, **changes}
        fleet.aws.sqs.send_message(QueueUrl=fleet.shards, MessageBody=json.dumps(body))

    for _ in range(3):
        order(now)
    wait_until(lambda: fleet.team.desired(name) == TARGET, timeout=30,
               what="the tasks")
    order(now - datetime.timedelta(hours=1))
    wait_until(lambda: fleet.lines("shard left out: its order is out of date"), timeout=30,
               what="the order that is left out")
    order(now, parts=0)
    wait_until(lambda: any("is no order" in line["message"] for line in
                           fleet.job.function_lines()), timeout=30, what="the wrong order")
    changes = [event for event in fleet.job.emulator.call("events")["events"]
               if event["kind"] == "desired_changed"]
    assert len(changes) == 1


class SharedGroup(CutFleet):
    """Two services of one cluster, in a shard each, whose tasks need an instance of the group."""

    def __init__(self, start_job):
        super().__init__(start_job, services=0, part=1, instances="g5.xlarge:4096:15000:1:4",
                         instance_start="1s", task_start="200ms",
                         env=["CAPACITY=own", "INSTANCE_IDLE=1", "INSTANCE_TASKS=1"])
        self.groups = self.aws.client("autoscaling")
        for name in ("a", "b"):
            self.team.add(name, needs=[{"type": "GPU", "value": "1"}])
            self.team.tag(name, queue=f"jobs-{name}",
                          policy="mode=backlog backlog_per_task=1 tasks_max=2")

    def instances(self):
        group = self.groups.describe_auto_scaling_groups()["AutoScalingGroups"][0]
        return group["DesiredCapacity"], len(group["Instances"])

    def running(self):
        return [service["runningCount"] for service in self.aws.ecs.describe_services(
            cluster="test", services=["a", "b"])["services"]]


def test_a_group_whose_services_stand_in_two_shards(start_job):
    """Each adds what its own tasks lack, and neither ends what the other may need."""
    fleet = SharedGroup(start_job)
    for name in ("a", "b"):
        fleet.send(name)
        fleet.send(name)
    fleet.job.tick_the_clock()
    wait_until(lambda: fleet.running() == [2, 2], timeout=60, what="two tasks of each")
    assert fleet.instances() == (4, 4)

    fleet.aws.sqs.purge_queue(QueueUrl=fleet.team.urls["a"])
    wait_until(lambda: fleet.running() == [0, 2], timeout=60, what="the end of one's tasks")
    passes = len(fleet.lines("shard"))
    wait_until(lambda: len(fleet.lines("shard")) >= passes + 6, timeout=60, what="three more ticks")
    assert fleet.instances() == (4, 4)
    assert fleet.running() == [0, 2]
