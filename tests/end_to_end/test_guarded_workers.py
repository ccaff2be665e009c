"""Workers without a line about protection, as tasks of the embedded AWS: with `ecs-guard` before
them scale-ins and deployments cut no work short; without it they do."""

import collections
import itertools
import os
import sys
import threading
import time

import pytest

import test_worker_kits as kits
from support import ROOT, wait_until

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]
PLAIN = f"{sys.executable} {ROOT / 'tests/plain_worker.py'}"
QUICK = {"schedule": "1s", "task_start": "300ms"}
SCALER = ["WAKE=false", "MODE=backlog", "BACKLOG_PER_TASK=3", "TASKS_MAX=8",
          "SCALE_DOWN_THRESHOLD=0.03", "BUSY_WINDOW=1", "SCALE_IN_WHEN=protected"]
JOBS = int(os.environ.get("SCALER_GUARDED_JOBS", "1000"))
UNGUARDED_JOBS = int(os.environ.get("SCALER_UNGUARDED_JOBS", "100"))


class Works:
    """What the workers wrote: of each work how often it was begun and ended."""

    def __init__(self, path):
        lines = path.read_text().splitlines() if path.exists() else []
        self.begun = collections.Counter(line[6:] for line in lines if line.startswith("begin "))
        self.ended = collections.Counter(line[4:] for line in lines if line.startswith("end "))

    def cut_short(self):
        return sum((self.begun - self.ended).values())


@pytest.fixture
def run_bursts(emulator, bootstrap, tmp_path):
    """run_bursts(command, jobs) -> (Works, emulator): two bursts of half the jobs each, and a
    trickle of longer works after each, so that there are many tasks and little work for them."""

    def run(command, jobs):
        log = tmp_path / "works"
        running = emulator(lambda_=bootstrap, env=SCALER, stop_timeout="10s",
                           worker=f"env WORK_LOG={log} {command}", **QUICK)
        sent = 0
        for burst in range(2):
            names = [f"{burst}.{i}" for i in range(jobs // 2)]
            for start in range(0, len(names), 10):
                running.aws.sqs.send_message_batch(QueueUrl=running.queue_url, Entries=[
                    {"Id": str(i), "MessageBody": f"{name} 0.1"}
                    for i, name in enumerate(names[start:start + 10])])
            wait_until(lambda: running.tasks()[1] >= 4, 60, what="many tasks")
            sent += len(names)
            wait_until(lambda s=sent: sum(running.depth()) <= 8, 300, what="the burst's end")
            for i in range(8):
                running.aws.sqs.send_message(QueueUrl=running.queue_url,
                                             MessageBody=f"{burst}.long.{i} 4")
                time.sleep(2)
        wait_until(lambda: sum(running.depth()) == 0, 300, what="all of the work")
        return Works(log), running

    return run


def test_no_work_is_cut_short_under_the_guard(run_bursts, ecs_guard):
    works, running = run_bursts(f"{ecs_guard} --stop-timeout 10s -- {PLAIN}", JOBS)

    assert works.cut_short() == 0
    assert set(works.ended.values()) == {1} and len(works.ended) == JOBS // 2 * 2 + 16
    status = running.call("status")
    assert status["totals"]["dead_lettered"] == 0
    assert status["queues"]["jobs"]["receive_count_max"] <= 2  # one that a task gave back unseen
    wait_until(lambda: running.tasks() == (0, 0), 150, what="zero tasks")


def test_the_same_without_the_guard_cuts_works_short(run_bursts):
    works, _ = run_bursts(PLAIN, UNGUARDED_JOBS)
    print("works cut short:", works.cut_short())
    assert works.cut_short() > 0


TASKS = int(os.environ.get("SCALER_GUARDED_TASKS", "10"))


def test_a_deployment_among_busy_tasks_ends_and_loses_nothing(emulator, ecs_guard, tmp_path):
    """Each message may be received twice; the old tasks are all at work, and the queue is full."""
    log = tmp_path / "works"
    running = emulator(
        worker=f"env WORK_LOG={log} {ecs_guard} --stop-timeout 10s -- {PLAIN}",
        stop_timeout="10s", max_receive_count="2", workers_max="300", visibility_timeout="120s",
        task_start="300ms")
    seconds = max(8, TASKS // 2)  # until the last of the tasks has begun, too
    jobs = [f"{i} {seconds}" for i in range(TASKS)] + [f"later.{i} 1" for i in range(2 * TASKS)]
    for start in range(0, len(jobs), 10):
        running.aws.sqs.send_message_batch(QueueUrl=running.queue_url, Entries=[
            {"Id": str(i), "MessageBody": job} for i, job in enumerate(jobs[start:start + 10])])
    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=TASKS)
    wait_until(lambda: len(Works(log).begun) >= TASKS, 120, what="busy tasks")
    print("at work when the deployment began:", Works(log).cut_short())

    running.aws.ecs.update_service(cluster="test", service="worker", forceNewDeployment=True)

    def deployments():
        return running.aws.ecs.describe_services(
            cluster="test", services=["worker"])["services"][0]["deployments"]

    wait_until(lambda: sum(running.depth()) == 0, 120, what="all of the work")
    wait_until(lambda: [d["runningCount"] for d in deployments()] == [TASKS], 240,
               what="the end of the deployment")
    works = Works(log)
    assert works.cut_short() == 0
    assert set(works.ended.values()) == {1} and len(works.ended) == len(jobs)
    assert running.call("status")["totals"]["dead_lettered"] == 0


def protected_tasks(running):
    arns = kits.tasks(running)
    return arns and sum(task["protectionEnabled"] for task in running.aws.ecs.get_task_protection(
        cluster="test", tasks=arns)["protectedTasks"])


def test_deployments_end_among_tasks_that_are_never_idle(emulator, ecs_guard, tmp_path):
    """More comes than three tasks can do, all the time: only a breath ever lets a task go."""
    log, ended = tmp_path / "works", threading.Event()
    running = emulator(
        worker=f"env WORK_LOG={log} {ecs_guard} --breathe 10s --stop-timeout 10s -- {PLAIN}",
        stop_timeout="10s", visibility_timeout="60s", task_start="300ms")
    names = itertools.count()

    def send():
        while not ended.wait(0.5):
            running.aws.sqs.send_message_batch(QueueUrl=running.queue_url, Entries=[
                {"Id": str(i), "MessageBody": f"{next(names)} 0.5"} for i in range(5)])

    sender = threading.Thread(target=send)
    sender.start()
    took = []
    try:
        running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=3)
        wait_until(lambda: running.tasks()[1] == 3, 60, what="three tasks")
        for _ in range(5):
            wait_until(lambda: protected_tasks(running) == 3, 60, what="three busy tasks")
            began = time.monotonic()
            running.aws.ecs.update_service(cluster="test", service="worker",
                                           forceNewDeployment=True)
            wait_until(lambda: [d["runningCount"] for d in running.aws.ecs.describe_services(
                cluster="test", services=["worker"])["services"][0]["deployments"]] == [3], 120,
                       what="the end of the deployment")
            took.append(round(time.monotonic() - began))
    finally:
        ended.set()
        sender.join()
    print("deployments took", took)
    works = Works(log)
    running_now = running.tasks()[1]
    assert works.cut_short() <= running_now  # what is at work at this moment
    assert max(works.begun.values()) == 1
    assert running.call("status")["totals"]["dead_lettered"] == 0
