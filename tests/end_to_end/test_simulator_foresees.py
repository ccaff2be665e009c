"""The simulator against `bootstrap` on the emulator, in real time: the same decisions at the same
seconds. Tolerance: 1 s, a third of the time between two passes."""

import datetime
import json
import time

import pytest

from support import instant, wait_until

TOLERANCE = 1.0
SCENARIO = {
    "policy": {"mode": "backlog", "backlog_per_task": 5, "tasks_max": 20,
               "scale_down_threshold": 7.5, "scale_out_cooldown": 8, "busy_window": 5},
    "schedule": 3, "task_start": 2.4, "task_stop": 1, "work_time": 3.9,
    "messages": [[1.5, 12], [4.5, 20], [25.5, 29]], "length": 75,
}
SENT = sum(count for _, count in SCENARIO["messages"])


@pytest.fixture
def foreseen(bin_dir, run_program):
    out = run_program([bin_dir / "sim_changes", json.dumps(SCENARIO)]).stdout()
    return [json.loads(line) for line in out.splitlines()]


def start_as_in(scenario, start_job):
    policy = scenario["policy"]
    env = [f"{name.upper()}={value}" for name, value in policy.items()
           if name != "scale_down_threshold"]
    times = {name: f"{scenario[name]}s"
             for name in ("schedule", "task_start", "task_stop", "work_time")}
    return start_job(threshold_minutes=policy["scale_down_threshold"] / 60,
                     env=[*env, "WAKE=false"], **times)


def send_as_in(scenario, job):
    """The scenario begins with a pass of the schedule; returns when the first message was sent."""
    line = wait_until(job.function_lines, what="the first pass")[0]
    began = instant({"at": line["timestamp"]})
    for after, count in scenario["messages"]:
        until = began + datetime.timedelta(seconds=after)
        time.sleep(max(0, (until - datetime.datetime.now(datetime.UTC)).total_seconds()))
        job.emulator.send(count)
    sent = [event for event in job.emulator.call("events")["events"]
            if event["kind"] == "message_sent"]
    return instant(sent[0])


def test_the_same_decisions_at_the_same_seconds(start_job, foreseen):
    assert [change["desired"] for change in foreseen] == [3, 6, 8, 1, 0]
    job = start_as_in(SCENARIO, start_job)

    sent = send_as_in(SCENARIO, job)
    job.wait_until_processed(SENT)
    job.wait_until_asleep()

    begin = sent - datetime.timedelta(seconds=SCENARIO["messages"][0][0])
    made = [{"after": (at - begin).total_seconds(), "desired": count}
            for at, count in job.counts()]
    assert [change["desired"] for change in made] == [change["desired"] for change in foreseen]
    for one, other in zip(made, foreseen):
        assert abs(one["after"] - other["after"]) <= TOLERANCE, (made, foreseen)
    job.assert_nothing_lost(SENT)
