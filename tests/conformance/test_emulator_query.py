"""SQS's Query protocol and what the embedded AWS says of services that it does not have, asked by
SDKs of their own."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree

import botocore.exceptions
import pytest

from strict import check_wrapper, error_of, unchecked_client, watch
from support import ROOT, aws_session
from test_emulator_requests import send_text, signed

# The last botocore series whose SQS speaks the Query protocol.
OLD = ["boto3==1.26.165", "botocore==1.29.165"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SPACE = "http://queue.amazonaws.com/doc/2012-11-05/"


@pytest.fixture(scope="session")
def old_sdk():
    """The folder of the old SDK, which is fetched once."""
    folder = ROOT / "build" / "old-boto3"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
        fetched = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--no-deps", "--target", f"{fresh}/sdk", *OLD],
            capture_output=True, text=True, timeout=300, check=False)
        if fetched.returncode != 0:
            pytest.skip("no registry brings " + " and ".join(OLD))
        try:
            os.rename(f"{fresh}/sdk", folder)
        except OSError:  # Another process of the tests was faster.
            assert folder.is_dir()
    return folder


@pytest.fixture
def report(aws, old_sdk):
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    child = subprocess.run(
        [sys.executable, ROOT / "tests/conformance/query_calls.py", old_sdk, aws.endpoint],
        capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert child.returncode == 0, child.stderr
    found = json.loads(child.stdout)
    assert found["botocore"] == "1.29.165"
    return found


def test_an_sdk_of_before_json_does_its_work(aws, report):
    queues = report["queues"]
    assert queues["url"] == queues["found"] == f"{aws.endpoint}/000000000000/old"
    assert queues["attributes"] == {"VisibilityTimeout": "7", "DelaySeconds": "0"}
    assert set(queues["all"]) == set(aws.aws.sqs.get_queue_attributes(
        QueueUrl=aws.ready["queue_url"], AttributeNames=["All"])["Attributes"]) - {"RedrivePolicy"}
    assert queues["tags"] == {"b": "2"}
    assert [len(page) for page in queues["pages"]] == [2, 1]

    messages = report["messages"]
    assert messages["body"] and messages["bytes"], "a text or bytes came back changed"
    assert messages["text"] == {"DataType": "String", "StringValue": "x y\r\n"}
    assert messages["number"] == {"DataType": "Number.int", "StringValue": "5"}
    assert {"SenderId", "SentTimestamp", "ApproximateReceiveCount"} <= set(messages["system"])
    assert messages["empty"] == ["ResponseMetadata"]

    batches = report["batches"]
    assert batches["sent"] == [str(n) for n in range(10)]
    assert batches["bodies"] == [f"m{n}" for n in range(10)]
    assert batches["numbers"] == batches["sent"]
    assert batches["changed"] == ["good"]
    assert batches["failed"] == [["bad", "ReceiptHandleIsInvalid", True],
                                 ["gone", "AWS.SimpleQueueService.MessageNotInflight", True]]
    assert batches["deleted"] == 10


def test_an_sdk_of_before_json_knows_the_errors(report):
    prefix = "AWS.SimpleQueueService."
    assert report["errors"] == {
        "no queue": [prefix + "NonExistentQueue", 400, "QueueDoesNotExist"],
        "no url": [prefix + "NonExistentQueue", 400, "QueueDoesNotExist"],
        "exists": ["QueueAlreadyExists", 400, "QueueNameExists"],
        "name": ["InvalidParameterValue", 400, "ClientError"],
        "empty": [prefix + "EmptyBatchRequest", 400, "EmptyBatchRequest"],
        "many": [prefix + "TooManyEntriesInBatchRequest", 400, "TooManyEntriesInBatchRequest"],
        "twice": [prefix + "BatchEntryIdsNotDistinct", 400, "BatchEntryIdsNotDistinct"],
        "handle": ["ReceiptHandleIsInvalid", 400, "ReceiptHandleIsInvalid"],
        "range": ["InvalidParameterValue", 400, "ClientError"],
        "purged": ["no error", [prefix + "PurgeQueueInProgress", 403, "PurgeQueueInProgress"]],
        "deleted": ["no error", [prefix + "QueueDeletedRecently", 400, "QueueDeletedRecently"]],
    }


def ask(aws, path="/", change=None, **parameters):
    """(status, the answer's root element without its namespace)"""
    body = urllib.parse.urlencode(parameters)
    headers = signed(aws.endpoint, body, FORM)
    if change:
        change(headers)
    status, text, answer_headers = send_text(aws, headers, body, path)
    assert answer_headers["Content-Type"] == "text/xml"
    return status, xml.etree.ElementTree.fromstring(text.decode().replace(f' xmlns="{SPACE}"', ""))


def test_a_queue_is_named_by_its_path(aws):
    path = urllib.parse.urlparse(aws.ready["queue_url"]).path
    status, root = ask(aws, path, Action="SendMessage", MessageBody="by path", Version="2012-11-05")
    assert (status, root.tag) == (200, "SendMessageResponse")
    assert root.findtext("SendMessageResult/MD5OfMessageBody") == hashlib.md5(
        b"by path").hexdigest()
    assert len(root.findtext("ResponseMetadata/RequestId")) == 36
    status, root = ask(aws, path + "-none", Action="PurgeQueue")
    assert (status, root.tag) == (400, "ErrorResponse")
    assert root.findtext("Error/Type") == "Sender"
    assert root.findtext("Error/Code") == "AWS.SimpleQueueService.NonExistentQueue"


@pytest.mark.parametrize("change, status, code", [
    (lambda h: h.pop("Authorization"), 403, "MissingAuthenticationToken"),
    (lambda h: h.update({"Authorization": h["Authorization"][:-1]}), 403, "IncompleteSignature"),
    (lambda h: h.update({"Authorization": h["Authorization"].replace("host;", "")}), 403,
     "SignatureDoesNotMatch"),
])
def test_a_form_is_signed_like_json(aws, change, status, code):
    found, root = ask(aws, change=change, Action="ListQueues", Version="2012-11-05")
    assert (found, root.findtext("Error/Code")) == (status, code)


ALARM = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a"
DASHBOARD = {"DashboardName": "d", "DashboardBody": '{"widgets":[]}'}
ALARM_WISH = {"AlarmName": "a", "EvaluationPeriods": "1", "Threshold": "1", "Period": "60",
              "ComparisonOperator": "GreaterThanThreshold", "Namespace": "n", "MetricName": "m",
              "Statistic": "Sum"}
TRUST = '{"Version":"2012-10-17","Statement":[]}'
FORMS = [
    ("cloudwatch", [("PutMetricAlarm", ALARM_WISH),
                    ("TagResource", {"ResourceARN": ALARM, "Tags.member.1.Key": "team",
                                     "Tags.member.1.Value": "blue"}),
                    ("ListTagsForResource", {"ResourceARN": ALARM}),
                    ("UntagResource", {"ResourceARN": ALARM, "TagKeys.member.1": "team"}),
                    ("DeleteAlarms", {"AlarmNames.member.1": "a"}),
                    ("PutDashboard", DASHBOARD), ("GetDashboard", {"DashboardName": "d"}),
                    ("DeleteDashboards", {"DashboardNames.member.1": "d"})]),
    ("iam", [("CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}),
             ("UpdateRole", {"RoleName": "r", "Description": "d"}),
             ("DeleteRole", {"RoleName": "r"})]),
]


@pytest.mark.parametrize("service, calls", FORMS, ids=lambda value: str(value)[:10])
def test_a_form_is_answered_in_its_wrapper(service, calls, aws):
    """As Terraform's provider asks, whose SDK takes an answer without <NameResult> for broken."""
    model = aws_session()._session.get_service_model(service)
    for action, arguments in calls:
        body = urllib.parse.urlencode({"Action": action, "Version": model.api_version, **arguments})
        status, text, _ = send_text(
            aws, signed(aws.endpoint, body, FORM, service=model.signing_name), body)
        assert status == 200, text
        check_wrapper(text, model.operation_model(action))
        if action == "ListTagsForResource":
            assert b"<Key>team</Key><Value>blue</Value>" in text


def test_faults_strike_forms(aws):
    aws.call("faults", {"operation": "ListQueues", "fault": "throttle", "count": 1})
    status, root = ask(aws, Action="ListQueues", Version="2012-11-05")
    assert (status, root.findtext("Error/Code")) == (403, "RequestThrottled")
    assert ask(aws, Action="ListQueues", Version="2012-11-05")[0] == 200
    assert sum(aws.call("status")["api_calls"]["ListQueues"].values()) == 2


@pytest.mark.parametrize("service, operation, arguments, code, status", [
    ("sns", "list_topics", {}, "InvalidAction", 400),
    ("rds", "describe_db_instances", {}, "InvalidAction", 400),
    ("ec2", "describe_instances", {}, "InvalidAction", 400),
    ("dynamodb", "list_tables", {}, "UnknownOperationException", 400),
    ("kms", "list_keys", {}, "UnknownOperationException", 400),
    ("s3", "list_buckets", {}, "NotImplemented", 501),
    ("s3", "get_object", {"Bucket": "b", "Key": "k"}, "NotImplemented", 501),
    ("route53", "list_hosted_zones", {}, "InvalidAction", 404),
    ("apigateway", "get_rest_apis", {}, "UnknownOperationException", 404),
])
def test_other_services_are_told_apart_in_their_own_protocol(aws, service, operation, arguments,
                                                             code, status):
    client = unchecked_client(service, aws.endpoint)
    client.meta.events.unregister("after-call")
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        getattr(client, operation)(**arguments)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    message = answer["Error"]["Message"]
    assert message.startswith(f"The embedded AWS does not offer '{service}'"), message
    assert "It offers SQS, ECS, STS" in message


def assume(sts, **more):
    return sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/team/Scaler",
                           RoleSessionName="me", **more)


def test_a_roles_account_is_the_account_that_answers(aws):
    answer = assume(watch(aws.aws.sts))
    keys = answer["Credentials"]
    role = "arn:aws:sts::123456789012:assumed-role/Scaler/me"
    assert answer["AssumedRoleUser"]["Arn"] == role
    as_role = unchecked_client("sts", aws.endpoint, aws_access_key_id=keys["AccessKeyId"],
                               aws_secret_access_key=keys["SecretAccessKey"],
                               aws_session_token=keys["SessionToken"])
    identity = as_role.get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == ("123456789012", role)
    assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    # Without its token a key of a role is worth nothing.
    alone = unchecked_client("sqs", aws.endpoint, aws_access_key_id=keys["AccessKeyId"],
                             aws_secret_access_key=keys["SecretAccessKey"])
    assert error_of(alone.list_queues) == ("UnrecognizedClientException", 403)
    assert error_of(assume, sts=as_role, DurationSeconds=7200) == ("ValidationError", 400)


def test_a_web_identity_needs_no_signature(aws):
    answer = aws.aws.sts.assume_role_with_web_identity(
        RoleArn="arn:aws:iam::210987654321:role/Pod", RoleSessionName="pod",
        WebIdentityToken="header.claims.signature")
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::210987654321:assumed-role/Pod/pod"
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
