"""What stands beside the emulated SQS and ECS: CloudWatch's metrics, Application Auto Scaling,
Resource Groups Tagging. Answers are checked against botocore's models."""

import datetime
import urllib.error
import urllib.parse
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.parsers
import botocore.serialize
import pytest

from strict import error_of, watch
from support import REGION, wait_until

TARGET = {"ServiceNamespace": "ecs", "ResourceId": "service/test/worker",
          "ScalableDimension": "ecs:service:DesiredCount"}
QUEUE = [{"Name": "QueueName", "Value": "jobs"}]


@pytest.fixture
def aws(emulator):
    return emulator()


def client(aws, name):
    made = aws.aws.client(name)
    watch(made)
    return made


def test_what_is_put_is_listed_and_told(aws):
    cloudwatch = client(aws, "cloudwatch")
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
    cloudwatch.put_metric_data(Namespace="Mine", MetricData=[
        {"MetricName": "Lag", "Dimensions": QUEUE, "Timestamp": at, "Value": value}
        for value in (1.5, 2.5)])
    [metric] = cloudwatch.list_metrics(Namespace="Mine")["Metrics"]
    assert (metric["MetricName"], metric["Dimensions"]) == ("Lag", QUEUE)
    window = {"StartTime": at - datetime.timedelta(minutes=1),
              "EndTime": at + datetime.timedelta(minutes=1)}
    [point] = cloudwatch.get_metric_statistics(
        Namespace="Mine", MetricName="Lag", Dimensions=QUEUE, Period=60,
        Statistics=["Sum", "Maximum", "SampleCount"], **window)["Datapoints"]
    assert (point["Sum"], point["Maximum"], point["SampleCount"]) == (4.0, 2.5, 2.0)
    query = {"Id": "lag", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}}
    [result] = cloudwatch.get_metric_data(MetricDataQueries=[query], **window)["MetricDataResults"]
    assert (result["Values"], result["StatusCode"]) == ([2.0], "Complete")
    assert error_of(cloudwatch.put_metric_data, Namespace="AWS/SQS",
                    MetricData=[{"MetricName": "Lag", "Value": 1}])[1] == 400
    for wrong in ([{**query, "Id": "Lag"}], [{**query, "Id": "1"}], [query, query],
                  [{**query, "Id": f"a{number}"} for number in range(501)]):
        assert error_of(cloudwatch.get_metric_data, MetricDataQueries=wrong,
                        **window) == ("ValidationError", 400)
    assert error_of(cloudwatch.get_metric_statistics, Namespace="Mine", MetricName="Lag", Period=60,
                    Statistics=["Sum"], StartTime=at - datetime.timedelta(hours=24, minutes=1),
                    EndTime=at) == ("InvalidParameterCombination", 400)


def put_minutes(cloudwatch, **metrics):
    """A window of as many minutes as each metric has values; None is no value."""
    first = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
    first -= datetime.timedelta(minutes=10)
    for name, values in metrics.items():
        cloudwatch.put_metric_data(Namespace="Mine", MetricData=[
            {"MetricName": name, "Timestamp": first + datetime.timedelta(minutes=i), "Value": value}
            for i, value in enumerate(values) if value is not None])
    return {"StartTime": first, "EndTime": first + datetime.timedelta(minutes=len(values))}


def statistic(name, **more):
    metric = {"Namespace": "Mine", "MetricName": name}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, **more}


@pytest.mark.parametrize("expression, values", [
    ("visible * 2 + 1", [1, 9, 7]), ("(visible + age) / 2", [5, 17]), ("-visible", [0, -4, -3]),
    ("IF(visible > 0, age, 0)", [0, 30]), ("FILL(age, 0)", [10, 30, 0]),
    ("age / visible", [7.5]), ("twice - visible", [0, 4, 3]), ("visible >= 3", [0, 1, 1]),
    ("IF( 1 , FILL(age,7.5)-1, visible )", [9, 29, 6.5])])
def test_metric_math_is_worked_out(aws, expression, values):
    cloudwatch = client(aws, "cloudwatch")
    window = put_minutes(cloudwatch, visible=[0, 4, 3], age=[10, 30, None])
    results = cloudwatch.get_metric_data(ScanBy="TimestampAscending", **window, MetricDataQueries=[
        {"Id": "asked", "Expression": expression}, statistic("visible", ReturnData=False),
        statistic("age", ReturnData=False), {"Id": "twice", "Expression": "2 * visible",
                                             "ReturnData": False}])["MetricDataResults"]
    assert [(result["Id"], result["Label"], result["Values"]) for result in results] == [
        ("asked", "asked", values)]


@pytest.mark.parametrize("expression", [
    "1 + 2", "none", "visible +", "(visible", "asked", "SUM(METRICS())", "FILL(visible, REPEAT)",
    "visible ** 2", "IF(visible, 1)", "((" * 50 + "visible", "-" * 2000 + "visible", "x" * 2049])
def test_metric_math_that_is_none_is_refused_in_words(aws, expression):
    cloudwatch = client(aws, "cloudwatch")
    window = put_minutes(cloudwatch, visible=[1])
    queries = [{"Id": "asked", "Expression": expression}, statistic("visible")]
    assert error_of(cloudwatch.get_metric_data, MetricDataQueries=queries,
                    **window) == ("ValidationError", 400)


def test_metric_data_come_in_pages(aws):
    cloudwatch = client(aws, "cloudwatch")
    window = put_minutes(cloudwatch, a=[1, 2, 3], b=[4, 5, 6])
    wish = {"MetricDataQueries": [statistic("a"), statistic("none"), statistic("b")],
            "ScanBy": "TimestampAscending", **window}
    page = cloudwatch.get_metric_data(MaxDatapoints=2, **wish)
    assert [(one["Id"], one["Values"], one["StatusCode"]) for one in page["MetricDataResults"]] == [
        ("a", [1, 2], "PartialData"), ("none", [], "Complete")]

    found = {}
    for page in cloudwatch.get_paginator("get_metric_data").paginate(MaxDatapoints=2, **wish):
        for result in page["MetricDataResults"]:
            found.setdefault(result["Id"], []).extend(result["Values"])
    assert found == {"a": [1, 2, 3], "none": [], "b": [4, 5, 6]}
    for wrong in ({"MaxDatapoints": 0}, {"MaxDatapoints": 100_801}, {"NextToken": "x"}):
        assert error_of(cloudwatch.get_metric_data, **wish, **wrong)[1] == 400


def form_caller(aws, service):
    """call(operation, **arguments) -> what an SDK of before JSON understands of the answer."""
    model = client(aws, service).meta.service_model
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials("AKID", "secret"),
                                     model.signing_name, REGION)

    def call(operation, **arguments):
        shape = model.operation_model(operation)
        body = urllib.parse.urlencode(botocore.serialize.create_serializer(
            "query").serialize_to_request(arguments, shape)["body"])
        request = botocore.awsrequest.AWSRequest("POST", aws.endpoint + "/", data=body, headers={
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
        signer.add_auth(request)
        with urllib.request.urlopen(urllib.request.Request(request.url, body.encode(),
                                             dict(request.prepare().headers))) as answer:
            return botocore.parsers.create_parser("query").parse(
                {"status_code": answer.status, "headers": dict(answer.headers),
                 "body": answer.read()}, shape.output_shape)

    return call


def test_the_metrics_are_there_in_forms_too(aws):
    call = form_caller(aws, "cloudwatch")
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
    call("PutMetricData", Namespace="Mine", MetricData=[
        {"MetricName": "Lag", "Dimensions": QUEUE, "Timestamp": at, "Values": [1, 3],
         "Counts": [2, 1]}])
    [metric] = call("ListMetrics", Namespace="Mine")["Metrics"]
    assert metric == {"Namespace": "Mine", "MetricName": "Lag", "Dimensions": QUEUE}
    window = {"StartTime": at - datetime.timedelta(minutes=1),
              "EndTime": at + datetime.timedelta(minutes=1)}
    [point] = call("GetMetricStatistics", Namespace="Mine", MetricName="Lag", Dimensions=QUEUE,
                   Period=60, Statistics=["Sum"], **window)["Datapoints"]
    assert point["Sum"] == 5.0
    assert point["Timestamp"] == at.replace(second=0, microsecond=0)
    query = {"Id": "lag", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Minimum"}}
    [result] = call("GetMetricData", MetricDataQueries=[query], **window)["MetricDataResults"]
    assert (result["Values"], result["Timestamps"]) == ([1.0], [point["Timestamp"]])


def test_cbor_is_refused_in_words(aws):
    request = urllib.request.Request(
        aws.endpoint + "/service/GraniteServiceVersion20100801/operation/ListMetrics", data=b"\xa0",
        headers={"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor",
                 "Authorization": "AWS4-HMAC-SHA256 Credential=AKID/20261123/us-east-1/monitoring/"
                                  "aws4_request, SignedHeaders=host, Signature=" + "0" * 64})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert b"CBOR is not spoken here" in refused.value.read()


def test_scaling_is_registered_and_told(aws):
    scaling = client(aws, "application-autoscaling")
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
    policy = {"PolicyName": "p", "PolicyType": "TargetTrackingScaling", **TARGET,
              "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 1.0}}
    assert error_of(scaling.put_scaling_policy, **policy)[0] == "ObjectNotFoundException"
    scaling.register_scalable_target(MinCapacity=1, MaxCapacity=4, **TARGET)
    scaling.register_scalable_target(MaxCapacity=5, **TARGET)
    [target] = scaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[TARGET["ResourceId"]])["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 5)
    assert error_of(scaling.register_scalable_target, MinCapacity=6,
                    **TARGET) == ("ValidationException", 400)
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs",
                                             ResourceIds=["x"])["ScalableTargets"] == []
    scaling.put_scaling_policy(**policy)
    scaling.put_scheduled_action(ScheduledActionName="a", Schedule="rate(1 day)", **TARGET)
    [told] = scaling.describe_scaling_policies(ServiceNamespace="ecs",
                                               PolicyNames=["p"])["ScalingPolicies"]
    assert told["TargetTrackingScalingPolicyConfiguration"] == {"TargetValue": 1.0}
    actions = scaling.describe_scheduled_actions(ServiceNamespace="ecs",
                                                 ResourceId=TARGET["ResourceId"])
    assert [one["ScheduledActionName"] for one in actions["ScheduledActions"]] == ["a"]
    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    assert error_of(scaling.deregister_scalable_target, **TARGET)[0] == "ObjectNotFoundException"


def test_resources_are_found_by_their_tags(aws):
    tagging = client(aws, "resourcegroupstaggingapi")
    arn = f"arn:aws:ecs:{REGION}:000000000000:service/test/worker"
    aws.aws.ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "blue"}])
    for number in range(3):
        aws.aws.sqs.create_queue(QueueName=f"q{number}", tags={"team": "red", "n": str(number)})

    def found(**filters):
        return [resource["ResourceARN"].rsplit(":", 1)[1]
                for page in tagging.get_paginator("get_resources").paginate(**filters)
                for resource in page["ResourceTagMappingList"]]

    blue = [{"Key": "team", "Values": ["blue", "green"]}]
    assert found(ResourceTypeFilters=["ecs:service"], TagFilters=blue) == ["service/test/worker"]
    assert found(ResourceTypeFilters=["sqs"], ResourcesPerPage=2) == ["q0", "q1", "q2"]
    assert found(TagFilters=[{"Key": "team"}, {"Key": "n", "Values": ["1"]}]) == ["q1"]
    assert found(ResourceTypeFilters=["ecs:cluster"]) == []


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_trace_reads_the_metrics_of_the_queue(aws, run_program, ecs_scaler):
    """As long as CloudWatch's minutes last: trace asks for those that are three minutes old."""
    aws.send(3)

    def trace():
        return run_program([ecs_scaler, "trace", "jobs", "--days", "1"],
                           env={"AWS_ENDPOINT_URL": aws.endpoint})

    wait_until(lambda: trace().code == 0, 360, interval=10, what="a minute in the trace")
    header, *rows = trace().stdout().splitlines()
    names = header.split(",")
    values = dict(zip(names, rows[0].split(",")))
    assert float(values["NumberOfMessagesSent"]) == 3, rows
    assert float(values["ApproximateNumberOfMessagesVisible"]) == 3, rows
