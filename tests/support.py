"""Processes, clients and waiting, for the tests; conftest.py makes fixtures of them."""

import datetime
import functools
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import types
import urllib.error
import urllib.request

import boto3
import botocore.config
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
REGION = "us-east-1"
TARGET = 3  # SCALE_UP_TARGET of the jobs below
SANITIZER_WORDS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
                   "WARNING: ThreadSanitizer", "SUMMARY: UndefinedBehaviorSanitizer")
STOP_SECONDS = 10
TEST_KEYS = {"AWS_ACCESS_KEY_ID": "AKIDTESTTESTTESTTEST",
             "AWS_SECRET_ACCESS_KEY": "test-secret-key"}


def wait_until(predicate, timeout=20.0, interval=0.05, what="the condition"):
    """The first true value of predicate(); fails the test after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"{what} did not come true within {timeout:g} s")
        time.sleep(interval)


def find_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A program under test. Its output goes to files, so that it never blocks on a full pipe."""

    def __init__(self, arguments, environment, folder, stdin=None):
        self.arguments = [str(argument) for argument in arguments]
        self.folder = folder
        self.stdout_path = folder / "stdout"
        self.stderr_path = folder / "stderr"
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.popen = subprocess.Popen(
                self.arguments, env=environment, stdout=out, stderr=err, cwd=folder,
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                start_new_session=True)
        if stdin is not None:
            self.popen.stdin.write(stdin.encode())
            self.popen.stdin.close()

    @property
    def pid(self):
        return self.popen.pid

    def stdout(self):
        return self._written(self.stdout_path)

    def stderr(self):
        return self._written(self.stderr_path)

    def _written(self, path):
        """Whole lines only while it runs: a busy system lets a reader see half of a write."""
        running = self.running()  # Before the text is read, which is whole once it has ended.
        text = path.read_text(errors="replace")
        return text[:text.rfind("\n") + 1] if running else text

    def running(self):
        return self.popen.poll() is None

    def wait(self, timeout=30):
        """The exit code; fails the test when the program does not end in time."""
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{self.arguments} did not end within {timeout} s\n{self.output()}")

    def stop(self):
        """SIGTERM, and SIGKILL for the whole group when that does not help; the exit code."""
        if self.running():
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.pid, signal.SIGKILL)  # What it started and left behind.
        except ProcessLookupError:
            pass
        return self.popen.wait(STOP_SECONDS)

    def children(self):
        """The pids of what its main thread started and what has not been waited for."""
        path = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(child) for child in path.read_text().split()]

    def output(self):
        return f"--- stdout\n{self.stdout()[-4000:]}\n--- stderr\n{self.stderr()[-4000:]}"

    def sanitizer_reports(self):
        paths = [*sorted(self.folder.glob("sanitizer.*")), self.stdout_path, self.stderr_path]
        texts = [path.read_text(errors="replace") for path in paths]
        return [text for text in texts if any(word in text for word in SANITIZER_WORDS)]


def program_environment(folder, extra=None):
    """Nothing of the machine itself reaches a program. None in `extra` removes a variable."""
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(folder),
                   "LANG": "C.UTF-8", "TMPDIR": str(folder), "AWS_REGION": REGION,
                   "AWS_EC2_METADATA_DISABLED": "true", **TEST_KEYS}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        options = [os.environ.get(name, ""), f"log_path={folder}/sanitizer"]
        environment[name] = ":".join(option for option in options if option)
    environment.update(extra or {})
    return {name: str(value) for name, value in environment.items() if value is not None}


def ignoring_children():
    """What stands before a command that is to start with the end of children ignored."""
    return [sys.executable, "-c", "import os, signal, sys; "
            "signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"]


@functools.cache
def aws_session():
    """One for all: it keeps the services' models, which take a second to load."""
    return boto3.session.Session()


def aws_clients(endpoint, keys=None, verify=None):
    """boto3 clients for an endpoint, as attributes: sqs, ecs, sts, lambda_ and more on demand."""
    keys = keys or TEST_KEYS
    config = botocore.config.Config(region_name=REGION, proxies={}, connect_timeout=5,
                                    read_timeout=40, retries={"total_max_attempts": 1})

    def client(name):
        return aws_session().client(name, endpoint_url=endpoint, config=config, verify=verify,
                              aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
                              aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
                              aws_session_token=keys.get("AWS_SESSION_TOKEN"))

    return types.SimpleNamespace(client=client, sqs=client("sqs"), ecs=client("ecs"),
                                 sts=client("sts"), lambda_=client("lambda"))


class Emulator:
    """A running `ecs-scaler emulate` with one cluster, service and queue, and boto3 clients."""

    def __init__(self, process, names):
        self.process = process
        self.cluster, self.service, self.queue = names
        self.ready = json.loads(process.stdout().splitlines()[0])
        self.endpoint = self.ready["endpoint"].rstrip("/")
        self.aws = aws_clients(self.endpoint)
        self.queue_url = self.aws.sqs.get_queue_url(QueueName=self.queue)["QueueUrl"]

    def call(self, path, body=None, method=None):
        """A request to the emulator's own pages below /_emulator/; the JSON answer."""
        data = None if body is None else json.dumps(body).encode()
        try:
            with open_url(f"{self.endpoint}/_emulator/{path}", data, method=method) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            pytest.fail(f"/_emulator/{path}: {error.code} {error.read().decode(errors='replace')}")
        return json.loads(text) if text else {}

    def send(self, count, prefix="message"):
        """Sends `count` messages to the job queue, ten at a time."""
        for start in range(0, count, 10):
            entries = [{"Id": str(i), "MessageBody": f"{prefix} {i}"}
                       for i in range(start, min(count, start + 10))]
            answer = self.aws.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries)
            assert not answer.get("Failed"), answer

    def tasks(self):
        """The service's (desired, running) counts."""
        service = self.aws.ecs.describe_services(cluster=self.cluster,
                                                 services=[self.service])["services"][0]
        return service["desiredCount"], service["runningCount"]

    def depth(self, queue_url=None):
        """(visible, in-flight, delayed) of the job queue or another."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                 "ApproximateNumberOfMessagesDelayed"]
        attributes = self.aws.sqs.get_queue_attributes(
            QueueUrl=queue_url or self.queue_url, AttributeNames=names)["Attributes"]
        return tuple(int(attributes[name]) for name in names)


def has_endpoint_line(process):
    lines = process.stdout().splitlines()
    return bool(lines) and lines[0].startswith("{") and lines[0].endswith("}")


def start_moto(folder, environment=()):
    """(process, endpoint) of a moto server on a free port of loopback that answers."""
    port = find_free_port()
    program = pathlib.Path(sys.executable).parent / "moto_server"
    process = Process([program, "-H", "127.0.0.1", "-p", port],
                      program_environment(folder, dict(environment)), folder)
    endpoint = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers_http(endpoint + "/moto-api/") or not process.running(), 40,
               what="the start of moto")
    assert process.running(), f"moto ended\n{process.output()}"
    return process, endpoint


def answers_http(url):
    try:
        with open_url(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def open_url(url, data=None, timeout=10, method=None):
    """The open answer; never through a proxy. Raises HTTPError for 4xx and 5xx."""
    request = urllib.request.Request(url, data=data, method=method,
                                     headers={"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(request, timeout=timeout)


class MotoService:
    """A queue `jobs` and a service `worker` at zero tasks in cluster `main` of a moto server."""

    def __init__(self, moto):
        self.moto = moto
        self.queue_url = moto.sqs.create_queue(QueueName="jobs")["QueueUrl"]
        moto.ecs.create_cluster(clusterName="main")
        moto.ecs.register_task_definition(family="worker", containerDefinitions=[
            {"name": "worker", "image": "worker", "memory": 128}])
        moto.ecs.create_service(cluster="main", serviceName="worker", taskDefinition="worker",
                                desiredCount=0)
        self.environment = {"SQS_QUEUE_URL": self.queue_url, "ECS_CLUSTER_NAME": "main",
                            "ECS_SERVICE_NAME": "worker", "AWS_ENDPOINT_URL": moto.endpoint}

    def send(self):
        self.moto.sqs.send_message(QueueUrl=self.queue_url, MessageBody="work")

    def describe(self):
        return self.moto.ecs.describe_services(cluster="main", services=["worker"],
                                               include=["TAGS"])["services"][0]

    def desired(self):
        return self.describe()["desiredCount"]


class Job:
    """An emulator with `bootstrap` as the default deployment has it, and what it tells."""

    FUNCTION = "ecs-scaler"

    def __init__(self, emulator):
        self.emulator = emulator
        self.function_key = self.status()["lambda"]["access_key_id"]

    def status(self):
        return self.emulator.call("status")

    def function_lines(self):
        """What the function logged, as objects."""
        lines = [json.loads(line) for line in self.emulator.process.stderr().splitlines()]
        return [json.loads(line["line"]) for line in lines if line["message"] == "function output"]

    def fault(self, operation, kind, count=1000, **more):
        """From now on the function's calls fail in this way; the test's own do not."""
        self.emulator.call("faults", {"operation": operation, "fault": kind, "count": count,
                                      "caller": self.function_key, **more})

    def harm(self, kind, count=1000, **more):
        """From now on the function's invocations fail in this way."""
        self.emulator.call("faults", {"operation": "Invocation", "fault": kind, "count": count,
                                      **more})

    def invoke(self, event):
        """The function's answer to an event, and whether it failed."""
        answer = self.emulator.aws.lambda_.invoke(FunctionName=self.FUNCTION,
                                                  Payload=json.dumps(event))
        return json.loads(answer["Payload"].read()), "FunctionError" in answer

    def tick_the_clock(self):
        """One event of the schedule; the answer."""
        answer, failed = self.invoke({"source": "aws.events", "detail-type": "Scheduled Event",
                                      "detail": {}})
        assert not failed, answer
        return answer

    def mapping(self, queue="jobs"):
        return self.status()["lambda"]["mappings"][queue]

    def update_mapping(self, **settings):
        """By hand; waits until it holds."""
        self.wait_for_mapping("Enabled", "Disabled")
        self.emulator.aws.lambda_.update_event_source_mapping(UUID=self.mapping()["uuid"],
                                                              **settings)
        self.wait_for_mapping("Enabled", "Disabled")

    def wait_for_mapping(self, *states, timeout=30):
        wait_until(lambda: self.mapping()["state"] in states, timeout, what=f"mapping {states}")

    def struck(self):
        return sum(fault["struck"] for fault in self.emulator.call("faults")["faults"])

    def heal(self):
        self.emulator.call("faults", method="DELETE")

    def counts(self):
        """[(instant, desired count)] of every change."""
        changes = [event for event in self.emulator.call("events")["events"]
                   if event["kind"] == "desired_changed"]
        return [(instant(event), int(event["detail"].split(" -> ")[1])) for event in changes]

    def wait_for_desired(self, count, timeout=30):
        wait_until(lambda: self.emulator.tasks()[0] == count, timeout, what=f"{count} tasks")

    def wait_until_processed(self, count, timeout=60):
        wait_until(lambda: self.status()["totals"]["processed"] == count, timeout, interval=0.2,
                   what=f"{count} processed messages")

    def wait_until_asleep(self, timeout=40):
        wait_until(lambda: self.emulator.tasks() == (0, 0), timeout, what="zero tasks")

    def assert_nothing_lost(self, sent):
        status = self.status()
        assert status["totals"] == {"sent": sent, "processed": sent, "killed_while_working": 0,
                                    "dead_lettered": 0, "deleted_by_others": 0, "lost": 0}
        if mapping := status["lambda"].get("mapping"):
            assert mapping["deleted"] == 0
            assert mapping["returned"] == mapping["received"]
        dead_letters = self.emulator.aws.sqs.get_queue_url(QueueName="jobs-dlq")["QueueUrl"]
        assert self.emulator.depth(dead_letters) == (0, 0, 0)
        assert self.emulator.depth() == (0, 0, 0)


def instant(event):
    return datetime.datetime.fromisoformat(event["at"].replace("Z", "+00:00"))
