"""The emulated Lambda as boto3 sees it: versions, aliases, and mappings that are bound to them; and
the scaler on an alias."""

import base64
import time

import pytest

from support import REGION, wait_until

ARN = f"arn:aws:lambda:{REGION}:000000000000:function:ecs-scaler"
QUEUE = f"arn:aws:sqs:{REGION}:000000000000:jobs"


@pytest.fixture
def aws(emulator, bootstrap):
    """The function is the scaler itself. Its timers are slow, but for the mapping's."""
    return emulator(lambda_=bootstrap, schedule="1h", mapping_toggle="100ms", task_start="100ms",
                    task_stop="100ms", work_time="100ms",
                    env=["SCALE_UP_TARGET=2", "WAKE_RETURN_SECONDS=1"])


@pytest.fixture
def functions(aws):
    return aws.aws.lambda_


@pytest.fixture
def live(functions):
    """An alias of the first version."""
    version = functions.publish_version(FunctionName="ecs-scaler", Description="first")["Version"]
    functions.create_alias(FunctionName="ecs-scaler", Name="live", FunctionVersion=version)
    return f"{ARN}:live"


def mappings(functions, **filters):
    listed = functions.list_event_source_mappings(**filters)["EventSourceMappings"]
    return sorted(mapping["FunctionArn"] for mapping in listed)


def state(functions, uuid):
    return functions.get_event_source_mapping(UUID=uuid)["State"]


def test_versions_and_aliases(functions, live):
    name = {"FunctionName": "ecs-scaler"}
    versions = functions.list_versions_by_function(**name)["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1"]
    alias = functions.get_alias(**name, Name="live")
    assert (alias["AliasArn"], alias["FunctionVersion"]) == (live, "1")
    second = functions.publish_version(**name)["Version"]
    functions.update_alias(**name, Name="live", FunctionVersion=second)
    assert functions.list_aliases(**name, FunctionVersion=second)["Aliases"][0]["Name"] == "live"
    configuration = functions.get_function_configuration(FunctionName=live)
    assert (configuration["FunctionArn"], configuration["Version"]) == (live, second)
    functions.delete_alias(**name, Name="live")
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_alias(**name, Name="live")


def test_an_alias_is_made_once(functions, live):
    with pytest.raises(functions.exceptions.ResourceConflictException):
        functions.create_alias(FunctionName="ecs-scaler", Name="live", FunctionVersion="1")
    with pytest.raises(functions.exceptions.PreconditionFailedException):
        functions.update_alias(FunctionName="ecs-scaler", Name="live", RevisionId="old")


def test_a_list_by_name_tells_exactly_what_it_names(functions, live):
    made = functions.create_event_source_mapping(FunctionName=live, EventSourceArn=QUEUE,
                                                 FunctionResponseTypes=["ReportBatchItemFailures"])
    assert mappings(functions, FunctionName="ecs-scaler") == [ARN]
    assert mappings(functions, FunctionName="ecs-scaler:live") == [live]
    assert mappings(functions, EventSourceArn=QUEUE) == [ARN, live]
    with pytest.raises(functions.exceptions.ResourceConflictException):
        functions.create_event_source_mapping(FunctionName=live, EventSourceArn=QUEUE)
    wait_until(lambda: state(functions, made["UUID"]) == "Enabled", what="Enabled")
    functions.delete_event_source_mapping(UUID=made["UUID"])
    wait_until(lambda: mappings(functions, EventSourceArn=QUEUE) == [ARN], what="its end")


def test_what_aws_knows_and_the_emulator_does_not_is_not_called_unknown(functions, live):
    with pytest.raises(functions.exceptions.ClientError, match="does not model this operation"):
        functions.update_function_configuration(FunctionName="ecs-scaler", Timeout=3)
    with pytest.raises(functions.exceptions.ClientError, match="does not take 'FilterCriteria'"):
        functions.create_event_source_mapping(
            FunctionName=live, EventSourceArn=QUEUE,
            FilterCriteria={"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]})


def test_a_wake_by_an_alias_scales_out_and_disables(aws, functions, live):
    """The mapping of the alias is the only one, and the function is invoked by the alias."""
    plain = functions.list_event_source_mappings()["EventSourceMappings"][0]["UUID"]
    functions.delete_event_source_mapping(UUID=plain)
    made = functions.create_event_source_mapping(FunctionName=live, EventSourceArn=QUEUE,
                                                 FunctionResponseTypes=["ReportBatchItemFailures"])
    wait_until(lambda: state(functions, made["UUID"]) == "Enabled", what="Enabled")
    aws.send(1)
    wait_until(lambda: aws.tasks()[0] == 2, what="the scale-out")
    wait_until(lambda: state(functions, made["UUID"]) == "Disabled", what="Disabled")
    wait_until(lambda: aws.call("status")["totals"]["processed"] == 1, 60, what="the job's end")
    status = aws.call("status")
    assert status["lambda"]["errors"] == 0 and status["totals"]["dead_lettered"] == 0


def test_counts_lag(aws):
    lagging = aws.call("queues", {"queue": "jobs", "count_lag": 2})
    assert lagging["queues"]["jobs"]["count_lag"] == 2
    aws.aws.sqs.send_message(QueueUrl=aws.queue_url, MessageBody="a", DelaySeconds=30)
    sent_at = time.monotonic()
    assert aws.depth() == (0, 0, 0)
    wait_until(lambda: aws.depth() == (0, 0, 1), what="the count")
    assert time.monotonic() - sent_at > 1
    aws.call("queues", {"queue": "jobs", "count_lag": 0})
    with pytest.raises(pytest.fail.Exception, match="404"):
        aws.call("queues", {"queue": "none", "count_lag": 1})
    with pytest.raises(pytest.fail.Exception, match="400"):
        aws.call("queues", {"queue": "jobs", "count_lag": -1})


def test_the_option_makes_the_job_queues_counts_lag(emulator):
    started = emulator(count_lag="10s")
    assert started.call("status")["queues"]["jobs"]["count_lag"] == 10


def test_the_function_is_told_and_listed(functions, live):
    told = functions.get_function(FunctionName=live)
    assert (told["Configuration"]["FunctionArn"], told["Configuration"]["Version"]) == (live, "1")
    assert told["Concurrency"]["ReservedConcurrentExecutions"] == 10
    assert [one["FunctionArn"] for one in functions.list_functions()["Functions"]] == [ARN]
    versions = functions.list_functions(FunctionVersion="ALL")["Functions"]
    assert [one["Version"] for one in versions] == ["$LATEST", "1"]
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function(FunctionName="other")


def test_an_invocation_tells_the_end_of_its_log(functions):
    def invoke(**arguments):
        return functions.invoke(FunctionName="ecs-scaler", Payload=b'{"dry_run":true}', **arguments)

    assert "LogResult" not in invoke()
    log = base64.b64decode(invoke(LogType="Tail")["LogResult"]).decode()
    lines = log.splitlines()
    assert len(log) <= 4096
    assert lines[0].startswith("START RequestId: ") and lines[0].endswith(" Version: $LATEST")
    assert lines[-1].startswith("REPORT RequestId: ")
    assert any(line.startswith("{") for line in lines[1:-2]), f"what the function wrote: {log}"
