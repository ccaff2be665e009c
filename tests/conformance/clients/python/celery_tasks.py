"""Celery tasks of test_clients.py. As a program it calls twenty of them and prints what they are to
write as a JSON array; a worker of it writes each one's line when it is done."""

import json
import os
import sys

import celery

BROKER = os.environ["BROKER"]  # sqs://127.0.0.1:4566: Celery's own way to name an endpoint
QUEUE_URL = os.environ["PREDEFINED"]

app = celery.Celery("celery_tasks", broker=BROKER)
app.conf.update(broker_transport_options={"region": "us-east-1", "is_secure": False,
                                          "wait_time_seconds": 2, "visibility_timeout": 60},
                task_acks_late=True)
if QUEUE_URL:
    queue = QUEUE_URL.rpartition("/")[2]
    app.conf.task_default_queue = queue
    app.conf.worker_enable_remote_control = False
    app.conf.broker_transport_options["predefined_queues"] = {queue: {"url": QUEUE_URL}}


def write(line):
    with open(os.environ["DONE"], "a", encoding="utf-8") as file:
        file.write(line + "\n")  # One write of a short line: lines of two processes do not mix.


@app.task
def plain(text):
    write(f"plain {text}")


@app.task
def large(text):
    write(f"large {len(text)} {text[:1]}")


@app.task(bind=True, max_retries=3)
def fails_at_first(self, number):
    if self.request.retries < 2:
        raise self.retry(countdown=1)
    write(f"retried {number}")


@app.task
def link(before, number):
    write(f"link {before}+{number}")
    return before + number


def call_all():
    expected = []
    for number in range(6):
        plain.delay(str(number))
        expected.append(f"plain {number}")
    for text in ("é 𝄞", "<&>\"' %41+"):
        plain.delay(text)
        expected.append(f"plain {text}")
    for letter, size in (("x", 100_000), ("é", 50_000)):
        large.delay(letter * size)
        expected.append(f"large {size} {letter}")
    for seconds in (1, 2):
        plain.apply_async((f"after {seconds}",), countdown=seconds)
        expected.append(f"plain after {seconds}")
    for number in range(2):
        fails_at_first.delay(number)
        expected.append(f"retried {number}")
    celery.group(plain.s(f"of a group {number}") for number in range(3)).delay()
    expected += [f"plain of a group {number}" for number in range(3)]
    (link.s(1, 2) | link.s(3) | link.s(4)).delay()
    return expected + ["link 1+2", "link 3+3", "link 6+4"]


if __name__ == "__main__":
    json.dump(call_all(), sys.stdout)
