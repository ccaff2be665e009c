"""Safety under fire: bursts of messages while the wake mapping toggles and the function's
invocations crash, hang, are duplicated and throttled, and its calls fail or lose their answers.

SCALER_FIRE_MESSAGES says how many (300; `./dev fire` takes 10,000). What must hold at the end:
every message was processed by a worker, none was lost or dead-lettered, and the scaler itself
received none more than three times.
"""

import os
import random
import time

import pytest
from support import wait_until

MESSAGES = int(os.environ.get("SCALER_FIRE_MESSAGES", "300"))
BURSTS = max(3, MESSAGES // 500)
LIMIT = 90 + 25 * BURSTS  # seconds; a burst takes about ten
MANY = 1_000_000

INVOCATIONS = [("crash", {"delay": 0}, 0.02), ("crash", {"delay": 0.01}, 0.03),
               ("crash", {"delay": 0.03}, 0.03), ("hang", {}, 0.02), ("duplicate", {}, 0.1),
               ("throttle", {}, 0.08)]
CALLS = [("UpdateEventSourceMapping", "throttle", 0.1), ("UpdateEventSourceMapping", "lost", 0.1),
         ("ListEventSourceMappings", "throttle", 0.05), ("UpdateService", "throttle", 0.1),
         ("UpdateService", "lost", 0.1), ("GetQueueAttributes", "throttle", 0.03),
         ("DescribeServices", "throttle", 0.03), ("SendMessageBatch", "lost", 0.1),
         ("ChangeMessageVisibilityBatch", "throttle", 0.05),
         ("ChangeMessageVisibilityBatch", "lost", 0.05), ("TagResource", "lost", 0.1),
         ("*", "reset", 0.01), ("*", "unavailable", 0.01)]


def start_fire(job):
    """Each fault strikes once for sure, and then by chance."""
    for count, chance in ((1, 1), (MANY, None)):
        for kind, more, probability in INVOCATIONS:
            job.harm(kind, count, probability=chance or probability, **more)
        for operation, kind, probability in CALLS:
            job.fault(operation, kind, count, probability=chance or probability)


@pytest.mark.timeout(LIMIT + 60)
def test_no_message_is_lost_whatever_happens_to_the_scaler(start_job):
    job = start_job(schedule="1s", mapping_toggle="500ms", task_start="200ms-800ms",
                    task_stop="100ms-300ms", work_time="20ms-200ms", function_timeout="3s",
                    tick_queue="ticks", doorbell_queue="bell",
                    env=["MODE=backlog", "BACKLOG_PER_TASK=10", "TASKS_MAX=20"])
    bell = job.emulator.ready["doorbell_queue_url"]
    end = time.monotonic() + LIMIT
    chance = random.Random(1)
    start_fire(job)

    sent = 0
    for burst in range(BURSTS):
        wait_until(lambda: job.emulator.tasks()[0] == 0, end - time.monotonic(), interval=0.1,
                   what=f"sleep before burst {burst}")
        # Sometimes the mapping has been enabled by then, sometimes it is on the way.
        time.sleep(chance.uniform(0, 3))
        count = (MESSAGES - sent) if burst == BURSTS - 1 else MESSAGES // BURSTS
        job.emulator.send(count)
        job.emulator.aws.sqs.send_message(QueueUrl=bell, MessageBody="ring")
        sent += count
        wait_until(lambda: job.status()["totals"]["processed"] == sent, end - time.monotonic(),
                   interval=0.2, what=f"the work of burst {burst}")
    faults = job.emulator.call("faults")["faults"]
    job.heal()
    job.wait_until_asleep()

    status = job.status()
    host = status["lambda"]
    print(f"\n{MESSAGES} messages in {BURSTS} bursts, "
          f"{time.monotonic() - end + LIMIT:.0f} s; invocations {host['invocations']}, failed "
          f"{host['errors']}, of these timed out {host['timeouts']}; throttled {host['throttles']}")
    for fault in faults:
        if fault["struck"] > 1:
            print(f"  {fault['operation']:<30}{fault['fault']:<12}{fault['struck']:>6}")
    print(f"  received by the wake mapping {host['mapping']['received']}, the same message at most "
          f"{host['mapping']['receive_count_max']} times; totals {status['totals']}")
    job.assert_nothing_lost(MESSAGES)
    assert host["mapping"]["receive_count_max"] <= 3
    idle = {(fault["operation"], fault["fault"]) for fault in faults} - {
        (fault["operation"], fault["fault"]) for fault in faults if fault["struck"]}
    assert not idle, f"never struck: {idle}"


def test_an_invocation_that_dies_at_once_has_looked_at_nothing(start_job):
    """Also on a busy machine, where the function runs before the next line of its host does."""
    job = start_job(env=["WAKE=false"], schedule="0s")
    job.tick_the_clock()

    def calls():
        return {name: callers[job.function_key]
                for name, callers in job.status()["api_calls"].items()
                if job.function_key in callers}

    before = calls()
    for _ in range(100):
        job.harm("crash", 1)
        _, failed = job.invoke({"source": "aws.events", "detail-type": "Scheduled Event",
                                "detail": {}})
        assert failed

    assert calls() == before
