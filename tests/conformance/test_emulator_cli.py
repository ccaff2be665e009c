"""The emulator, driven by the AWS CLI, as a person would."""

import json
import pathlib
import subprocess
import sys

import pytest

from support import program_environment, wait_until


@pytest.fixture
def aws(emulator, tmp_path):
    started = emulator(task_start="100ms", task_stop="100ms", work_time="100ms")
    program = pathlib.Path(sys.executable).parent / "aws"

    def run(*arguments, fails=False):
        ended = subprocess.run(
            [program, "--endpoint-url", started.endpoint, "--output", "json", *arguments],
            env=program_environment(tmp_path), capture_output=True, text=True, timeout=60, check=False)
        if fails:
            assert ended.returncode != 0, ended.stdout
            return ended.stderr
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout) if ended.stdout else {}

    run.emulator = started
    return run


def test_sqs_from_the_command_line(aws):
    url = aws("sqs", "create-queue", "--queue-name", "cli", "--attributes", "VisibilityTimeout=60")["QueueUrl"]
    assert aws("sqs", "get-queue-url", "--queue-name", "cli")["QueueUrl"] == url
    assert url in aws("sqs", "list-queues")["QueueUrls"]
    aws("sqs", "send-message", "--queue-url", url, "--message-body", "one")
    aws("sqs", "send-message-batch", "--queue-url", url, "--entries", "Id=a,MessageBody=two")
    messages = aws("sqs", "receive-message", "--queue-url", url, "--max-number-of-messages", "10",
                   "--attribute-names", "All", "--wait-time-seconds", "1")["Messages"]
    assert sorted(message["Body"] for message in messages) == ["one", "two"]
    aws("sqs", "change-message-visibility", "--queue-url", url, "--receipt-handle",
        messages[0]["ReceiptHandle"], "--visibility-timeout", "0")
    aws("sqs", "delete-message", "--queue-url", url, "--receipt-handle", messages[1]["ReceiptHandle"])
    counts = aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "All")["Attributes"]
    assert (counts["ApproximateNumberOfMessages"], counts["VisibilityTimeout"]) == ("1", "60")
    aws("sqs", "set-queue-attributes", "--queue-url", url, "--attributes", "DelaySeconds=5")
    aws("sqs", "purge-queue", "--queue-url", url)
    aws("sqs", "delete-queue", "--queue-url", url)
    assert "NonExistentQueue" in aws("sqs", "purge-queue", "--queue-url", url, fails=True)


def test_ecs_from_the_command_line(aws):
    aws("ecs", "register-task-definition", "--family", "cli", "--container-definitions",
        '[{"name":"a","image":"b"}]')
    made = aws("ecs", "create-service", "--cluster", "test", "--service-name", "cli", "--task-definition", "cli",
               "--desired-count", "1")["service"]
    assert made["createdAt"]
    aws("ecs", "wait", "services-stable", "--cluster", "test", "--services", "worker")
    aws("ecs", "tag-resource", "--resource-arn", made["serviceArn"], "--tags", "key=k,value=v")
    wait_until(lambda: aws.emulator.call("status")["services"]["test/cli"]["running"] == 1, what="the task")
    described = aws("ecs", "describe-services", "--cluster", "test", "--services", "cli", "--include", "TAGS")
    assert described["services"][0]["runningCount"] == 1
    assert described["services"][0]["tags"] == [{"key": "k", "value": "v"}]
    [task] = aws("ecs", "list-tasks", "--cluster", "test", "--service-name", "cli")["taskArns"]
    assert aws("ecs", "describe-tasks", "--cluster", "test", "--tasks", task)["tasks"][0]["taskArn"] == task
    assert aws("ecs", "update-service", "--cluster", "test", "--service", "cli", "--desired-count", "0")
    aws("ecs", "delete-service", "--cluster", "test", "--service", "cli")
    assert "ServiceNotFoundException" in aws("ecs", "update-service", "--cluster", "test", "--service", "none",
                                             "--desired-count", "1", fails=True)


def test_sts_from_the_command_line(aws):
    assert aws("sts", "get-caller-identity")["Account"] == "000000000000"
