"""Ticks, doorbell and wake, through the emulator with the real `bootstrap`: what each may do, and
what becomes of the messages that came with it, also when somebody has meddled.
"""

import pytest
from support import TARGET, wait_until

NO_SCHEDULE = {"schedule": "0s"}
NO_WAKE = "WAKE=false"


def records(arn, count=1):
    return {"Records": [{"messageId": str(i), "receiptHandle": "handle", "body": "",
                         "attributes": {"ApproximateReceiveCount": "1"},
                         "eventSource": "aws:sqs", "eventSourceARN": arn, "awsRegion": "us-east-1"}
                        for i in range(count)]}


def arn(queue):
    return f"arn:aws:sqs:us-east-1:000000000000:{queue}"


# --- ticks --------------------------------------------------------------------------------------


def test_a_schedule_sends_the_ticks_of_its_minute(start_job):
    job = start_job(tick_queue="ticks", env=[NO_WAKE], **NO_SCHEDULE)
    ticks = job.emulator.ready["tick_queue_url"]

    job.tick_the_clock()

    assert job.emulator.depth(ticks) == (0, 0, 5)
    assert job.status()["api_calls"]["SendMessageBatch"][job.function_key] == 1


def test_ticks_notice_work_within_their_time_and_are_consumed(start_job):
    job = start_job(tick_queue="ticks", env=[NO_WAKE, "TICK_SECONDS=1"], **NO_SCHEDULE)
    job.tick_the_clock()

    job.emulator.send(4)
    job.wait_for_desired(TARGET, timeout=10)
    job.wait_until_processed(4)
    job.wait_until_asleep()

    mapping = job.mapping("ticks")
    assert mapping["deleted"] == mapping["received"] > 0
    assert [count for _, count in job.counts()] == [TARGET, 0]


def test_ticks_of_a_duplicated_schedule_change_nothing(start_job):
    job = start_job(tick_queue="ticks", env=[NO_WAKE, "TICK_SECONDS=1"], **NO_SCHEDULE)
    job.tick_the_clock()
    job.tick_the_clock()
    assert sum(job.emulator.depth(job.emulator.ready["tick_queue_url"])) >= 116

    job.emulator.send(4)
    job.wait_until_processed(4)
    job.wait_until_asleep()

    assert [count for _, count in job.counts()] == [TARGET, 0]
    job.assert_nothing_lost(4)


def test_ticks_that_come_late_and_together_are_one_pass(start_job):
    job = start_job(tick_queue="ticks", env=[NO_WAKE], **NO_SCHEDULE)
    ticks = job.emulator.ready["tick_queue_url"]
    job.emulator.aws.sqs.send_message_batch(
        QueueUrl=ticks, Entries=[{"Id": str(i), "MessageBody": "tick"} for i in range(10)])

    wait_until(lambda: job.mapping("ticks")["deleted"] == 10, what="ten consumed ticks")

    assert job.mapping("ticks")["batches"] == job.status()["lambda"]["invocations"] == 1
    assert job.status()["lambda"]["errors"] == 0


def test_a_failed_tick_comes_back_and_is_lost_to_retention_at_the_latest(start_job):
    job = start_job(tick_queue="ticks", env=[NO_WAKE], **NO_SCHEDULE)
    ticks = job.emulator.ready["tick_queue_url"]
    sqs = job.emulator.aws.sqs
    attributes = sqs.get_queue_attributes(QueueUrl=ticks, AttributeNames=["All"])["Attributes"]
    assert int(attributes["MessageRetentionPeriod"]) == 150
    assert "RedrivePolicy" not in attributes
    sqs.set_queue_attributes(QueueUrl=ticks, Attributes={"VisibilityTimeout": "1"})
    job.fault("DescribeServices", "denied")

    sqs.send_message(QueueUrl=ticks, MessageBody="tick")
    wait_until(lambda: job.status()["lambda"]["errors"] >= 2, what="failed invocations")
    assert job.mapping("ticks")["deleted"] == 0
    job.heal()

    wait_until(lambda: job.mapping("ticks")["deleted"] == 1, what="the tick's success")
    assert job.emulator.depth(ticks) == (0, 0, 0)


# --- doorbell -----------------------------------------------------------------------------------


def test_the_doorbell_scales_out_only_and_is_consumed(start_job):
    job = start_job(threshold_minutes=0, doorbell_queue="bell",
                    env=[NO_WAKE, "ZERO_CONFIRMATIONS=1"], **NO_SCHEDULE)
    bell = job.emulator.ready["doorbell_queue_url"]
    job.emulator.send(4)

    job.emulator.aws.sqs.send_message(QueueUrl=bell, MessageBody="ring")
    job.wait_for_desired(TARGET)
    job.wait_until_processed(4)
    for _ in range(3):
        job.emulator.aws.sqs.send_message(QueueUrl=bell, MessageBody="ring")
    wait_until(lambda: job.mapping("bell")["deleted"] == 4, what="four consumed rings")

    assert job.emulator.tasks()[0] == TARGET
    assert job.emulator.depth(bell) == (0, 0, 0)
    wait_until(lambda: job.tick_the_clock() and job.emulator.tasks() == (0, 0), interval=0.5,
               what="rest, once no look tells of a ring")


def test_a_notification_rings_as_well(start_job):
    job = start_job(env=[NO_WAKE], **NO_SCHEDULE)
    job.emulator.send(1)

    answer, failed = job.invoke({"Records": [
        {"EventSource": "aws:sns", "EventVersion": "1.0",
         "EventSubscriptionArn": "arn:aws:sns:us-east-1:000000000000:bell:1",
         "Sns": {"Type": "Notification", "Message": "ring"}}]})

    assert not failed, answer
    assert answer["body"]["trigger_source"] == "doorbell"
    assert job.emulator.tasks()[0] == TARGET


# --- events that must not be consumed -----------------------------------------------------------


@pytest.mark.parametrize("event, words", [
    (records(arn("stranger")), "records of arn:aws:sqs:us-east-1:000000000000:stranger came"),
    ({"Records": records(arn("jobs"))["Records"] + records(arn("ticks"))["Records"]},
     "records of two queues came in one event"),
    ({"Records": [*records(arn("jobs"))["Records"],
                  {"EventSource": "aws:sns", "EventSubscriptionArn": "arn:x"}]},
     "$.Records[1].eventSource: 'aws:sns' after records of aws:sqs"),
    ({"Records": [{"eventSource": "aws:dynamodb"}]}, "$.Records[0].eventSource: 'aws:dynamodb'"),
    ({"source": "aws.s3"}, "$.source: 'aws.s3' is not one of aws.events|aws.scheduler"),
    ({"dryrun": True}, "did you mean 'dry_run'?")])
def test_any_other_event_is_an_error_that_names_what_is_wrong(start_job, event, words):
    job = start_job(tick_queue="ticks", **NO_SCHEDULE)

    answer, failed = job.invoke(event)

    assert failed
    assert words in answer["errorMessage"]
    assert not job.counts()


# --- wake ---------------------------------------------------------------------------------------


def test_wake_is_refused_where_messages_would_be_dead_lettered_too_soon(start_job):
    job = start_job(max_receive_count="4", **NO_SCHEDULE)

    answer, failed = job.invoke({"source": "aws.events"})

    assert failed
    assert "maxReceiveCount of" in answer["errorMessage"]
    assert "is 4: wakes use up receives, so it must be at least 5" in answer["errorMessage"]
    job.wait_for_mapping("Disabled")


def test_a_mapping_changed_by_hand_is_put_right(start_job):
    job = start_job()
    job.update_mapping(Enabled=False)
    job.wait_for_mapping("Enabled")
    job.emulator.send(3)
    job.wait_for_desired(TARGET)
    # A task that keeps a message busy keeps the service up.
    job.wait_for_mapping("Disabled")
    job.update_mapping(Enabled=True)
    job.wait_until_processed(3)
    job.wait_until_asleep()
    job.wait_for_mapping("Enabled")
    job.assert_nothing_lost(3)


def test_a_mapping_that_would_delete_messages_is_disabled_and_deletes_none(start_job):
    job = start_job(**NO_SCHEDULE)
    job.update_mapping(FunctionResponseTypes=[])

    job.emulator.send(3)
    wait_until(lambda: job.status()["lambda"]["errors"] >= 1, what="the failed wake")
    job.wait_for_mapping("Disabled")

    assert job.mapping()["deleted"] == 0
    job.wait_until_processed(3)
    answer, failed = job.invoke({"source": "aws.events"})
    assert failed and "lacks ReportBatchItemFailures" in answer["errorMessage"]


def test_a_wake_survives_the_loss_of_the_answer_that_disabled_the_mapping(start_job):
    job = start_job(**NO_SCHEDULE)
    job.fault("UpdateEventSourceMapping", "lost", 1)

    job.emulator.send(3)
    job.wait_until_processed(3)
    job.wait_for_mapping("Disabled")

    assert job.struck() == 1
    assert job.status()["lambda"]["errors"] == 0
    job.assert_nothing_lost(3)


def test_a_wake_while_someone_changes_the_mapping_fails_and_is_put_right(start_job):
    job = start_job(threshold_minutes=0.25, mapping_toggle="4s")  # awake for longer than the change
    job.emulator.aws.lambda_.update_event_source_mapping(UUID=job.mapping()["uuid"], BatchSize=5)

    job.emulator.send(3)
    job.wait_for_desired(TARGET)
    wait_until(lambda: job.status()["lambda"]["errors"] >= 1, what="the wake that could not")
    job.wait_until_processed(3)
    job.wait_for_mapping("Disabled")

    job.wait_until_asleep()
    assert job.mapping()["receive_count_max"] <= 3
    job.assert_nothing_lost(3)


def test_a_mapping_left_enabled_by_a_killed_wake_is_put_right(start_job):
    job = start_job(**NO_SCHEDULE)
    job.fault("UpdateEventSourceMapping", "hang", 1)
    job.harm("crash", 1, delay=1)

    job.emulator.send(3)
    wait_until(lambda: job.status()["lambda"]["errors"] == 1, what="the killed invocation")
    assert job.emulator.tasks()[0] == TARGET
    assert job.mapping()["state"] == "Enabled"
    job.heal()

    job.tick_the_clock()
    job.wait_for_mapping("Disabled")
    job.wait_until_processed(3)
    wait_until(lambda: job.tick_the_clock() and job.emulator.tasks()[0] == 0, what="sleep")
    job.tick_the_clock()
    job.wait_for_mapping("Enabled")
    job.assert_nothing_lost(3)


# --- metrics ------------------------------------------------------------------------------------


def test_the_pass_record_is_an_embedded_metric(start_job):
    job = start_job(env=["METRICS=emf:QueueDepth,DesiredTasks,ScaleOut", "LOG_LEVEL=WARN", NO_WAKE],
                    **NO_SCHEDULE)
    job.emulator.send(2)
    job.tick_the_clock()

    line = wait_until(lambda: [line for line in job.function_lines() if "_aws" in line])[0]

    directive = line["_aws"]["CloudWatchMetrics"][0]
    assert directive["Namespace"] == "EcsScaler"
    assert directive["Dimensions"] == [["Cluster", "Service"]]
    assert (line["Cluster"], line["Service"], line["level"]) == ("test", "worker", "INFO")
    assert {metric["Name"]: line[metric["Name"]] for metric in directive["Metrics"]} == {
        "QueueDepth": 2, "DesiredTasks": TARGET, "ScaleOut": 1}


def test_an_unknown_metric_is_refused_at_the_start(start_job):
    job = start_job(env=["METRICS=emf:QueDepth"], **NO_SCHEDULE)

    answer, failed = job.invoke({})

    assert failed
    assert "'QueDepth' is not one of QueueDepth|" in answer["errorMessage"]
    assert answer["errorMessage"].endswith("did you mean 'QueueDepth'?")


# --- counts that lag ------------------------------------------------------------------------------


@pytest.mark.parametrize("lag", ["1s", "10s", "60s"])
@pytest.mark.parametrize("count_in_flight", ["true", "false"])
def test_a_wake_needs_no_counts(start_job, lag, count_in_flight):
    job = start_job(count_lag=lag, env=[f"COUNT_IN_FLIGHT={count_in_flight}"])
    job.wait_for_mapping("Enabled")

    job.emulator.send(3)

    # One invocation: the schedule, whose looks see nothing yet, sets no count.
    job.wait_for_desired(TARGET, timeout=10)
    job.wait_until_processed(3)
    assert job.mapping()["deleted"] == 0


@pytest.mark.parametrize("lag", ["1s", "10s", "60s"])
def test_a_doorbell_needs_no_counts(start_job, lag):
    job = start_job(count_lag=lag, doorbell_queue="bell", env=[NO_WAKE, "COUNT_IN_FLIGHT=false"],
                    **NO_SCHEDULE)
    job.emulator.send(3)

    job.emulator.aws.sqs.send_message(QueueUrl=job.emulator.ready["doorbell_queue_url"],
                                      MessageBody="ring")

    job.wait_for_desired(TARGET, timeout=10)
    job.wait_until_processed(3)
