"""The workers of examples/workers as the embedded AWS's tasks, under the real bootstrap: what users
copy works as it stands, loses nothing and does nothing twice."""

import collections
import dataclasses
import pathlib
import re
import subprocess
import sys

import pytest

from fetched import go_program, node_packages, python_packages
from support import ROOT, program_environment, wait_until

pytestmark = pytest.mark.long
KITS = ROOT / "examples/workers"
JOBS = 100
QUICK = {"task_start": "300ms"}
QUICK_FUNCTION = {"schedule": "1s", "mapping_toggle": "1s"}
HASTE = ["SCALE_DOWN_THRESHOLD=0.03", "WAKE_RETURN_SECONDS=1", "BUSY_WINDOW=1"]


@dataclasses.dataclass
class Kit:
    name: str
    command: str
    folder: pathlib.Path = ROOT
    packages: pathlib.Path | None = None  # for PYTHONPATH

    def settings(self):
        """Those of the scaler in the command that the kit's README gives."""
        return re.findall(r"--env (\S+)", (KITS / self.name / "README.md").read_text())

    def environment(self, running, folder):
        """For a process of this test beside the emulator."""
        return program_environment(folder, {
            "PYTHONPATH": self.packages, "SQS_QUEUE_URL": running.queue_url,
            "AWS_ENDPOINT_URL": running.endpoint})


def python_kit():
    return Kit("python", f"{sys.executable} {KITS / 'python/worker.py'}")


def celery_kit():
    packages = python_packages("celery", KITS / "celery/requirements.txt")
    command = f"env PYTHONPATH={packages} {sys.executable} -m celery --app worker worker"
    return Kit("celery", command, KITS / "celery", packages)


def node_kit():
    return Kit("node", "node worker.js", node_packages("worker-node", KITS / "node", "worker.js"))


def go_kit():
    return Kit("go", str(go_program("worker-go", KITS / "go", "worker.go")))


ALL = {"python": python_kit, "celery": celery_kit, "node": node_kit, "go": go_kit}


@pytest.fixture(params=ALL)
def kit(request):
    return ALL[request.param]()


@pytest.fixture
def start(emulator, kit):
    def begin(work_seconds, minutes=60, **options):
        settings = f"WORK_SECONDS={work_seconds} PROTECTED_MINUTES={minutes}"
        return emulator(worker=f"env {settings} {kit.command}",
                        worker_dir=kit.folder, **QUICK, **options)

    return begin


@pytest.fixture
def at_work(start, kit, tmp_path):
    """at_work(seconds) -> an emulator without a scaler, whose one task has begun its one job."""

    def begin(seconds, **options):
        running = start(seconds, **options)
        send(kit, running, tmp_path, 1)
        running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=1)
        wait_until(lambda: protected(running), what="a protected task")
        assert running.depth() == (0, 1, 0)
        return running

    return begin


def tasks(running):
    return running.aws.ecs.list_tasks(cluster="test")["taskArns"]


def wait_for_rest(running):
    """Until all processes have ended: what is told to stop has its last steps before it, and counts
    as running no more."""
    wait_until(lambda: running.tasks() == (0, 0), 40, what="zero tasks")

    def stopped():
        arns = running.aws.ecs.list_tasks(cluster="test", desiredStatus="STOPPED")["taskArns"]
        told = running.aws.ecs.describe_tasks(cluster="test", tasks=arns)["tasks"]
        return all(task["lastStatus"] == "STOPPED" for task in told)

    wait_until(stopped, 40, what="the end of the processes")


def protection(running):
    return running.aws.ecs.get_task_protection(
        cluster="test", tasks=tasks(running))["protectedTasks"][0]


def protected(running):
    return tasks(running) and protection(running)["protectionEnabled"]


def send(kit, running, folder, count):
    if kit.name != "celery":
        running.send(count, "job")
        return
    # What a web application would do: call the task.
    script = f"import worker\nfor i in range({count}): worker.work.delay(f'job {{i}}')"
    subprocess.run([sys.executable, "-c", script], cwd=kit.folder, check=True, timeout=60 + count,
                   env=kit.environment(running, folder))


def done(running):
    """How often each job was done, as the workers' output in the log tells."""
    return collections.Counter(line.rpartition("done: ")[2].split('"')[0]
                               for line in running.process.stderr().splitlines()
                               if "done: " in line)


def test_a_hundred_jobs_from_zero_and_back_to_zero(start, kit, bootstrap, tmp_path):
    running = start(0.2, lambda_=bootstrap, env=[*kit.settings(), *HASTE],
                    **QUICK_FUNCTION)
    assert running.tasks() == (0, 0)

    send(kit, running, tmp_path, JOBS)
    wait_until(lambda: running.tasks()[1] >= 2, 40, what="tasks")
    wait_until(lambda: running.call("status")["totals"]["processed"] == JOBS, 100, what="the work")
    wait_until(lambda: running.tasks() == (0, 0), 60, what="zero tasks")

    totals = running.call("status")["totals"]
    assert (totals["lost"], totals["dead_lettered"]) == (0, 0)
    assert done(running) == {f"job {i}": 1 for i in range(JOBS)}


def test_a_scale_in_waits_for_the_work(at_work):
    running = at_work(3)

    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=0)
    wait_for_rest(running)

    assert running.call("status")["totals"]["processed"] == 1
    assert done(running) == {"job 0": 1}
    assert running.depth() == (0, 0, 0)


def test_what_is_told_to_stop_while_it_gives_up_its_protection_deletes_its_message(at_work):
    """The agent's answers are late."""
    running = at_work(3)
    running.call("faults", {"operation": "UpdateTaskProtection", "fault": "slow", "delay": 1.5,
                            "count": 10})

    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=0)
    wait_for_rest(running)

    assert done(running) == {"job 0": 1}
    assert running.depth() == (0, 0, 0)


def test_sigterm_ends_it_after_the_work_in_hand(at_work):
    running = at_work(3)
    stopped, = tasks(running)

    running.aws.ecs.stop_task(cluster="test", task=stopped)

    def task():
        return running.aws.ecs.describe_tasks(cluster="test", tasks=[stopped])["tasks"][0]

    wait_until(lambda: task()["lastStatus"] == "STOPPED", 40, what="the end")
    assert task()["containers"][0]["exitCode"] == 0
    assert done(running) == {"job 0": 1}
    assert running.depth() == (0, 0, 0)
