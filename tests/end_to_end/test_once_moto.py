"""`ecs-scaler once` scales a service up and down on moto, an AWS that others wrote."""

import json
import time

import pytest

TARGET = 3
THRESHOLD_MINUTES = 0.02


class Deployment:
    """A service of moto and `once` for it."""

    def __init__(self, service, run_program, ecs_scaler):
        self.service, self.run_program, self.program = service, run_program, ecs_scaler
        self.desired = service.desired

    def once(self, *flags, **changes):
        environment = {**self.service.environment, "SCALE_UP_TARGET": TARGET,
                       "SCALE_DOWN_THRESHOLD": THRESHOLD_MINUTES, "BUSY_WINDOW": 1, **changes}
        return self.run_program([self.program, "once", *flags], env=environment)


@pytest.fixture
def deployment(moto_service, run_program, ecs_scaler):
    return Deployment(moto_service, run_program, ecs_scaler)


def test_scales_up_holds_and_scales_down_after_the_threshold(deployment):
    sqs, queue_url = deployment.service.moto.sqs, deployment.service.queue_url
    deployment.service.send()

    up = deployment.once()
    assert (up.code, deployment.desired()) == (0, TARGET), up.output()

    message = sqs.receive_message(QueueUrl=queue_url)["Messages"][0]
    working = deployment.once()
    assert (working.code, deployment.desired()) == (0, TARGET), working.output()

    sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    first_empty = deployment.once(SCALE_DOWN_THRESHOLD=1)
    assert (first_empty.code, deployment.desired()) == (0, TARGET), first_empty.output()

    # What is remembered in the service's tags grows old; a tag tells whole seconds, later ones.
    time.sleep(THRESHOLD_MINUTES * 60 + 1)
    for _ in range(2):  # zero_confirmations
        down = deployment.once()
        assert down.code == 0, down.output()
    assert deployment.desired() == 0
    assert sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"][
        "ApproximateNumberOfMessages"] == "0"


def test_an_empty_queue_leaves_a_service_at_zero(deployment):
    process = deployment.once()

    assert (process.code, deployment.desired()) == (0, 0)


def test_a_dry_run_changes_nothing(deployment):
    deployment.service.send()

    process = deployment.once("--dry-run")

    assert (process.code, deployment.desired()) == (0, 0), process.output()
    assert deployment.service.describe().get("tags", []) == []


def test_json_output_is_one_line_with_the_decision(deployment):
    deployment.service.send()

    process = deployment.once("--output", "json")

    assert process.code == 0, process.output()
    line, = process.stdout().splitlines()
    record = json.loads(line)
    text = json.dumps(record)
    assert "scale_out" in text and '"desired"' in text and '"steps"' in text, record


@pytest.mark.parametrize("changes, named", [
    ({"ECS_SERVICE_NAME": "missing"}, "missing"),
    ({"ECS_CLUSTER_NAME": "missing"}, "missing"),
    ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "credentials"),
])
def test_what_cannot_be_read_is_a_failure_with_a_name(deployment, changes, named):
    deployment.service.send()

    process = deployment.once(**changes)

    assert process.code == 1, process.output()
    assert process.stderr().startswith("ecs-scaler: ") and named in process.stderr()
    assert deployment.desired() == 0


def test_a_queue_that_cannot_be_read_never_scales_in(deployment):
    deployment.service.moto.ecs.update_service(cluster="main", service="worker",
                                               desiredCount=2)

    process = deployment.once(SQS_QUEUE_URL=deployment.service.queue_url + "-missing",
                              SCALE_DOWN_THRESHOLD=0)

    assert process.code == 1, process.output()
    assert deployment.desired() == 2
