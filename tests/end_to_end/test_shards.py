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

    def __init__(self, start_job):
        self.job = start_job(
            env=["FLEET=tags", "WAKE=false", f"FLEET_SHARD_QUEUE_URL={QUEUES}shards",
                 f"FLEET_SHARD_SERVICES={PART}", "TICK_SECONDS=5", "METRICS=emf:Errors"],
            tick_queue="ticks", schedule="24h", no_workers=True)
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
        for i in range(SERVICES):
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
