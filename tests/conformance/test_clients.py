"""The embedded AWS under the SDKs of other languages. Each does the same and tells what it saw: it
sends, receives and deletes, alone and in batches, makes queue and service, updates the service and
sees its tasks. What SDKs check by themselves (digests, types, dates) is checked by that, too."""

import json
import subprocess
import sys

import pytest

from fetched import fetched, go_program, node_packages, python_packages, run
from support import REGION, ROOT, program_environment, wait_until

CLIENTS = ROOT / "tests/conformance/clients"
INPUT = {"body": "tab\tline\n <&>\"' é 𝄞 %41+", "attribute": "x y é", "cluster": "test"}
SEEN = {
    "sqs": {"body": INPUT["body"], "attribute": INPUT["attribute"], "receives": "1",
            "batch": ["batch a", "batch b", "batch c"], "sent": 3, "deleted": 3, "left": "0",
            "visibility": "60"},
    "ecs": {"desiredBefore": 0, "created": True, "desired": 2, "states": ["RUNNING", "RUNNING"],
            "noService": "ServiceNotFoundException"},
}
NO_QUEUE = {"QueueDoesNotExist", "NonExistentQueue", "AWS.SimpleQueueService.NonExistentQueue"}
MAVEN = ["mvn", "-q", "-B",
         "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
         "-DoutputDirectory=lib"]


def python_client():
    packages = python_packages("boto3", CLIENTS / "python/requirements.txt")
    return ["env", f"PYTHONPATH={packages}", sys.executable, CLIENTS / "python/calls.py"]


def node_client():
    return ["node", node_packages("clients-node", CLIENTS / "node", "calls.js") / "calls.js"]


def go_client():
    return [go_program("clients-go", CLIENTS / "go", "calls.go")]


def java_client():
    def make(folder):
        run(MAVEN, folder)
        run(["javac", "-cp", "lib/*", "Calls.java"], folder)

    folder = fetched("clients-java", [CLIENTS / "java/pom.xml", CLIENTS / "java/Calls.java"], make)
    return ["java", "-cp", f"{folder}:{folder}/lib/*", "Calls"]


ALL = {"boto3": python_client, "javascript": node_client, "go": go_client, "java": java_client}


@pytest.mark.parametrize("name", ALL)
def test_an_sdk_does_its_work(emulator, bootstrap, tmp_path, name):
    client = ALL[name]()
    running = emulator(lambda_=bootstrap, task_start="50ms", env=["MODE=fixed"])
    ended = subprocess.run(
        [*client, json.dumps(INPUT)], capture_output=True, text=True, timeout=60, check=False,
        env=program_environment(tmp_path, {"AWS_ENDPOINT_URL": running.endpoint,
                                           "AWS_DEFAULT_REGION": REGION}))
    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)

    assert seen["sqs"].pop("queue") == f"{running.endpoint}/000000000000/clients"
    assert seen["sqs"].pop("noQueue") in NO_QUEUE
    assert {service: seen[service] for service in SEEN} == SEEN
    if name == "javascript":
        assert seen["lambda"] == {"status": 200, "failed": None, "isJson": "object", "mappings": 1}
        assert seen["consumer"] == {"all": True, "left": 0}


@pytest.mark.parametrize("predefined", [False, True], ids=["its own queues", "predefined queues"])
def test_celery_does_every_task_once(emulator, start_process, tmp_path, predefined):
    """Twenty of the kinds that there are: plain, large, in other letters, delayed, of a group, of a
    chain, and such as fail and are retried."""
    packages = python_packages("celery", ROOT / "examples/workers/celery/requirements.txt")
    running = emulator(no_workers=True)
    queue_url = running.queue_url if predefined else ""
    environment = {"PYTHONPATH": f"{packages}:{CLIENTS / 'python'}", "PREDEFINED": queue_url,
                   "BROKER": running.endpoint.replace("http", "sqs"), "DONE": tmp_path / "done",
                   "AWS_ENDPOINT_URL": running.endpoint}
    celery = [sys.executable, "-m", "celery", "--app", "celery_tasks"]
    worker = start_process([*celery, "worker", "--loglevel", "INFO", "--concurrency", "2"],
                           env=environment, ready=lambda worker: " ready." in worker.stderr())
    sent = start_process([sys.executable, "-m", "celery_tasks"], env=environment)
    assert sent.wait(60) == 0, sent.output()

    expected = sorted(json.loads(sent.stdout()))
    assert len(expected) == 20

    def done():
        path = tmp_path / "done"
        return sorted(path.read_text().splitlines()) if path.exists() else []

    wait_until(lambda: len(done()) >= 20, 60, what="twenty tasks")
    left = running.queue_url if predefined else f"{running.endpoint}/000000000000/celery"
    wait_until(lambda: running.depth(left) == (0, 0, 0), what="an empty queue")
    assert worker.stop() == 0
    assert done() == expected
