"""`ecs-guard` between SDKs and servers that this project did not write: boto3 old and new, the SDK
for JavaScript v3, sqs-consumer; moto and ElasticMQ."""

import sys

import pytest
from fake_task import FakeTask
from test_emulator_query import old_sdk  # noqa: F401  a fixture

from fetched import java_packages, node_packages
from support import ROOT, aws_clients, find_free_port, wait_until

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

NODE = {
    "v3": """
import { SQSClient, ReceiveMessageCommand, DeleteMessageCommand } from '@aws-sdk/client-sqs';
const QueueUrl = URL_OF_QUEUE;
const sqs = new SQSClient({});
for (;;) {
  const found = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 2 }));
  for (const { Body, ReceiptHandle } of found.Messages ?? []) {
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    console.log('done', Body);
  }
}
""",
    "sqs-consumer": """
import { Consumer } from 'sqs-consumer';
Consumer.create({
  queueUrl: URL_OF_QUEUE,
  waitTimeSeconds: 2,
  handleMessage: async (message) => { console.log('done', message.Body); return message; },
}).start();
"""}


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


@pytest.fixture
def run_node(start_process, ecs_guard, moto, task, tmp_path):
    """run_node(which of NODE, expression of the queue's URL, "--flag", VARIABLE=...) -> process."""

    def run(which, url, *flags, **variables):
        kit = node_packages("worker-node", ROOT / "examples/workers/node", "worker.js")
        (tmp_path / "node_modules").symlink_to(kit / "node_modules")
        path = tmp_path / "worker.mjs"
        path.write_text(NODE[which].replace("URL_OF_QUEUE", url))
        moto.sqs.create_queue(QueueName="jobs")
        return start_process([ecs_guard, *flags, "--", "node", path], env={
            **task.environment(), "AWS_ENDPOINT_URL_SQS": moto.endpoint, **variables})

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


@pytest.mark.parametrize("which", NODE)
def test_javascript_takes_the_url_of_aws_from_a_variable(run_node, moto, task, which):
    work_off(moto, task, run_node(which, "process.env.QUEUE_URL", QUEUE_URL=AWS_URL))


@pytest.mark.parametrize("which", NODE)
def test_a_url_that_javascript_builds_leads_past_the_guard_and_is_told(run_node, moto, task, which):
    process = run_node(which, "`${process.env.PLACE}/123456789012/jobs`", "--expect-within", "2s",
                       PLACE=moto.endpoint.rstrip("/"))
    moto.sqs.send_message(QueueUrl=moto.sqs.get_queue_url(QueueName="jobs")["QueueUrl"],
                          MessageBody="job")
    wait_until(lambda: "done job" in process.stdout(), 30, what="the work, unguarded")
    wait_until(lambda: "no receive has come through the guard" in process.stderr(), 30,
               what="the warning")
    assert not task.seen("protect")


@pytest.fixture
def elasticmq(start_process):
    """(boto3's client of it, its endpoint)."""
    jars = java_packages("elasticmq", ROOT / "tests/conformance/elasticmq/pom.xml")
    port = find_free_port()
    own = {"rest-sqs.bind-hostname": "127.0.0.1", "rest-sqs.bind-port": port,
           "node-address.host": "127.0.0.1", "node-address.port": port,
           "rest-stats.enabled": "false"}
    start_process(["java", "-Xmx256m", *[f"-D{name}={value}" for name, value in own.items()],
                   "-cp", f"{jars}/*", "org.elasticmq.server.Main"], timeout=120,
                  ready=lambda process: "server" in process.stdout()
                  and "started in" in process.stdout())
    endpoint = f"http://127.0.0.1:{port}"
    return aws_clients(endpoint).sqs, endpoint


def test_elasticmq_is_an_sqs_like_any_other(start_process, ecs_guard, elasticmq, task, tmp_path):
    sqs, endpoint = elasticmq
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    for i in range(10):
        sqs.send_message(QueueUrl=url, MessageBody=f"job-{i} <&> \u00e4")
    path = tmp_path / "worker.py"
    path.write_text(f"import sys\nsys.path[:0] = {sys.path!r}\n" + WORKER.format(endpoint=""))
    process = start_process([ecs_guard, "--", sys.executable, path], env={
        **task.environment(), "AWS_ENDPOINT_URL_SQS": endpoint, "QUEUE_URL": url})
    wait_until(lambda: process.stdout().count("done") == 10 or not process.running(), 60,
               what="the work")
    assert sorted(line[5:] for line in process.stdout().splitlines() if line.startswith("done")) \
        == sorted(f"job-{i} <&> \u00e4" for i in range(10))
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "0"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "0"
    assert task.is_protected()
