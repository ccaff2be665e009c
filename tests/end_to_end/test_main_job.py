"""The main job, watched by boto3: the emulator hosts the real `bootstrap`; a queue fills, the
service wakes, the work drains, the service sleeps, whatever fails meanwhile.
"""

import datetime

import pytest
from support import TARGET, instant, wait_until


def test_the_service_wakes_works_and_sleeps_again(start_job):
    threshold = datetime.timedelta(minutes=0.1)
    job = start_job(threshold_minutes=0.1, schedule="2s", task_start="1s", work_time="1s")
    assert job.emulator.tasks() == (0, 0)

    for sent in (12, 15):
        # A wake waits until the mapping is enabled again; the schedule would notice as well.
        wait_until(lambda: job.status()["lambda"]["mapping"]["state"] == "Enabled", what="wake")
        job.emulator.send(sent - job.status()["totals"]["sent"])
        job.wait_for_desired(TARGET)
        job.wait_until_processed(sent)
        job.wait_until_asleep()

    changes = job.counts()
    assert [count for _, count in changes] == [TARGET, 0, TARGET, 0]
    drained = [instant(event) for event in job.emulator.call("events")["events"]
               if event["kind"] == "queue_drained" and event["subject"].endswith("jobs")]
    for slept, _ in (changes[1], changes[3]):
        assert slept - max(at for at in drained if at < slept) >= threshold
    status = job.status()
    assert status["lambda"]["errors"] == 0
    assert status["lambda"]["mapping"]["received"] >= 1, "no wake was needed"
    job.assert_nothing_lost(15)


def test_the_schedule_alone_is_enough(start_job):
    job = start_job(schedule="1s", mapping_toggle="60s")
    wait_until(lambda: job.status()["lambda"]["invocations"] >= 2, what="the schedule")

    job.emulator.send(5)

    job.wait_until_processed(5)
    job.wait_until_asleep()
    job.assert_nothing_lost(5)


def test_a_denied_update_is_a_failed_invocation_and_harms_no_message(start_job):
    job = start_job()
    job.fault("UpdateService", "denied")

    job.emulator.send(4)
    wait_until(lambda: job.status()["lambda"]["errors"] >= 2, what="failed invocations")
    assert job.emulator.tasks() == (0, 0)
    assert sum(job.emulator.depth()) == 4
    job.heal()

    job.wait_for_desired(TARGET)
    job.wait_until_processed(4)
    job.wait_until_asleep()
    job.assert_nothing_lost(4)


@pytest.mark.parametrize("kind, count", [("throttle", 12), ("unavailable", 12), ("reset", 12),
                                         ("malformed", 6), ("expired", 4), ("slow", 3),
                                         ("hang", 2)])
def test_recovers_from_calls_that_fail(start_job, kind, count):
    job = start_job()
    job.fault("*", kind, count)

    job.emulator.send(6)
    wait_until(lambda: job.struck() == count, 60, what=f"{count} faults")
    job.heal()

    job.wait_until_processed(6)
    job.wait_until_asleep()
    job.assert_nothing_lost(6)


def test_a_queue_that_cannot_be_read_never_scales_in(start_job):
    job = start_job()
    job.emulator.send(6)
    job.wait_for_desired(TARGET)
    job.fault("GetQueueAttributes", "unavailable", 100_000)
    job.wait_until_processed(6)
    errors = job.status()["lambda"]["errors"]

    wait_until(lambda: job.status()["lambda"]["errors"] >= errors + 4, 60, what="blind passes")
    assert job.emulator.tasks()[0] == TARGET
    job.heal()

    job.wait_until_asleep()
    assert [count for _, count in job.counts()] == [TARGET, 0]
    job.assert_nothing_lost(6)
