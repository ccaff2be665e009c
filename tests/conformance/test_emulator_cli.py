"""The emulator, driven by the AWS CLI, as a person would."""

import json
import pathlib
import subprocess
import sys

import awscli.clidriver
import pytest

from support import REGION, program_environment, wait_until


@pytest.fixture
def aws(emulator, tmp_path, monkeypatch, capsys):
    """aws(*arguments, fails=False) -> the command's answer, or what it says when it fails.

    The CLI runs inside this process: it takes a second or two to start, and there are two dozen
    commands.
    """
    started = emulator(task_start="100ms", task_stop="100ms", work_time="100ms")
    for name, value in program_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    # A driver keeps the models that it has read; its commands are made anew for each call.
    driver = awscli.clidriver.create_clidriver()

    def run(*arguments, fails=False):
        capsys.readouterr()
        code = driver.main([
            "--endpoint-url", started.endpoint, "--region", REGION, "--output", "json", *arguments
        ])
        printed = capsys.readouterr()
        assert (code != 0) == fails, printed
        if fails:
            return printed.err
        return json.loads(printed.out) if printed.out else {}

    run.emulator = started
    return run


def test_sqs_from_the_command_line(aws):
    url = aws("sqs", "create-queue", "--queue-name", "cli", "--attributes",
              "VisibilityTimeout=60")["QueueUrl"]
    assert aws("sqs", "get-queue-url", "--queue-name", "cli")["QueueUrl"] == url
    assert url in aws("sqs", "list-queues")["QueueUrls"]
    aws("sqs", "send-message", "--queue-url", url, "--message-body", "one")
    aws("sqs", "send-message-batch", "--queue-url", url, "--entries", "Id=a,MessageBody=two")
    messages = aws("sqs", "receive-message", "--queue-url", url, "--max-number-of-messages", "10",
                   "--attribute-names", "All", "--wait-time-seconds", "1")["Messages"]
    assert sorted(message["Body"] for message in messages) == ["one", "two"]
    aws("sqs", "change-message-visibility", "--queue-url", url, "--receipt-handle",
        messages[0]["ReceiptHandle"], "--visibility-timeout", "0")
    aws("sqs", "delete-message", "--queue-url", url, "--receipt-handle",
        messages[1]["ReceiptHandle"])
    counts = aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names",
                 "All")["Attributes"]
    assert (counts["ApproximateNumberOfMessages"], counts["VisibilityTimeout"]) == ("1", "60")
    aws("sqs", "set-queue-attributes", "--queue-url", url, "--attributes", "DelaySeconds=5")
    aws("sqs", "purge-queue", "--queue-url", url)
    aws("sqs", "delete-queue", "--queue-url", url)
    assert "NonExistentQueue" in aws("sqs", "purge-queue", "--queue-url", url, fails=True)


def test_ecs_from_the_command_line(aws):
    aws("ecs", "register-task-definition", "--family", "cli", "--container-definitions",
        '[{"name":"a","image":"b"}]')
    made = aws("ecs", "create-service", "--cluster", "test", "--service-name", "cli",
               "--task-definition", "cli", "--desired-count", "1")["service"]
    assert made["createdAt"]
    aws("ecs", "wait", "services-stable", "--cluster", "test", "--services", "worker")
    aws("ecs", "tag-resource", "--resource-arn", made["serviceArn"], "--tags", "key=k,value=v")
    wait_until(lambda: aws.emulator.call("status")["services"]["test/cli"]["running"] == 1,
               what="the task")
    described = aws("ecs", "describe-services", "--cluster", "test", "--services", "cli",
                    "--include", "TAGS")
    assert described["services"][0]["runningCount"] == 1
    assert described["services"][0]["tags"] == [{"key": "k", "value": "v"}]
    [task] = aws("ecs", "list-tasks", "--cluster", "test", "--service-name", "cli")["taskArns"]
    assert aws("ecs", "describe-tasks", "--cluster", "test", "--tasks",
               task)["tasks"][0]["taskArn"] == task
    assert aws("ecs", "update-service", "--cluster", "test", "--service", "cli", "--desired-count",
               "0")
    aws("ecs", "delete-service", "--cluster", "test", "--service", "cli")
    assert "ServiceNotFoundException" in aws("ecs",
                                             "update-service",
                                             "--cluster",
                                             "test",
                                             "--service",
                                             "none",
                                             "--desired-count",
                                             "1",
                                             fails=True)


def test_sts_from_the_command_line(emulator, tmp_path):
    program = pathlib.Path(sys.executable).parent / "aws"
    answer = subprocess.check_output([
        program, "--endpoint-url",
        emulator().endpoint, "--region", REGION, "--output", "json", "sts", "get-caller-identity"
    ],
                                     env=program_environment(tmp_path),
                                     timeout=60)
    assert json.loads(answer)["Account"] == "000000000000"
