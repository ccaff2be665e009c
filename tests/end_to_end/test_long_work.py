"""The workers of examples/workers at work for longer than a protection, or a visibility timeout."""

import pytest

from support import wait_until
from test_worker_kits import at_work, done, kit, start, wait_for_rest  # noqa: F401

pytestmark = pytest.mark.slow


def test_work_that_is_longer_than_its_protection_is_not_cut_short(at_work):
    running = at_work(75, minutes=1, stop_timeout="2s")

    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=0)
    wait_until(lambda: running.tasks()[1] == 0, 100, what="the end of the task")

    assert done(running) == {"job 0": 1}


def test_work_that_is_longer_than_the_visibility_is_done_once(at_work):
    running = at_work(50)
    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=2)

    wait_until(lambda: done(running), 80, what="the work")
    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=0)
    wait_for_rest(running)
    assert done(running) == {"job 0": 1}
    assert running.depth() == (0, 0, 0)
