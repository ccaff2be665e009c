"""The simulator against `bootstrap` on the emulator, in real time: the same decisions at the same
seconds. Tolerance: 1 s, a third of the time between two passes."""

import datetime
import json
import threading

import pytest

from support import instant, wait_until

pytestmark = pytest.mark.long
TOLERANCE = 1.0
PLAIN = {
    "policy": {"mode": "backlog", "backlog_per_task": 5, "tasks_max": 20,
               "scale_down_threshold": 7.5, "scale_out_cooldown": 8, "busy_window": 5},
    "schedule": 3, "task_start": 2.4, "task_stop": 1, "work_time": 3.9,
    "messages": [[1.5, 12], [4.5, 20], [25.5, 29]], "length": 75,
}
# Everything that can start a pass, and two that go wrong: the doorbell at 14 s and the tick at 15 s
# see nothing, and the schedule's invocation at 36 s is lost with the ticks that it would have sent.
# What wakes is at most ten messages, which one call sends: a wake between two calls counted ten of
# twelve.
ALL_TRIGGERS = {
    "policy": {"mode": "backlog", "backlog_per_task": 4, "tasks_max": 20,
               "scale_down_threshold": 7.5, "busy_window": 5},
    "schedule": 12, "tick": 3, "mapping_toggle": 1, "wake_return": 1,
    "task_start": 2.4, "task_stop": 1, "work_time": 3.9,
    "messages": [[5, 10], [14, 20], [64.5, 7]], "length": 105,
    "faults": [["server_error", 13.5, 16.5], ["killed_halfway", 35, 37]],
}
AS_ON_THE_EMULATOR = {"server_error": ("*", "denied"), "killed_halfway": ("Invocation", "crash")}


@pytest.fixture
def foresee(bin_dir, run_program):
    """foresee(scenario) -> [{"after": seconds, "desired": count}] by the simulator."""
    def simulate(scenario):
        out = run_program([bin_dir / "sim_changes", json.dumps(scenario)]).stdout()
        return [json.loads(line) for line in out.splitlines()]

    return simulate


def start_as_in(scenario, start_job):
    policy = scenario["policy"]
    env = [f"{name.upper()}={value}" for name, value in policy.items()
           if name != "scale_down_threshold"]
    env.append(f"SCHEDULE_SECONDS={scenario['schedule']}")
    options = {name: f"{scenario[name]}s" for name in
               ("schedule", "task_start", "task_stop", "work_time", "mapping_toggle")
               if name in scenario}
    if "tick" in scenario:
        env.append(f"TICK_SECONDS={scenario['tick']}")
        options |= {"tick_queue": "ticks", "doorbell_queue": "bell"}
    else:
        env.append("WAKE=false")
    return start_job(threshold_minutes=policy["scale_down_threshold"] / 60, env=env, **options)


def send(job, count):
    job.emulator.send(count)
    if "doorbell_queue_url" in job.emulator.ready:
        job.emulator.aws.sqs.send_message(
            QueueUrl=job.emulator.ready["doorbell_queue_url"], MessageBody="ring")


def play(scenario, job):
    """What the scenario says, at its seconds since the first pass of the schedule; returns that
    pass's moment."""
    begin = instant({"at": wait_until(job.function_lines, what="the first pass")[0]["timestamp"]})
    todo = [(after, send, (job, count)) for after, count in scenario["messages"]]
    for name, since, until in scenario.get("faults", []):
        operation, kind = AS_ON_THE_EMULATOR[name]
        strike = job.harm if operation == "Invocation" else lambda kind: job.fault("*", kind)
        todo += [(since, strike, (kind,)), (until, job.heal, ())]
    waiting = threading.Event()
    for after, act, arguments in sorted(todo, key=lambda one: one[0]):
        due = begin + datetime.timedelta(seconds=after)
        waiting.wait(max(0, (due - datetime.datetime.now(datetime.UTC)).total_seconds()))
        act(*arguments)
    return begin


@pytest.mark.parametrize("scenario, counts", [(PLAIN, [3, 6, 8, 1, 0]),
                                              (ALL_TRIGGERS, [3, 6, 1, 0, 2, 1, 0])],
                         ids=["schedule", "all_triggers_and_faults"])
def test_the_same_decisions_at_the_same_seconds(start_job, foresee, scenario, counts):
    foreseen = foresee(scenario)
    assert [change["desired"] for change in foreseen] == counts
    job = start_as_in(scenario, start_job)

    begin = play(scenario, job)
    sent = sum(count for _, count in scenario["messages"])
    job.wait_until_processed(sent)
    job.wait_until_asleep()

    made = [{"after": (at - begin).total_seconds(), "desired": count}
            for at, count in job.counts()]
    assert [change["desired"] for change in made] == counts, made
    for one, other in zip(made, foreseen):
        assert abs(one["after"] - other["after"]) <= TOLERANCE, (made, foreseen)
    job.assert_nothing_lost(sent)
