"""Dashboard and alarms: their queries find rows in lines that the program wrote, and they ring when
they should and only then.
"""

import json
import re

import hcl2
import pytest

import insights
import intrinsics
from support import ROOT
from test_templates import look_up, plain

# What AWS documents that SQS and Lambda publish, with these dimensions.
OF_AWS = {"AWS/SQS": ({"QueueName"}, {"ApproximateNumberOfMessagesVisible",
                                      "ApproximateNumberOfMessagesNotVisible",
                                      "ApproximateAgeOfOldestMessage"}),
          "AWS/Lambda": ({"FunctionName"}, {"Invocations", "Errors", "Throttles", "Duration"})}
TRIGGERS = ("manual", "schedule", "tick", "doorbell", "wake")


# --- log lines of every trigger -----------------------------------------------------------------


def event_of(trigger):
    if trigger == "manual":
        return {}
    if trigger == "schedule":
        return {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    queue = {"tick": "ticks", "doorbell": "bell", "wake": "jobs"}[trigger]
    return {"Records": [{"messageId": "1", "receiptHandle": "handle", "body": "",
                         "attributes": {"ApproximateReceiveCount": "1"}, "eventSource": "aws:sqs",
                         "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
                         "awsRegion": "us-east-1"}]}


def start(start_job, *env):
    """A job whose message nobody takes, so that each trigger finds the same."""
    job = start_job(tick_queue="ticks", doorbell_queue="bell", schedule="0s", task_start="1h",
                    env=["TICK_SECONDS=0", *env])
    job.update_mapping(Enabled=False)
    job.emulator.send(1)
    return job


def passes(job):
    return [line for line in job.function_lines() if line["message"] == "pass"]


def invoke_all(job):
    for trigger in TRIGGERS:
        job.emulator.aws.ecs.update_service(cluster=job.emulator.cluster, desiredCount=0,
                                            service=job.emulator.service)
        job.invoke(event_of(trigger))


@pytest.fixture
def lines(start_job):
    """What the program logs when each trigger starts a task, and when each finds SQS refusing."""
    job = start(start_job)
    invoke_all(job)
    job.fault("GetQueueAttributes", "denied")
    invoke_all(job)
    seen = passes(job)
    assert [line["trigger"] for line in seen] == [*TRIGGERS, *TRIGGERS]
    assert {line["record"]["outcome"] for line in seen[:5]} == {"applied"}
    written = [json.loads(line) for line in job.emulator.process.stderr().splitlines()]
    return [line["line"] for line in written if line["message"] == "function output"]


# --- the dashboard ------------------------------------------------------------------------------

VARIANTS = [({}, {}), ({"LogLevel": "WARN"}, {"log_level": "WARN"}),
            ({"LogLevel": "WARN", "Metrics": "emf:QueueDepth"},
             {"log_level": "WARN", "metrics": "emf:QueueDepth"})]


@pytest.fixture
def dashboard(moto, deploy_sam):
    """dashboard(parameters) -> the widgets of a stack with Monitoring."""
    def read(**parameters):
        deploy_sam("scaler", Cluster="main", Service="worker", QueueName="work", Monitoring="true",
                   **parameters)
        body = moto.client("cloudwatch").get_dashboard(DashboardName="scaler")["DashboardBody"]
        return json.loads(body)["widgets"]

    return read


def queries(widgets):
    return {w["properties"]["title"]: w["properties"]["query"] for w in widgets
            if w["type"] == "log"}


@pytest.mark.parametrize("parameters, variables", VARIANTS, ids=["default", "WARN", "metrics"])
def test_both_dashboards_are_the_same(parameters, variables, dashboard, terraform_settings):
    settings = terraform_settings({"queue_name": "work", **variables})

    assert dashboard(**parameters) == settings["widgets"]


def test_every_trigger_has_its_row_in_every_query(dashboard, lines):
    found = {title: insights.run(query, lines) for title, query in queries(dashboard()).items()}

    assert list(found) == ["Failures", "Tasks", "Changes", "Decisions"]
    for title in ("Failures", "Changes", "Decisions"):
        assert {row["trigger"] for row in found[title] if "trigger" in row} == set(TRIGGERS), title
        assert found[title] == sorted(found[title], key=lambda r: r["@timestamp"], reverse=True)
    changes = found["Changes"]
    assert {(row["before"], row["after"], row["outcome"]) for row in changes} == {
        (0, 3, "applied")}
    assert len(found["Decisions"]) == 10
    decisive = {json.loads(line)["timestamp"]: json.loads(line)["record"]["decision"]["steps"][-1]
                for line in lines if '"message":"pass"' in line}
    for row in [*changes, *found["Decisions"]]:
        assert row["why"] == decisive[row["@timestamp"]]["note"]
    assert any("GetQueueAttributes" in row["error"] for row in found["Failures"])
    assert all(row.keys() == {"bin", "desired", "running"} for row in found["Tasks"])


def test_every_line_by_itself_answers_the_queries_of_passes(dashboard, lines):
    asked = queries(dashboard())
    for line in lines:
        if json.loads(line)["message"] == "pass":
            assert insights.run(asked["Tasks"], [line]) and insights.run(asked["Decisions"], [line])


@pytest.mark.parametrize("env, logged", [
    (["LOG_LEVEL=INFO"], True), (["LOG_LEVEL=WARN"], False),
    (["LOG_LEVEL=WARN", "METRICS=emf:QueueDepth"], True)], ids=str)
def test_the_dashboard_asks_for_passes_where_they_are_logged(env, logged, start_job, dashboard):
    job = start(start_job, *env)
    invoke_all(job)
    assert bool(passes(job)) == logged

    names = {"LOG_LEVEL": "LogLevel", "METRICS": "Metrics"}
    given = dict(assignment.split("=") for assignment in env)
    asked = queries(dashboard(**{names[name]: value for name, value in given.items()}))
    assert ("Decisions" in asked) == ("Tasks" in asked) == logged


def test_the_documents_queries_find_rows(lines):
    text = (ROOT / "docs/runbook.md").read_text() + (ROOT / "docs/deployment.md").read_text()
    found = [block for block in re.findall(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
             if block.startswith(("fields @", "filter "))]

    assert len(found) >= 2
    for query in found:
        assert insights.run(query, lines), query


def test_charts_show_what_is_published(dashboard):
    charts = [w["properties"] for w in dashboard() if w["type"] == "metric"]

    assert len(charts) == 2
    for chart in charts:
        for namespace, metric, dimension, *_ in chart["metrics"]:
            dimensions, metrics = OF_AWS[namespace]
            assert dimension in dimensions and metric in metrics


# --- alarms -------------------------------------------------------------------------------------


def alarms_of(template, moto, parameters):
    """{"backlog": the alarm as CloudWatch has it, ...} of a stack "scaler"."""
    cloudwatch = moto.client("cloudwatch")
    resolved = intrinsics.Template(template, "scaler", parameters)
    for alarm in resolved.resources("AWS::CloudWatch::Alarm").values():
        for name in ("Period", "Threshold"):  # parameters are text, and CloudFormation converts
            if name in alarm:
                alarm[name] = int(alarm[name])
        cloudwatch.put_metric_alarm(**alarm)
    answer = cloudwatch.describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"].removeprefix("scaler-"): alarm for alarm in answer}


@pytest.fixture
def alarms(moto, sam_template):
    """alarms(parameters) -> {"backlog": the alarm as CloudWatch has it, ...}"""
    given = {"Cluster": "main", "Service": "worker", "QueueName": "work", "Monitoring": "true"}
    return lambda **parameters: alarms_of(sam_template, moto, {**given, **parameters})


RELATIONS = {"GreaterThanThreshold": lambda value, limit: value > limit,
             "GreaterThanOrEqualToThreshold": lambda value, limit: value >= limit,
             "LessThanThreshold": lambda value, limit: value < limit}


def rings(alarm, minutes):
    """Whether the alarm rings at the end of these periods, each {metric: value} or empty."""
    parts = alarm.get("Metrics") or []
    breaching = []
    for seen in minutes[-alarm["EvaluationPeriods"]:]:
        if parts:
            names = {part["Id"]: seen.get(part["MetricStat"]["Metric"]["MetricName"])
                     for part in parts if "MetricStat" in part}
            expression, = [part["Expression"] for part in parts if "Expression" in part]
            names["IF"] = lambda condition, yes, no: yes if condition else no
            value = None if None in names.values() else eval(expression, {}, names)
        else:
            value = seen.get(alarm["MetricName"])
        breaching.append(alarm["TreatMissingData"] == "breaching" if value is None else
                         RELATIONS[alarm["ComparisonOperator"]](value, alarm["Threshold"]))
    return sum(breaching) >= alarm["DatapointsToAlarm"]


def queue(visible, age):
    return {"ApproximateNumberOfMessagesVisible": visible, "ApproximateAgeOfOldestMessage": age}


def test_the_backlog_alarm_rings_for_what_waits_and_not_for_a_long_job(alarms):
    alarm = alarms()["backlog"]

    assert not rings(alarm, [queue(0, 7200 + 60 * n) for n in range(5)])  # one job of hours
    assert not rings(alarm, [queue(3, 600)] * 5)
    assert not rings(alarm, [queue(3, 901)] * 4 + [queue(0, 901)])
    assert not rings(alarm, [{}] * 5)  # a queue that nobody used for hours has no data
    assert rings(alarm, [queue(3, 901)] * 5)


def test_silence_rings_where_there_is_no_data(alarms):
    alarm = alarms(SilenceAlarmSeconds=600)["silence"]

    assert alarm["Period"] == 600
    assert rings(alarm, [{}]) and not rings(alarm, [{"Invocations": 1}])


def test_dead_letters_ring_at_once_and_only_where_the_queue_is_ours(alarms):
    theirs = {"QueueName": "", "QueueArn": "arn:aws:sqs:us-east-1:123456789012:theirs"}
    assert "dead-letters" not in alarms(**theirs)
    assert [part["MetricStat"]["Metric"]["Dimensions"] for part in alarms(**theirs)[
        "backlog"]["Metrics"][1:]] == [[{"Name": "QueueName", "Value": "theirs"}]] * 2

    alarm = alarms()["dead-letters"]
    assert rings(alarm, [queue(1, 5)]) and not rings(alarm, [queue(0, 0)])
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "work-dlq"}]


@pytest.mark.parametrize("metrics, watched", [
    ("", False), ("emf", True), ("emf:QueueDepth", False), ("emf:CapacityShortage", True),
    ("emf:ScaleIn,CapacityShortage", True), ("emf:CapacityShortage,ScaleIn", True)])
def test_capacity_is_watched_where_its_metric_is_published(metrics, watched, alarms, start_job):
    found = alarms(Metrics=metrics)
    assert set(found) == {"errors", "backlog", "dead-letters", "silence"} | (
        {"capacity"} if watched else set())
    job = start(start_job, f"METRICS={metrics}")
    job.invoke({})
    line, = passes(job)
    assert ("CapacityShortage" in line) == watched
    if watched:
        alarm, declared = found["capacity"], line["_aws"]["CloudWatchMetrics"][0]
        assert (alarm["Namespace"], alarm["MetricName"]) == (declared["Namespace"],
                                                             "CapacityShortage")
        assert [d["Name"] for d in alarm["Dimensions"]] == declared["Dimensions"][0]
        assert not rings(alarm, [line] * 5) and rings(alarm, [{"CapacityShortage": 1}] * 5)


def test_alarms_of_aws_watch_what_is_published(alarms):
    for name, alarm in alarms().items():
        for metric in [part["MetricStat"]["Metric"] for part in alarm.get("Metrics") or []
                       if "MetricStat" in part] or [alarm]:
            dimensions, metrics = OF_AWS[metric["Namespace"]]
            assert metric["MetricName"] in metrics, name
            assert {dimension["Name"] for dimension in metric["Dimensions"]} == dimensions


def test_terraforms_backlog_alarm_is_the_same(sam_template):
    with open(ROOT / "deploy/terraform/monitoring.tf") as file:
        blocks = plain(hcl2.load(file))["resource"]
    backlog, = [body["backlog"] for block in blocks for body in block.values() if "backlog" in body]
    ours = [(q["id"], q.get("expression"), look_up(q, "metric.metric_name"),
             look_up(q, "metric.stat"), look_up(q, "metric.period"), q["return_data"])
            for q in backlog["metric_query"]]

    theirs = sam_template["Resources"]["BacklogAlarm"]["Properties"]["Metrics"]
    assert ours == [(q["Id"], q.get("Expression"), look_up(q, "MetricStat.Metric.MetricName"),
                     look_up(q, "MetricStat.Stat"), look_up(q, "MetricStat.Period"),
                     q["ReturnData"]) for q in theirs]
