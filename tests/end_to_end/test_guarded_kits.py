"""The kits of examples/workers without their own protection, as tasks of the embedded AWS: the
guard before them is enough."""

import collections
import os
import time

import pytest

import test_worker_kits as kits
from support import wait_until

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]


@pytest.fixture(params=kits.ALL)
def kit(request):
    return kits.ALL[request.param]()


KIT_JOBS = int(os.environ.get("SCALER_GUARDED_KIT_JOBS", "100"))


def test_each_kit_without_its_own_protection(emulator, bootstrap, ecs_guard, kit, tmp_path):
    """ECS_AGENT_URI is what the kits protect themselves with; here the guard alone has it. Two
    bursts of half the jobs, and a little traffic between, while most tasks are not needed."""
    running = emulator(
        lambda_=bootstrap, env=[*kit.settings(), *kits.HASTE, "SCALE_IN_WHEN=protected"],
        worker=f"env WORK_SECONDS=0.2 {ecs_guard} -- env -u ECS_AGENT_URI {kit.command}",
        worker_dir=kit.folder, **kits.QUICK, **kits.QUICK_FUNCTION)

    sent = collections.Counter()

    def send(count):
        kits.send(kit, running, tmp_path, count)
        sent.update(f"job {i}" for i in range(count))

    send(KIT_JOBS // 2)
    wait_until(lambda: running.tasks()[1] >= 2, 40, what="tasks")
    wait_until(lambda: kits.protected(running), 20, what="protection")
    wait_until(lambda: sum(running.depth()) <= 4, 150 + KIT_JOBS, what="the burst's end")
    for _ in range(5):
        send(1)
        time.sleep(1)
    send(KIT_JOBS // 2)
    wait_until(lambda: running.call("status")["totals"]["processed"] == sent.total(),
               150 + KIT_JOBS, what="the work")
    wait_until(lambda: running.tasks() == (0, 0), 200, what="zero tasks")

    totals = running.call("status")["totals"]
    print(kit.name, totals)
    assert (totals["lost"], totals["dead_lettered"], totals["killed_while_working"]) == (0, 0, 0)
    assert kits.done(running) == sent
