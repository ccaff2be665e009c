"""`osls deploy` into moto; then the zip out of that deployment runs as it was deployed: configured
from what the API tells of function, mappings and rules, with the role's credentials.
"""

import hashlib
import json
import pathlib
import time
import zipfile

import pytest

from conftest import Stack
from lambda_host import LambdaHost
from support import TEST_KEYS, MotoService, aws_clients, open_url, wait_until

pytestmark = pytest.mark.timeout(600)
TARGET, THRESHOLD_MINUTES, TICK_SECONDS = 3, 0.05, 4
PARAMETERS = {"cluster": "main", "service": "worker", "queue": "work",
              "scale-up-target": TARGET, "scale-down-threshold": THRESHOLD_MINUTES,
              "tick-seconds": TICK_SECONDS, "doorbell": "true"}


@pytest.fixture(scope="module")
def moto(moto_server):
    """One empty moto for the whole file: a deployment takes a while."""
    open_url(moto_server + "/moto-api/reset", b"").close()
    clients = aws_clients(moto_server)
    clients.endpoint = moto_server
    return clients


@pytest.fixture(scope="module")
def service(moto):
    return MotoService(moto)


@pytest.fixture(scope="module")
def deployed(moto, service, osls):
    """The stack of deploy/serverless in moto, beside cluster `main` and service `worker`."""
    osls("deploy", "deploy/serverless", PARAMETERS,
         env={"AWS_ENDPOINT_URL": moto.endpoint, **TEST_KEYS})
    return Stack(moto, "serverless-ecs-scaler-dev")


@pytest.fixture
def program(moto, deployed, dist, tmp_path):
    """`bootstrap` out of the archive that was uploaded."""
    s3 = moto.client("s3")
    bucket, = [found["Name"] for found in s3.list_buckets()["Buckets"]]
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    key, = [key for key in keys if key.endswith(".zip")]
    archive = tmp_path / "deployed.zip"
    archive.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    digest = hashlib.sha256((dist / "bootstrap-x86_64.zip").read_bytes()).digest()
    assert hashlib.sha256(archive.read_bytes()).digest() == digest
    path = pathlib.Path(zipfile.ZipFile(archive).extract("bootstrap", tmp_path))
    path.chmod(0o755)
    return path


@pytest.fixture
def host(deployed, program, start_process):
    host = LambdaHost(deployed.configuration, aws_clients(deployed.moto.endpoint))
    # moto's counts never lag.
    start_process([program], env=host.environment({"BUSY_WINDOW": "1"}, deployed.moto.endpoint))
    yield host
    host.close()


def test_what_was_deployed_is_what_lambda_and_sqs_need(deployed):
    configuration, environment = deployed.configuration, deployed.environment
    jobs = deployed.queue(environment["SQS_QUEUE_URL"])
    redrive = json.loads(jobs["RedrivePolicy"])

    assert (configuration["Runtime"], configuration["Handler"]) == ("provided.al2023", "bootstrap")
    assert deployed.rule["ScheduleExpression"] == "rate(1 minute)"
    assert deployed.rule["State"] == "ENABLED"
    assert jobs["QueueArn"].endswith(":work") and redrive["maxReceiveCount"] >= 5
    assert redrive["deadLetterTargetArn"].endswith(":work-dlq")
    for name in ("SQS_QUEUE_URL", "TICK_QUEUE_URL", "DOORBELL_QUEUE_URL"):
        queue, mapping = deployed.queue(environment[name]), deployed.mapping(environment[name])
        # AWS advises six times; a failed tick must come back before its retention ends.
        times = 2 if name == "TICK_QUEUE_URL" else 6
        assert int(queue["VisibilityTimeout"]) >= times * configuration["Timeout"]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
        assert mapping["State"] == ("Disabled" if name == "SQS_QUEUE_URL" else "Enabled")
    group, = deployed.moto.client("logs").describe_log_groups()["logGroups"]
    assert group["logGroupName"] == f"/aws/lambda/{deployed.function_name}"
    assert int(group["retentionInDays"]) == 14


def test_from_zero_to_the_target_and_back(deployed, host, service, moto):
    jobs, ticks = (deployed.environment[name] for name in ("SQS_QUEUE_URL", "TICK_QUEUE_URL"))

    assert host.fire(deployed.rule)["body"]["action_taken"] == "hold"
    assert deployed.mapping(jobs)["State"] == "Enabled"  # at rest: the queue itself may wake it
    waiting = int(deployed.queue(ticks)["ApproximateNumberOfMessagesDelayed"])
    assert waiting > 0, "no ticks were sent"

    moto.sqs.send_message(QueueUrl=jobs, MessageBody="work")
    woken = host.poll(deployed.mapping(jobs))
    assert len(woken) == 1 and service.desired() == TARGET
    assert deployed.mapping(jobs)["State"] == "Disabled"
    assert int(deployed.queue(jobs)["ApproximateNumberOfMessagesNotVisible"]) == 1  # not consumed

    moto.sqs.change_message_visibility(QueueUrl=jobs, VisibilityTimeout=0,
                                       ReceiptHandle=woken[0]["ReceiptHandle"])
    job, = moto.sqs.receive_message(QueueUrl=jobs)["Messages"]
    assert (job["Body"], host.fire(deployed.rule)["body"]["action_taken"]) == ("work", "hold")
    moto.sqs.delete_message(QueueUrl=jobs, ReceiptHandle=job["ReceiptHandle"])

    consumed = wait_until(lambda: host.poll(deployed.mapping(ticks)), 3 * TICK_SECONDS,
                          what="a tick")
    assert consumed[0]["MessageId"] and service.desired() == TARGET  # empty, but not for long
    time.sleep(THRESHOLD_MINUTES * 60)
    wait_until(lambda: (host.fire(deployed.rule), service.desired() == 0)[1], 10,
               what="zero tasks")
    assert deployed.queue(jobs)["ApproximateNumberOfMessages"] == "0"


def test_the_same_program_answers_under_aws_s_own_emulator(deployed, program, start_rie, service):
    invoke = start_rie(program, {**deployed.environment,
                                 "AWS_LAMBDA_FUNCTION_NAME": deployed.function_name,
                                 "AWS_ENDPOINT_URL": deployed.moto.endpoint})

    answer = invoke({"dry_run": True})

    assert answer["statusCode"] == 200, answer
    assert answer["body"]["trigger_source"] == "manual"
    assert answer["body"]["current_tasks"] == service.desired()


def test_a_doorbell_wakes_it_and_is_consumed(deployed, host, service, moto):
    jobs, doorbell = (deployed.environment[name]
                      for name in ("SQS_QUEUE_URL", "DOORBELL_QUEUE_URL"))
    moto.sqs.send_message(QueueUrl=jobs, MessageBody="work")
    moto.sqs.send_message(QueueUrl=doorbell, MessageBody="ring")

    assert len(host.poll(deployed.mapping(doorbell))) == 1

    assert service.desired() == TARGET
    assert deployed.queue(doorbell)["ApproximateNumberOfMessagesNotVisible"] == "0"
    assert deployed.queue(jobs)["ApproximateNumberOfMessages"] == "1"


def test_removing_the_stack_keeps_the_jobs(deployed, osls, moto):
    jobs = deployed.environment["SQS_QUEUE_URL"]
    moto.sqs.send_message(QueueUrl=jobs, MessageBody="work")

    osls("remove", "deploy/serverless", PARAMETERS,
         env={"AWS_ENDPOINT_URL": moto.endpoint, **TEST_KEYS})

    assert moto.lambda_.list_functions()["Functions"] == []
    left = moto.sqs.list_queues()["QueueUrls"]
    assert {url.rsplit("/", 1)[1] for url in left} == {"jobs", "work", "work-dlq"}
