"""A container whose image is "local": its command is a process of this machine."""

import pathlib

import pytest
from support import wait_until

SCRIPT = """
trap 'echo "$NAME stopped" >> "$OUT"; exit 0' TERM
echo "$NAME $1 $AWS_REGION" >> "$OUT"
while :; do sleep 0.05; done
"""


@pytest.fixture
def out(tmp_path):
    path = tmp_path / "out"
    path.touch()
    return path


@pytest.fixture
def register(tmp_path, out):
    """register(emulator, family, name) registers a local command that writes its name to `out`."""
    script = tmp_path / "script.sh"
    script.write_text(SCRIPT)

    def call(running, family, name, image="local"):
        running.aws.ecs.register_task_definition(family=family, containerDefinitions=[
            {"name": "proxy", "image": "envoy"},
            {"name": "w", "image": image, "command": ["sh", str(script), "word"],
             "environment": [{"name": "NAME", "value": name}, {"name": "OUT", "value": str(out)},
                             {"name": "AWS_REGION", "value": "eu-north-1"}]}])

    return call


def lines(path):
    return pathlib.Path(path).read_text().splitlines()


@pytest.fixture
def running(emulator):
    return emulator(task_start="100ms", task_stop="100ms", work_time="100ms")


def test_a_deployment_to_a_local_command_and_back(running, register, out):
    ecs = running.aws.ecs
    register(running, "local", "one")
    ecs.update_service(cluster="test", service="worker", desiredCount=1)
    running.send(1)
    wait_until(lambda: running.depth() == (0, 0, 0), what="the emulated worker's work")

    ecs.update_service(cluster="test", service="worker", taskDefinition="local")
    wait_until(lambda: lines(out) == ["one word eu-north-1"], what="the process")
    wait_until(lambda: running.call("status")["service"]["running"] == 1, what="one task")
    running.send(1)
    assert running.depth() == (1, 0, 0), "nothing emulated works beside it"

    ecs.update_service(cluster="test", service="worker", taskDefinition="worker")
    wait_until(lambda: lines(out)[-1] == "one stopped", what="the end of the process")
    wait_until(lambda: running.depth() == (0, 0, 0), what="the emulated worker's work again")


def test_a_local_command_goes_before_that_of_all(emulator, register, out, tmp_path):
    running = emulator(task_start="100ms", worker=f"sh -c 'echo all >> {out}; exec sleep 1000'")
    register(running, "local", "own")
    register(running, "image", "image", image="repository/image:1")
    run = running.aws.ecs.run_task
    run(cluster="test", taskDefinition="local")
    wait_until(lambda: lines(out) == ["own word eu-north-1"], what="its own command")
    run(cluster="test", taskDefinition="image")
    wait_until(lambda: lines(out)[1:] == ["all"], what="the command of all")


def test_overrides_change_command_and_variables(running, register, out):
    register(running, "local", "one")
    ecs = running.aws.ecs
    run = ecs.run_task(cluster="test", taskDefinition="local", overrides={"containerOverrides": [
        {"name": "w", "command": ["sh", "-c", 'echo "$NAME" >> "$OUT"; exit 7'],
         "environment": [{"name": "NAME", "value": "two"}]}]})
    arn = run["tasks"][0]["taskArn"]

    def task():
        return ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0]

    wait_until(lambda: task()["lastStatus"] == "STOPPED", what="the end of the task")
    assert lines(out) == ["two"], "and it is not started again"
    ended = task()
    assert ended["stopCode"] == "EssentialContainerExited"
    assert {c["name"]: c.get("exitCode") for c in ended["containers"]} == {"proxy": None, "w": 7}


def test_stopping_a_task_sends_sigterm(running, register, out):
    register(running, "local", "one")
    ecs = running.aws.ecs
    arn = ecs.run_task(cluster="test", taskDefinition="local")["tasks"][0]["taskArn"]
    wait_until(lambda: lines(out), what="the process")
    ecs.stop_task(cluster="test", task=arn)
    wait_until(lambda: lines(out)[-1] == "one stopped", what="SIGTERM")


def test_no_workers_means_no_processes(emulator, register, out):
    running = emulator(task_start="100ms", no_workers=True)
    register(running, "local", "one")
    arn = running.aws.ecs.run_task(cluster="test", taskDefinition="local")["tasks"][0]["taskArn"]
    wait_until(lambda: running.aws.ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0][
        "lastStatus"] == "RUNNING", what="the task")
    assert lines(out) == []


def test_a_command_that_is_not_there_is_told(running):
    ecs = running.aws.ecs
    ecs.register_task_definition(family="gone", containerDefinitions=[
        {"name": "w", "image": "local", "command": ["no-such-program"]}])
    arn = ecs.run_task(cluster="test", taskDefinition="gone")["tasks"][0]["taskArn"]
    wait_until(lambda: ecs.describe_tasks(cluster="test", tasks=[arn])["tasks"][0].get(
        "containers", [{}])[0].get("exitCode") == 127, what="exit code 127")
    assert "no-such-program" in running.process.stderr()
