"""POST /_emulator/reset: a running emulator begins anew."""

import pathlib
import urllib.error

import pytest

from support import open_url, wait_until


def test_a_reset_brings_back_what_a_start_makes_and_nothing_else(emulator):
    started = emulator(task_start="0s", work_time="10s")
    sqs, ecs = started.aws.sqs, started.aws.ecs
    as_new = started.call("status")
    started.send(3)
    sqs.create_queue(QueueName="another")
    ecs.create_cluster(clusterName="another")
    ecs.register_task_definition(family="another", containerDefinitions=[{"name": "a",
                                                                          "image": "a"}])
    ecs.update_service(cluster=started.cluster, service=started.service, desiredCount=2)
    wait_until(lambda: started.call("status")["service"]["working"] == 2, what="two at work")
    started.call("faults", {"operation": "SendMessage", "fault": "throttle", "count": 1})

    status = started.call("reset", {})
    assert status == {**as_new, "api_calls": {}, "now": status["now"]}
    assert started.call("events")["last"] == 1  # The empty service's first deployment.
    assert started.call("faults") == {"faults": []}
    assert len(ecs.list_clusters()["clusterArns"]) == 1
    with pytest.raises(ecs.exceptions.ClientException):
        ecs.describe_task_definition(taskDefinition="another")
    started.send(1)
    assert started.depth() == (1, 0, 0)


def test_an_empty_reset_leaves_nothing(emulator, bootstrap):
    started = emulator(lambda_=bootstrap)
    status = started.call("reset", {"empty": True})
    assert (status["queues"], status["service"], status["lambda"]) == ({}, None, None)
    assert "QueueUrls" not in started.aws.sqs.list_queues()
    assert started.aws.ecs.list_clusters()["clusterArns"] == []
    assert started.call("reset", method="POST")["lambda"]["mappings"].keys() == {started.queue}


def test_after_a_reset_the_queues_of_before_do_not_come_back(emulator, tmp_path):
    first = emulator(state_dir=tmp_path / "state")
    first.send(2)
    first.call("reset", {})
    first.process.stop()
    assert emulator(state_dir=tmp_path / "state").depth() == (0, 0, 0)


def test_a_reset_ends_the_processes_of_tasks(emulator, tmp_path):
    script = tmp_path / "worker.sh"
    script.write_text("echo $$ > $PIDS/$$; exec sleep 1000")
    started = emulator(task_start="0s", worker=f"sh -c 'PIDS={tmp_path} . {script}'")
    started.aws.ecs.update_service(cluster=started.cluster, service=started.service,
                                   desiredCount=1)
    pid = wait_until(lambda: [int(path.name) for path in tmp_path.iterdir() if path.name.isdigit()],
                     what="a worker")[0]
    started.call("reset", {})
    wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), what="the worker's end")
    assert started.tasks() == (0, 0)


@pytest.mark.parametrize("body", [b"[]", b'{"empty":1}', b'{"all":true}', b"{"])
def test_a_reset_takes_nothing_else(emulator, body):
    started = emulator()
    started.send(1)
    with pytest.raises(urllib.error.HTTPError) as refused:
        open_url(f"{started.endpoint}/_emulator/reset", body)
    assert refused.value.code == 400
    assert started.depth() == (1, 0, 0)
