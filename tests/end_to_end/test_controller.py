"""`explain`, `run --forget` and `run --listen` against the emulator, watched by boto3."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import urllib.error

import pytest
from support import open_url, wait_until

STATE_TAG = "ecs-scaler:state"
STOP_SECONDS = 5


@pytest.fixture
def job(emulator):
    return emulator(task_start="100ms", task_stop="100ms", work_time="60s")


def environment(job, **more):
    return {"SQS_QUEUE_URL": job.queue_url, "ECS_CLUSTER_NAME": job.cluster,
            "ECS_SERVICE_NAME": job.service, "AWS_ENDPOINT_URL": job.endpoint,
            "SCALE_UP_TARGET": 2, **more}


def state_tag(job):
    service = job.aws.ecs.describe_services(cluster=job.cluster, services=[job.service],
                                            include=["TAGS"])["services"][0]
    return {tag["key"]: tag["value"] for tag in service.get("tags", [])}.get(STATE_TAG)


def test_explain_tells_the_steps_and_changes_nothing(run_program, ecs_scaler, job):
    job.send(3)

    process = run_program([ecs_scaler, "explain"], env=environment(job))

    assert process.code == 0, process.output()
    text = process.stdout()
    assert text.startswith("service worker in cluster test: ACTIVE, desired 0, running 0"), text
    assert ["jobs", "1", "3", "0", "0"] in [line.split() for line in text.splitlines()]
    assert "\n  rule          tasks  why\n  backlog " in text
    assert text.endswith("A pass would scale out from 0 to 2.\n")
    assert job.tasks()[0] == 0
    assert state_tag(job) is None


def test_explain_as_json_is_the_record_of_a_pass_that_did_nothing(run_program, ecs_scaler, job):
    job.send(1)

    process = run_program([ecs_scaler, "explain", "--output", "json"], env=environment(job))

    assert process.code == 0, process.output()
    record = json.loads(process.stdout())
    assert (record["decision"]["action"], record["decision"]["desired"]) == ("scale_out", 2)
    assert [step["rule"] for step in record["decision"]["steps"]][0] == "backlog"
    assert record["outcome"] == "held"
    assert job.tasks()[0] == 0


@pytest.mark.parametrize("missing, expected", [
    ({"SQS_QUEUE_URL": "nowhere"}, "could not be read"),
    ({"ECS_SERVICE_NAME": "nobody"}, "There is no decision")])
def test_explain_fails_when_something_cannot_be_read(run_program, ecs_scaler, job, missing,
                                                     expected):
    changed = {name: value if name != "SQS_QUEUE_URL" else job.queue_url.replace("jobs", value)
               for name, value in missing.items()}

    process = run_program([ecs_scaler, "explain"], env=environment(job, **changed))

    assert process.code == 1, process.output()
    assert expected in process.stdout()
    assert list(missing.values())[0] in process.stderr()


def test_explain_with_a_bad_configuration_calls_nothing(run_program, ecs_scaler, job):
    process = run_program([ecs_scaler, "explain"], env=environment(job, TASKS_MAX=0))

    assert process.code == 3, process.output()
    assert "TASKS_MAX: 0 is not a whole number from 1 to 5000" in process.stderr()
    assert process.stdout() == ""


def test_forget_removes_the_state_tag_and_says_what_it_held(run_program, ecs_scaler, job):
    job.send(1)
    assert run_program([ecs_scaler, "once"], env=environment(job)).code == 0
    held = state_tag(job)
    assert held is not None and held.startswith("v3 ")

    first = run_program([ecs_scaler, "run", "--forget"], env=environment(job))

    assert first.code == 0, first.output()
    assert first.stdout() == ("service worker in cluster test: removed the state tag "
                              f"({held})\n")
    assert state_tag(job) is None
    assert job.tasks()[0] == 2
    second = run_program([ecs_scaler, "run", "--forget"], env=environment(job))
    assert second.code == 0, second.output()
    assert second.stdout() == "service worker in cluster test: there was no state tag\n"


def test_forget_fails_for_a_service_that_does_not_exist(run_program, ecs_scaler, job):
    process = run_program([ecs_scaler, "run", "--forget"],
                          env=environment(job, ECS_SERVICE_NAME="nobody"))

    assert process.code == 1, process.output()
    assert "nobody" in process.stderr()


def test_a_manual_count_is_respected_by_a_process_that_only_has_the_tag(run_program, ecs_scaler,
                                                                        job):
    job.send(1)
    assert run_program([ecs_scaler, "once"], env=environment(job, MANUAL_HOLD=600)).code == 0
    job.aws.ecs.update_service(cluster=job.cluster, service=job.service, desiredCount=1)

    process = run_program([ecs_scaler, "once"], env=environment(job, MANUAL_HOLD=600))

    assert process.code == 0, process.output()
    assert "somebody else set 1 (this program last set 2)" in process.stdout()
    assert job.tasks()[0] == 1
    assert run_program([ecs_scaler, "once"], env=environment(job)).code == 0
    assert job.tasks()[0] == 2


def log_lines(process):
    return [json.loads(line) for line in process.stdout().splitlines() if line.endswith("}")]


def started(process):
    return any(line["message"] == "controller started" for line in log_lines(process))


def get(address):
    with open_url(address) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def samples(text):
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


class Controller:
    def __init__(self, start_process, ecs_scaler, job, **more):
        self.process = start_process(
            [ecs_scaler, "run", "--interval", "200ms", "--listen", "127.0.0.1:0"],
            env=environment(job, **more), ready=started)
        port = next(line["metrics_port"] for line in log_lines(self.process)
                    if line["message"] == "controller started")
        self.address = f"http://127.0.0.1:{port}"

    def samples(self):
        return samples(get(self.address + "/metrics")[1])


def test_the_controller_serves_its_metrics_and_stops_when_asked(start_process, ecs_scaler, job):
    job.send(5)
    controller = Controller(start_process, ecs_scaler, job)
    labels = '{cluster="test",service="worker"}'

    def scaled_out():
        return controller.samples().get(f"ecs_scaler_running_tasks{labels}") == 2
    wait_until(scaled_out, what="two running tasks in the metrics")

    kind, text = get(controller.address + "/metrics")
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    found = samples(text)
    assert found[f"ecs_scaler_desired_tasks{labels}"] == 2
    assert found[f"ecs_scaler_scale_outs_total{labels}"] == 1
    assert found[f"ecs_scaler_errors_total{labels}"] == 0
    assert found["ecs_scaler_pass_duration_seconds_count"] >= 2
    names = {re.sub("_(sum|count|bucket)$", "", name.split("{")[0]) for name in found}
    for name in names:
        assert f"# HELP {name} " in text and f"# TYPE {name} " in text
    assert get(controller.address + "/healthz")[1] == "ok\n"
    for path, data, status in (("/nothing", None, 404), ("/metrics", b"{}", 405)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            open_url(controller.address + path, data)
        assert refused.value.code == status
    controller.process.popen.send_signal(signal.SIGTERM)
    assert controller.process.wait(STOP_SECONDS) == 0
    assert log_lines(controller.process)[-1]["message"] == "controller stopped"


def test_the_controller_ends_in_time_though_aws_hangs_and_lives_through_sighup(start_process,
                                                                               ecs_scaler):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = start_process(
            [ecs_scaler, "run", "--interval", "200ms"], ready=started,
            env={"SQS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/q",
                 "ECS_CLUSTER_NAME": "c", "ECS_SERVICE_NAME": "s",
                 "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"})
        process.popen.send_signal(signal.SIGHUP)
        process.popen.send_signal(signal.SIGTERM)
        assert process.wait(3) == 0
    # The pass may be given up at about the same time.
    assert log_lines(process)[-1]["message"] in (
        "stopped: what was under way did not end in time", "controller stopped")


@pytest.mark.parametrize("words, code", [(["run", "--fleet", "tags"], 0),
                                         (["once", "--fleet", "tags"], 128 + signal.SIGTERM)])
def test_as_the_first_process_of_a_container_it_ends_when_asked(start_process, ecs_scaler, words,
                                                                code):
    """The kernel drops what process 1 has not asked for."""
    container = ["unshare", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*container, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespace of processes may be made here")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        process = start_process(
            [*container, ecs_scaler, *words],
            env={"AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"})
        peer, _ = silent.accept()
        with peer:
            outer = process.popen.pid
            children = pathlib.Path(f"/proc/{outer}/task/{outer}/children").read_text()
            os.kill(int(children), signal.SIGTERM)
            assert process.wait(10) == code


def test_the_controllers_memory_survives_a_restart(start_process, ecs_scaler, job):
    job.send(1)
    first = Controller(start_process, ecs_scaler, job)
    wait_until(lambda: state_tag(job) is not None, what="the state tag")
    assert first.process.stop() == 0
    job.aws.ecs.update_service(cluster=job.cluster, service=job.service, desiredCount=1)

    second = Controller(start_process, ecs_scaler, job, MANUAL_HOLD=600)

    wait_until(lambda: second.samples()["ecs_scaler_pass_duration_seconds_count"] >= 3,
               what="three passes")
    assert job.tasks()[0] == 1
    assert "this program last set 2" in second.process.stdout()


@pytest.mark.parametrize("address", ["0.0.0.0:70000", "127.0.0.1", "example.org:9464", "9464", ""])
def test_an_address_to_listen_on_is_an_address_with_a_port(run_program, ecs_scaler, address):
    process = run_program([ecs_scaler, "run", "--listen", address])

    assert process.code == 2, process.output()
    assert "ADDRESS:PORT" in process.stderr() or "--listen" in process.stderr()


def test_a_port_that_is_taken_is_one_clear_error(run_program, ecs_scaler, job):
    port = job.endpoint.rsplit(":", 1)[1]
    process = run_program([ecs_scaler, "run", "--listen", f"127.0.0.1:{port}"],
                          env=environment(job))

    assert process.code == 1, process.output()
    assert port in process.stderr()


def test_a_fleets_tags_survive_a_restart_until_they_are_forgotten(run_program, ecs_scaler, job,
                                                                  tmp_path):
    ecs, sqs = job.aws.ecs, job.aws.sqs
    task = ecs.describe_services(cluster="test", services=["worker"])["services"][0][
        "taskDefinition"]
    ecs.create_service(cluster="test", serviceName="other", taskDefinition=task, desiredCount=0)
    other = sqs.create_queue(QueueName="others")["QueueUrl"]
    sqs.send_message(QueueUrl=other, MessageBody="work")
    job.send(1)
    path = tmp_path / "fleet.yaml"
    path.write_text(f"""
defaults: {{manual_hold: 600, scale_up_target: 2}}
services:
  - {{cluster: test, service: worker, queues: [{job.queue_url}]}}
  - {{cluster: test, service: other, queues: [{other}]}}
""")

    def run(*arguments):
        process = run_program([ecs_scaler, *arguments, "--config", path],
                              env={"AWS_ENDPOINT_URL": job.endpoint})
        assert process.code == 0, process.output()
        return process.stdout()
    run("once")
    ecs.update_service(cluster="test", service="other", desiredCount=1)

    explained = [json.loads(line) for line in run("explain", "--output", "json").splitlines()]
    forgotten = run("run", "--forget")

    assert [record["decision"]["action"] for record in explained] == ["hold", "hold"]
    assert "this program last set 2" in explained[1]["decision"]["steps"][-1]["note"]
    assert forgotten.count("removed the state tag (v3 ") == 2
    assert run("run", "--forget").count("there was no state tag") == 2
    assert run("explain").count("Nothing is remembered (there is no state tag)") == 2
