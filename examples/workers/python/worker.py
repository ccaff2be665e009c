#!/usr/bin/env python3
"""A worker for SQS on ECS, in plain boto3: copy it and write your own work().

It receives one message at a time, protects its task from scale-in while it works, keeps the message
invisible for as long as the work takes, deletes it when the work is done, and ends on SIGTERM after
the work in hand. With `scale_in_when: protected` the scaler then never cuts a work short.

Try it without an account:
    ecs-scaler emulate --cluster main --service worker --queue jobs --worker 'python3 worker.py'

Environment: SQS_QUEUE_URL; PROTECTED_MINUTES; WORK_SECONDS, for the stand-in below; what ECS itself
sets.
"""

import json
import os
import signal
import threading
import time
import urllib.request

import boto3

QUEUE_URL = os.environ["SQS_QUEUE_URL"]
VISIBILITY = 30  # seconds; renewed at half, so that a worker that dies gives the message back soon
# Asked for again at a third of it, so that work may take longer.
PROTECTED_MINUTES = int(os.environ.get("PROTECTED_MINUTES") or 60)

stopping = threading.Event()


def work(body):
    """Your work. What raises is not deleted: it comes again, at last to the dead-letter queue."""
    time.sleep(float(os.environ.get("WORK_SECONDS", "1")))
    print("done:", body, flush=True)


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
        print("no answer of the ECS agent, the work goes on unprotected:", error, flush=True)
        return True


def keep(sqs, receipt, done):
    """The message invisible, and the task protected, for as long as the work takes."""
    protected = time.monotonic()
    while not done.wait(VISIBILITY / 2):
        if time.monotonic() - protected >= PROTECTED_MINUTES * 60 / 3:
            protect(True)
            protected = time.monotonic()
        try:
            sqs.change_message_visibility(QueueUrl=QUEUE_URL, ReceiptHandle=receipt,
                                          VisibilityTimeout=VISIBILITY)
        except Exception as error:  # pylint: disable=broad-exception-caught
            print("not renewed, next time perhaps:", error, flush=True)


def handle(sqs, message):
    receipt = message["ReceiptHandle"]
    if not protect(True):
        # Another task does it: this one may be stopped at any moment.
        sqs.change_message_visibility(QueueUrl=QUEUE_URL, ReceiptHandle=receipt,
                                      VisibilityTimeout=0)
        stopping.wait(5)
        return
    done = threading.Event()
    renewal = threading.Thread(target=keep, args=(sqs, receipt, done))
    renewal.start()
    try:
        work(message["Body"])
        sqs.delete_message(QueueUrl=QUEUE_URL, ReceiptHandle=receipt)
    except Exception as error:  # pylint: disable=broad-exception-caught
        print("failed:", error, flush=True)
    finally:
        done.set()
        renewal.join()
        protect(False)


def main():
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    sqs = boto3.client("sqs")
    while not stopping.is_set():
        answer = sqs.receive_message(QueueUrl=QUEUE_URL, WaitTimeSeconds=5, MaxNumberOfMessages=1,
                                     VisibilityTimeout=VISIBILITY)
        for message in answer.get("Messages", []):
            handle(sqs, message)


if __name__ == "__main__":
    main()
