"""`ecs-scaler run` reads its fleet file again: on SIGHUP, and by itself when the file changes."""

import json
import os
import signal
import socket

import pytest
from fake_aws import FakeAws
from support import open_url, wait_until

RELOADS = 100


class Fleet:
    """A fleet file, and the controller that runs it."""

    def __init__(self, start_process, ecs_scaler, aws, path):
        self.aws, self.path = aws, path
        self.write(["first"])
        self.process = start_process(
            [ecs_scaler, "run", "--config", path, "--interval", "100ms", "--listen", "127.0.0.1:0"],
            env={"AWS_ENDPOINT_URL": aws.url},
            ready=lambda process: "controller started" in process.stdout())
        port = self.lines("controller started")[0]["metrics_port"]
        self.address = f"http://127.0.0.1:{port}"

    def write(self, names):
        self.replace("".join(["services:\n", *(
            f"  - {{cluster: main, service: {name}, queues: [{self.aws.queue_url(name)}],"
            f" policy: {{mode: fixed, scale_up_target: 2}}}}\n" for name in names)]))

    def replace(self, text):
        beside = self.path.with_suffix(".new")
        beside.write_text(text)
        os.replace(beside, self.path)

    def lines(self, message):
        lines = [json.loads(line) for line in self.process.stdout().splitlines()
                 if line.endswith("}")]
        return [line for line in lines if line["message"] == message]

    def hang_up(self):
        self.process.popen.send_signal(signal.SIGHUP)

    def samples(self):
        with open_url(self.address + "/metrics") as answer:
            text = answer.read().decode()
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


@pytest.fixture
def fleet(start_process, ecs_scaler, tmp_path):
    aws = FakeAws(["first", "second"])
    yield Fleet(start_process, ecs_scaler, aws, tmp_path / "fleet.yaml")
    aws.close()


def test_while_the_services_are_looked_for_a_hangup_ends_nothing_and_a_stop_is_heard(start_process,
                                                                                     ecs_scaler):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = start_process([ecs_scaler, "run", "--fleet", "tags"],
                                env={"AWS_ENDPOINT_URL": url})
        with silent.accept()[0]:
            process.popen.send_signal(signal.SIGHUP)
            process.popen.send_signal(signal.SIGTERM)

            assert process.wait() == 0, process.output()
    line, = process.stdout().splitlines()
    assert json.loads(line)["message"] == "stopped: what was under way did not end in time"


def test_a_changed_file_is_read_by_itself_and_a_bad_one_changes_nothing(fleet):
    fleet.aws.queues["second"] = (5, 0, 0)
    good = fleet.samples()
    assert good["ecs_scaler_config_reload_success"] == 1
    assert good["ecs_scaler_config_last_reload_success_timestamp_seconds"] > 1.7e9

    fleet.write(["first", "second"])

    wait_until(lambda: fleet.aws.services["second"] == 2, what="the new service's tasks")
    assert fleet.lines("fleet reloaded")[0]["services"] == 2
    assert fleet.lines("fleet reloaded")[0]["because"] == "the file changed"
    fleet.replace("services:\n  - {cluster: main, service: first}\n")
    told = wait_until(
        lambda: fleet.lines("fleet not reloaded; the services stay as they were"), what="a line")
    assert "queues" in told[0]["error"] and str(fleet.path) in told[0]["error"]
    after = fleet.samples()
    assert after["ecs_scaler_config_reload_success"] == 0
    assert after["ecs_scaler_config_last_reload_success_timestamp_seconds"] > \
        good["ecs_scaler_config_last_reload_success_timestamp_seconds"]
    passes = after["ecs_scaler_pass_duration_seconds_count"]
    fleet.aws.set("second", 0)
    wait_until(lambda: fleet.aws.services["second"] == 2, what="the service to be looked after")
    wait_until(lambda: fleet.samples()["ecs_scaler_pass_duration_seconds_count"] > passes + 3,
               what="more passes")
    fleet.write(["first"])
    wait_until(lambda: fleet.samples()["ecs_scaler_config_reload_success"] == 1, what="success")
    assert fleet.lines("fleet reloaded")[1]["gone_services"] == "main/second"
    wait_until(lambda: not [name for name in fleet.samples() if 'service="second"' in name],
               what="a page without the service")


def test_a_hundred_hangups_with_good_and_bad_files_lose_no_pass(fleet):
    fleet.aws.queues["first"] = (1, 0, 0)
    wait_until(lambda: fleet.aws.services["first"] == 2, what="the first scale-out")
    texts = [lambda: fleet.write(["first", "second"]), lambda: fleet.replace("services: ["),
             lambda: fleet.write(["first"]), fleet.path.unlink]

    for number in range(RELOADS):
        texts[number % len(texts)]()
        done = sum(len(fleet.lines(message)) for message in (
            "fleet reloaded", "fleet not reloaded; the services stay as they were"))
        fleet.hang_up()
        wait_until(lambda done=done: sum(len(fleet.lines(message)) for message in (
            "fleet reloaded", "fleet not reloaded; the services stay as they were")) > done,
            interval=0.01, what=f"reload {number}")

    assert fleet.process.running()
    # The pass that the last reload asked for may still be waiting for an answer.
    wait_until(lambda: fleet.samples()["ecs_scaler_pass_duration_seconds_count"] >= RELOADS,
               what="a pass for each reload")
    samples = fleet.samples()
    assert samples['ecs_scaler_errors_total{cluster="main",service="first"}'] == 0
    assert samples['ecs_scaler_scale_outs_total{cluster="main",service="first"}'] == 1
    assert [change[1:] for change in fleet.aws.changes if change[1] == "first"] == [("first", 0, 2)]
