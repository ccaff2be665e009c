"""A name server that does not answer: nothing waits for it beyond its deadline, and addresses that
were good once go on being used. The programs see a resolv.conf of the test's own."""

import json
import os
import signal
import subprocess
import time

import pytest

from fake_aws import ACCOUNT, FakeAws
from lambda_host import FunctionError, RuntimeApi
from network import NAME_SERVER, NameServer, with_files
from support import program_environment, wait_until

SCHEDULE = {"source": "aws.events", "detail": {}}
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:scaler"
HOST = "aws.test"


@pytest.fixture
def name_server():
    server = NameServer()
    yield server
    server.close()


@pytest.fixture
def own_names(name_server):
    """What goes in front of a command that is to ask that server."""
    prefix, remove = with_files({"/etc/resolv.conf": f"nameserver {NAME_SERVER[0]}\n"})
    yield prefix
    remove()


@pytest.fixture
def fake_aws(make_fake_aws):
    return make_fake_aws("a", "b")


def variables(queue_url, **more):
    return {"AWS_REGION": "us-east-1", "SQS_QUEUE_URL": queue_url, "ECS_CLUSTER_NAME": "main",
            "ECS_SERVICE_NAME": "a", "MODE": "backlog", "BACKLOG_PER_TASK": "1", "TASKS_MAX": "50",
            **more}


def by_name(aws, **more):
    return variables(f"http://{HOST}:{aws.server_port}/{ACCOUNT}/a",
                     AWS_ENDPOINT_URL=f"http://{HOST}:{aws.server_port}", **more)


AWS_ITSELF = variables(f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/a")


def test_a_function_whose_names_are_not_answered_answers_before_its_deadline(
        name_server, own_names, start_process, bootstrap):
    name_server.silent = True
    api = RuntimeApi()
    start_process([*own_names, bootstrap],
                  env={**AWS_ITSELF, "AWS_LAMBDA_RUNTIME_API": api.address,
                       "AWS_LAMBDA_FUNCTION_NAME": "scaler"})
    try:
        for _ in range(2):
            with pytest.raises(FunctionError) as failed:
                api.invoke(SCHEDULE, FUNCTION, 8)  # Raises TimeoutError after the deadline.
            assert "us-east-1.amazonaws.com from the name server within 3" in str(failed.value)
    finally:
        api.shutdown()
        api.server_close()
    assert any(name.endswith("us-east-1.amazonaws.com") for name in name_server.asked)


def test_a_controller_whose_names_are_not_answered_ends_when_asked(name_server, own_names,
                                                                   start_process, ecs_scaler):
    name_server.silent = True
    process = start_process([*own_names, ecs_scaler, "run", "--interval", "1s"], env=AWS_ITSELF)
    wait_until(lambda: name_server.asked, what="a look-up")

    asked = time.monotonic()
    process.popen.send_signal(signal.SIGTERM)

    assert process.wait(10) == 0
    assert time.monotonic() - asked < 2.5


def test_once_tells_that_the_name_server_does_not_answer(name_server, own_names, run_program,
                                                         ecs_scaler):
    name_server.silent = True

    process = run_program([*own_names, ecs_scaler, "once"], env=AWS_ITSELF)

    assert process.code == 1
    assert "us-east-1.amazonaws.com from the name server within 3" in process.stderr()


def test_a_controller_goes_on_with_the_last_good_addresses(name_server, own_names, start_process,
                                                           ecs_scaler, fake_aws):
    """AWS goes away and comes back at the same address, while the name server is silent."""
    port = fake_aws.server_port
    fake_aws.queues["a"] = (2, 0, 0)
    process = start_process([*own_names, ecs_scaler, "run", "--interval", "500ms"],
                            env=by_name(fake_aws))
    wait_until(lambda: fake_aws.services["a"] == 2, what="two tasks")
    name_server.silent = True
    fake_aws.close()
    wait_until(lambda: "connect: Connection refused" in process.stdout(), what="a failed pass")
    wait_until(lambda: len(name_server.asked) > 2, what="another look-up")

    back = FakeAws(("a", "b"), port)
    try:
        back.queues["a"] = (3, 0, 0)
        wait_until(lambda: back.services["a"] == 3, what="three tasks")
    finally:
        back.close()


def test_silence_deafness_and_a_queue_that_hangs_together(name_server, own_names, bootstrap,
                                                          ecs_scaler, fake_aws, tmp_path,
                                                          start_process):
    """stdout full, its reader gone, DNS silent, a queue that never answers: the other service is
    scaled all the same, SIGTERM ends the controller in time, and a function answers in time."""
    hanging = []

    def before(operation, body):
        if operation == "GetQueueAttributes" and body["QueueUrl"].endswith("/b"):
            hanging.append(1)
            time.sleep(20)

    fake_aws.before = before
    fleet = tmp_path / "fleet.json"
    endpoint = f"http://{HOST}:{fake_aws.server_port}"
    fleet.write_text(json.dumps({
        "defaults": {"mode": "backlog", "backlog_per_task": 1, "tasks_max": 50},
        "services": [{"cluster": "main", "service": name,
                      "queues": [f"{endpoint}/{ACCOUNT}/{name}"]} for name in ("b", "a")]}))
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    environment = program_environment(tmp_path, {"AWS_ENDPOINT_URL": endpoint})
    with subprocess.Popen([*own_names, ecs_scaler, "run", "--interval", "500ms",
                           "--config", str(fleet)], env=environment, stdout=writer,
                          stderr=subprocess.DEVNULL) as controller:
        try:
            os.close(writer)
            wait_until(lambda: hanging, what="the hanging queue")
            name_server.silent = True
            fake_aws.queues["a"] = (2, 0, 0)
            wait_until(lambda: fake_aws.services["a"] == 2, what="two tasks, stdout full")
            os.close(reader)
            fake_aws.queues["a"] = (3, 0, 0)
            wait_until(lambda: fake_aws.services["a"] == 3, what="three tasks, the reader gone")

            api = RuntimeApi()
            start_process([*own_names, bootstrap],
                          env={**by_name(fake_aws), "AWS_LAMBDA_RUNTIME_API": api.address,
                               "AWS_LAMBDA_FUNCTION_NAME": "scaler"})
            with pytest.raises(FunctionError):
                api.invoke(SCHEDULE, FUNCTION, 8)
            api.shutdown()
            api.server_close()

            asked = time.monotonic()
            controller.send_signal(signal.SIGTERM)
            assert controller.wait(10) == 0
            assert time.monotonic() - asked < 2.5
        finally:
            controller.kill()
