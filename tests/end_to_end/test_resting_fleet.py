"""What a fleet that rests costs in calls: its queues, and a few descriptions in turn."""

import json
import time

import pytest
from support import open_url, wait_until
from test_fleet_by_tags import Team

SERVICES, PASSES = 300, 12
TURN = 300  # Seconds in which each service at rest is described once (kDescribeEvery).


@pytest.fixture
def team(emulator):
    running = emulator(no_workers=True)
    made = Team(running.aws)
    made.running = running
    for i in range(SERVICES):
        made.add(f"s{i:03}")
        made.tag(f"s{i:03}", queue=f"jobs-s{i:03}")
    return made


def calls(team):
    counts = team.running.call("status")["api_calls"]
    return {operation: sum(callers.values()) for operation, callers in counts.items()}


def test_a_pass_over_services_at_rest_describes_few_and_wakes_who_has_messages(
        team, start_process, ecs_scaler):
    process = start_process(
        [ecs_scaler, "run", "--fleet", "tags", "--interval", "500ms", "--listen", "127.0.0.1:0"],
        env={"AWS_ENDPOINT_URL": team.running.endpoint},
        ready=lambda one: "controller started" in one.stdout())
    port = next(json.loads(line) for line in process.stdout().splitlines()
                if "controller started" in line)["metrics_port"]

    def passes():
        with open_url(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return next((int(line.rsplit(" ", 1)[1]) for line in answer.read().decode().splitlines()
                         if line.startswith("ecs_scaler_pass_duration_seconds_count")), 0)

    wait_until(lambda: passes() >= 2, timeout=60, what="the first passes")
    before, first, begin = calls(team), passes(), time.monotonic()
    wait_until(lambda: passes() >= first + PASSES, timeout=90, what="passes at rest")
    after, last, seconds = calls(team), passes(), time.monotonic() - begin

    def made(operation):
        return after.get(operation, 0) - before.get(operation, 0)

    print(f"{last - first} passes over {SERVICES} at rest in {seconds:.1f} s: "
          f"{made('GetQueueAttributes')} GetQueueAttributes, "
          f"{made('DescribeServices')} DescribeServices")
    assert made("GetQueueAttributes") < 1.2 * SERVICES * (last - first)
    # Turns come by the clock, not by the pass: a pass that a busy machine stretches takes up more.
    # On such a machine some queues answer late, too, and their services are described for that.
    turns = seconds * SERVICES / TURN
    all_of_them = SERVICES / 10 * (last - first)
    assert made("DescribeServices") < 1.5 * turns + all_of_them / 4
    team.aws.sqs.send_message(QueueUrl=team.urls["s123"], MessageBody="work")
    wait_until(lambda: team.desired("s123") == 1, timeout=20, what="the task")
