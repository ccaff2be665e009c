"""A Celery worker for SQS on ECS: copy it and write your own tasks.

Celery receives and deletes; this adds what ECS and the scaler need. Its tasks are `Protected`: the
ECS task is protected from scale-in while one works, its message stays invisible for as long as the
work takes, and it is deleted when the work is done and not before (`acks_late`), so that a worker
that dies loses nothing. SIGTERM is Celery's warm shutdown: it ends after the work in hand. With
`scale_in_when: protected` the scaler then never cuts a work short.

The queue needs a dead-letter queue: from one that has none Celery deletes what has failed.

Environment: SQS_QUEUE_URL; PROTECTED_MINUTES; WORK_SECONDS, for the stand-in below; what ECS itself
sets.
"""

import functools
import json
import os
import threading
import time
import urllib.request

import boto3
import celery
import celery.exceptions
import celery.worker.request
import kombu.transport.SQS

QUEUE_URL = os.environ["SQS_QUEUE_URL"]
QUEUE = QUEUE_URL.rpartition("/")[2]
VISIBILITY = 30  # seconds; renewed at half, so that a worker that dies gives the message back soon
# Asked for again at a third of it, so that work may take longer.
PROTECTED_MINUTES = int(os.environ.get("PROTECTED_MINUTES") or 60)

# At its end it would send again what it could not finish, which SQS brings back by itself.
kombu.transport.SQS.Channel.do_restore = False

app = celery.Celery("worker", broker="sqs://")
app.conf.update(
    broker_transport_options={
        "predefined_queues": {QUEUE: {"url": QUEUE_URL}},
        "region": os.environ.get("AWS_REGION", "us-east-1"),
        "visibility_timeout": VISIBILITY,
        "wait_time_seconds": 5,
    },
    task_default_queue=QUEUE,
    task_acks_late=True,
    task_acks_on_failure_or_timeout=False,  # What fails comes again, at last as a dead letter.
    worker_concurrency=1,
    worker_prefetch_multiplier=1,  # What is taken in advance is invisible to those that are idle.
    worker_enable_remote_control=False,  # It would need queues of its own.
)


def protect(enabled):
    """Asks the ECS agent for task scale-in protection; whether the task has it.

    A refusal is an answer with status 200 and a `failure`: the task is about to stop, or more tasks
    would be protected than are desired. Outside ECS there is no agent and nothing to protect from.
    """
    agent = os.environ.get("ECS_AGENT_URI")
    if not agent:
        return True
    body = {"ProtectionEnabled": enabled}
    if enabled:
        body["ExpiresInMinutes"] = PROTECTED_MINUTES
    request = urllib.request.Request(f"{agent}/task-protection/v1/state", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"}, method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return "failure" not in json.load(answer)
    except OSError as error:
        print(f"no answer of the ECS agent, the work goes on unprotected: {error}", flush=True)
        return True


@functools.cache  # Of the process that works: Celery forks it.
def sqs_client():
    return boto3.client("sqs")


def make_invisible(receipt, seconds):
    try:
        sqs_client().change_message_visibility(QueueUrl=QUEUE_URL, ReceiptHandle=receipt,
                                               VisibilityTimeout=seconds)
    except Exception as error:  # pylint: disable=broad-exception-caught
        print(f"visibility not changed, next time perhaps: {error}", flush=True)


def keep(receipt, done):
    """The message invisible, and the ECS task protected, for as long as the work takes."""
    protected = time.monotonic()
    while not done.wait(VISIBILITY / 2):
        if time.monotonic() - protected >= PROTECTED_MINUTES * 60 / 3:
            protect(True)
            protected = time.monotonic()
        make_invisible(receipt, VISIBILITY)


class RequestOfSqs(celery.worker.request.Request):
    """Tells the process that works the receipt of its message, too, and ends the protection of what
    is done when its message is deleted: a task that is stopped in between does it twice."""

    def __init__(self, message, **more):
        super().__init__(message, **more)
        receipt = message.delivery_info["sqs_message"]["ReceiptHandle"]
        self.request_dict["delivery_info"]["receipt"] = receipt

    def acknowledge(self):
        super().acknowledge()
        protect(False)


class Protected(celery.Task):
    """A task that is left alone while it works."""

    Request = RequestOfSqs

    def __call__(self, *args, **kwargs):
        receipt = (self.request.delivery_info or {}).get("receipt")
        if receipt is None:  # Called directly, not by a message.
            return self.run(*args, **kwargs)
        if not protect(True):
            # Another ECS task does it: this one may be stopped at any moment.
            make_invisible(receipt, 0)
            time.sleep(5)
            raise celery.exceptions.Reject("this ECS task may be stopped", requeue=False)
        done = threading.Event()
        renewal = threading.Thread(target=keep, args=(receipt, done))
        renewal.start()
        try:
            try:
                return self.run(*args, **kwargs)
            finally:
                done.set()
                renewal.join()
        except BaseException:
            protect(False)  # Its message is not deleted.
            raise


@app.task(base=Protected)
def work(body):
    """Your work. What raises is not deleted: it comes again, at last to the dead-letter queue."""
    time.sleep(float(os.environ.get("WORK_SECONDS", "1")))
    print(f"done: {body}", flush=True)
