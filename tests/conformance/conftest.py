"""The emulated SQS with a queue, for the tests of queues and of messages."""

import pytest

from strict import unchecked_client, watch


@pytest.fixture
def aws(emulator):
    started = emulator()
    watch(started.aws.sqs)
    return started


@pytest.fixture
def sqs(aws):
    return aws.aws.sqs


@pytest.fixture
def raw(aws):
    return unchecked_client("sqs", aws.endpoint)


@pytest.fixture
def url(sqs):
    return sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
