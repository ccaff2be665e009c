"""`ecs-guard` between SDKs and servers that this project did not write: boto3 old and new, moto."""

import sys

import pytest
from fake_task import FakeTask
from test_emulator_query import old_sdk  # noqa: F401  a fixture

from support import wait_until

AWS_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"
WORKER = """
import os, boto3
queue = boto3.client("sqs", {endpoint})
url = os.environ["QUEUE_URL"]
print("boto3", boto3.__version__, queue.get_queue_url(QueueName="jobs")["QueueUrl"], flush=True)
while True:
    found = queue.receive_message(QueueUrl=url, WaitTimeSeconds=2, MaxNumberOfMessages=3)
    messages = found.get("Messages", [])
    for message in messages:
        queue.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"],
                                        VisibilityTimeout=60)
    if messages:
        queue.delete_message_batch(QueueUrl=url, Entries=[
            {{"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]}}
            for i, message in enumerate(messages)])
    for message in messages:
        print("done", message["Body"], flush=True)
"""


@pytest.fixture
def task():
    fake = FakeTask()
    yield fake
    fake.close()


@pytest.fixture
def run_guarded(start_process, ecs_guard, moto, task, tmp_path):
    """run_guarded(endpoint expression, folder for sys.path) -> process; SQS is moto, and the queue
    is told by AWS's own URL."""

    def run(endpoint, *folders):
        moto.sqs.create_queue(QueueName="jobs")
        path = tmp_path / "worker.py"
        path.write_text(f"import sys\nsys.path[:0] = {[str(f) for f in folders] + sys.path!r}\n"
                        + WORKER.format(endpoint=endpoint))
        return start_process([ecs_guard, "--", sys.executable, path], env={
            **task.environment(), "AWS_ENDPOINT_URL_SQS": moto.endpoint, "QUEUE_URL": AWS_URL})

    return run


def work_off(moto, task, process):
    url = moto.sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    for i in range(10):
        moto.sqs.send_message(QueueUrl=url, MessageBody=f"job-{i} <&> \u00e4")
    wait_until(lambda: process.stdout().count("done") == 10 or not process.running(), 60,
               what="the work")
    assert sorted(line[5:] for line in process.stdout().splitlines() if line.startswith("done")) \
        == sorted(f"job-{i} <&> \u00e4" for i in range(10))
    attributes = moto.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "0"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "0"
    assert task.seen("protect") and task.is_protected()


def test_boto3_needs_nothing_but_the_variables(run_guarded, moto, task):
    process = run_guarded("")
    work_off(moto, task, process)
    assert "http://127.0.0.1:" in process.stdout().splitlines()[0]


def test_boto3_of_before_json_takes_the_endpoint_from_its_code(run_guarded, moto, task,
                                                               old_sdk):  # noqa: F811
    process = run_guarded('endpoint_url=os.environ["AWS_ENDPOINT_URL_SQS"]', old_sdk)
    work_off(moto, task, process)
    assert process.stdout().startswith("boto3 1.26.165 ")
