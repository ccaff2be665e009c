"""A controller whose surroundings hang or stand still: credentials that do not come, a process that
is stopped between its looks."""

import datetime
import json
import random
import signal
import time

import pytest
from fake_aws import FakeAws
from support import wait_until

LIFE = 12  # Seconds; refreshed from the half on, used until three are left.


@pytest.fixture
def aws():
    server = FakeAws(["worker"])
    yield server
    server.close()


def environment(aws, **others):
    return {"SQS_QUEUE_URL": aws.queue_url("worker"), "ECS_CLUSTER_NAME": "main",
            "ECS_SERVICE_NAME": "worker", "AWS_ENDPOINT_URL": aws.url, **others}


def test_a_source_of_credentials_that_hangs_delays_no_pass_while_the_last_ones_live(
        start_process, ecs_scaler, aws, tmp_path):
    expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=LIFE)
    keys = {"Version": 1, "AccessKeyId": "AKIDFIRST", "SecretAccessKey": "s",
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
    (tmp_path / "keys").write_text(json.dumps(keys))
    hangs = tmp_path / "hangs"
    script = tmp_path / "print.sh"
    script.write_text(f"if [ -e {hangs} ]; then touch {hangs}.asked; exec sleep 60; fi\n"
                      f"touch {hangs}; cat {tmp_path}/keys\n")
    (tmp_path / "config").write_text(f"[default]\ncredential_process = sh {script}\n")
    moments = []

    def note(operation, _):
        if operation == "GetQueueAttributes":
            moments.append(time.monotonic())

    aws.before = note
    start_process([ecs_scaler, "run", "--interval", "200ms"], env=environment(
        aws, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None,
        AWS_CONFIG_FILE=tmp_path / "config"), ready=lambda _: moments)

    wait_until((tmp_path / "hangs.asked").exists, LIFE, what="the second fetch")
    asked = time.monotonic()
    time.sleep(1.2)  # It hangs, and the keys live for three seconds more at least.

    assert len([moment for moment in moments if moment > asked]) >= 3


def test_a_controller_that_was_stopped_takes_no_task_by_what_it_saw_before(start_process,
                                                                           ecs_scaler, aws):
    chance = random.Random(3)
    for _ in range(6):
        aws.tags.clear()
        aws.set("worker", 3)
        aws.queues["worker"] = (0, 0, 0)
        looks = len(aws.calls)
        process = start_process([ecs_scaler, "run", "--interval", "150ms"], env=environment(
            aws, SCALE_UP_TARGET=3, SCALE_DOWN_THRESHOLD=0.01, BUSY_WINDOW=0),
            ready=lambda _, looks=looks: len(aws.calls) > looks)
        time.sleep(0.6 + chance.random() * 0.5)  # The scale-in is due at 0.6 s.
        process.popen.send_signal(signal.SIGSTOP)
        time.sleep(0.1)  # What had left arrives.
        aws.queues["worker"] = (5, 3, 0)
        changes = len(aws.changes)
        time.sleep(0.8)
        process.popen.send_signal(signal.SIGCONT)
        seen = len(aws.calls)
        wait_until(lambda seen=seen: len(aws.calls) > seen + 3, what="looks of now")
        lowered = [change for change in aws.changes[changes:] if change[3] < change[2]]
        process.stop()
        assert not lowered
