"""A protected task is never stopped by a scale-in, in races: workers that take and give up their
protection all the time, against a thousand scale-ins."""

import collections
import random
import shutil
import subprocess
import time

import pytest
from support import ROOT, wait_until

SCALE_INS = 1000
TASKS = 8


@pytest.fixture
def worker(tmp_path):
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    program = tmp_path / "worker"
    subprocess.run([compiler, "-std=c++20", "-O1", "-o", program,
                    ROOT / "tests/end_to_end/protecting_worker.cc"], check=True)
    return program


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_thousand_scale_ins_stop_no_protected_task(release_emulator, worker):
    running = release_emulator(worker=worker, task_start="20ms", task_stop="20ms",
                               stop_timeout="5s")
    draw = random.Random(1)

    def set_count(count):
        """How many tasks run at the very moment of the change: later some have no protection."""
        return running.aws.ecs.update_service(cluster="test", service="worker",
                                              desiredCount=count)["service"]["runningCount"]

    spared = 0
    for _ in range(SCALE_INS):
        set_count(TASKS)
        wait_until(lambda: running.tasks()[1] >= TASKS, interval=0.01, what="all tasks")
        time.sleep(draw.uniform(0, 0.03))  # Another moment of their rounds each time.
        wanted = draw.randrange(TASKS)
        spared += set_count(wanted) > wanted
    set_count(0)
    wait_until(lambda: running.tasks() == (0, 0), 30, what="zero tasks")

    told = collections.Counter()
    for line in running.process.stderr().splitlines():
        for state in ("free", "protected"):
            told[state] += f"told while {state}" in line
    print(f"{SCALE_INS} scale-ins, in {spared} of them a protected task stayed; {dict(told)}")
    assert told["protected"] == 0
    assert told["free"] >= SCALE_INS
    assert spared >= SCALE_INS / 10
