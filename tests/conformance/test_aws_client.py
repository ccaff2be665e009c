"""Every operation of the AWS client against moto with signature verification switched on.

What the client did is looked at with boto3. `aws_calls` runs one operation and prints JSON.
"""

import http.server
import io
import json
import threading
import zipfile

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from support import aws_clients, open_url, start_moto

ALLOW_ALL = json.dumps({"Version": "2012-10-17",
                        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
TRUST = json.dumps({"Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"},
                                   "Action": "sts:AssumeRole"}]})
READ_ONLY = json.dumps({"Version": "2012-10-17",
                        "Statement": [{"Effect": "Allow", "Action": "ecs:DescribeServices",
                                       "Resource": "*"}]})


def access_keys(iam, user, policy):
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def temporary_keys(iam, sts):
    role = iam.create_role(RoleName="scaler", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="scaler", PolicyName="p", PolicyDocument=ALLOW_ALL)
    keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"]}


def empty_zip():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("bootstrap", "")
    return data.getvalue()


class CheckingMoto:
    """A moto that verifies signatures, with a user, a role and a reader that may do little."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        anonymous = aws_clients(endpoint)
        iam = anonymous.client("iam")
        self.user = access_keys(iam, "admin", ALLOW_ALL)
        self.reader = access_keys(iam, "reader", READ_ONLY)
        self.role = temporary_keys(iam, anonymous.sts)
        open_url(endpoint + "/moto-api/reset-auth", b"0").close()
        self.aws = aws_clients(endpoint, self.user)

    def create_service(self, cluster, name, tags=()):
        self.aws.ecs.register_task_definition(
            family=name, containerDefinitions=[{"name": "c", "image": "i", "memory": 64}])
        self.aws.ecs.create_cluster(clusterName=cluster)
        return self.aws.ecs.create_service(
            cluster=cluster, serviceName=name, taskDefinition=name, desiredCount=1,
            tags=list(tags))["service"]["serviceArn"]


@pytest.fixture(scope="module")
def moto_checks(tmp_path_factory):
    process, endpoint = start_moto(tmp_path_factory.mktemp("checking-moto"))
    yield CheckingMoto(endpoint)
    process.stop()


def test_becomes_a_role_by_its_profile(moto_checks, bin_dir, run_program, tmp_path):
    """Role on role on keys, and then a call in the last one's name, all signatures checked."""
    (tmp_path / "config").write_text(
        "[profile p]\nrole_arn = arn:aws:iam::123456789012:role/scaler\nsource_profile = q\n"
        "role_session_name = last\nexternal_id = ours\nduration_seconds = 900\n"
        "[profile q]\nrole_arn = arn:aws:iam::123456789012:role/scaler\nsource_profile = r\n"
        "[profile r]\n" + "".join(f"{name.lower()} = {value}\n"
                                  for name, value in moto_checks.user.items()))

    process = run_program([bin_dir / "aws_calls", "caller_identity", "{}"],
                          env={"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
                               "AWS_CONFIG_FILE": tmp_path / "config", "AWS_PROFILE": "p",
                               "AWS_ENDPOINT_URL": moto_checks.endpoint})

    assert process.code == 0, process.output()
    assert json.loads(process.stdout())["arn"].endswith(":assumed-role/scaler/last")


def test_becomes_a_role_by_a_web_identity(moto, bin_dir, run_program, tmp_path):
    """moto has no keys of an OpenID provider: it takes any token, and this call is not signed."""
    (tmp_path / "token").write_text("a.b.c\n")

    process = run_program([bin_dir / "aws_calls", "caller_identity", "{}"],
                          env={"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
                               "AWS_WEB_IDENTITY_TOKEN_FILE": tmp_path / "token",
                               "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/web",
                               "AWS_ROLE_SESSION_NAME": "by-oidc",
                               "AWS_ENDPOINT_URL": moto.endpoint})

    assert process.code == 0, process.output()
    assert json.loads(process.stdout())["arn"].endswith(":assumed-role/web/by-oidc")


@pytest.fixture(params=["user", "role"])
def keys(request, moto_checks):
    """Long-term keys, then temporary ones with a session token."""
    return getattr(moto_checks, request.param)


@pytest.fixture
def call(bin_dir, run_program, moto_checks, keys):
    """call(operation, keys=None, code=0, **arguments) -> what aws_calls printed, parsed."""
    program = bin_dir / "aws_calls"

    def run(operation, with_keys=None, code=0, **arguments):
        process = run_program([program, operation, json.dumps(arguments)],
                              env={**(with_keys or keys), "AWS_ENDPOINT_URL": moto_checks.endpoint})
        assert process.code == code, process.output()
        return json.loads(process.stdout())

    return run


@pytest.fixture
def queue(moto_checks, request):
    name = "q" + str(abs(hash(request.node.name)))
    url = moto_checks.aws.sqs.create_queue(QueueName=name)["QueueUrl"]
    yield name, url
    moto_checks.aws.sqs.delete_queue(QueueUrl=url)


def test_the_server_really_verifies_signatures(moto_checks, call):
    wrong = {**moto_checks.user, "AWS_SECRET_ACCESS_KEY": "wrong"}
    error = call("caller_identity", with_keys=wrong, code=1)
    assert error["error"] == "Unauthorized"
    assert "STS GetCallerIdentity: SignatureDoesNotMatch" in error["message"]
    assert "wrong" not in error["message"]


def test_wrong_secret_unknown_key_and_stale_token_are_reported_for_json_calls(moto_checks, call,
                                                                             queue):
    for change, code in (({"AWS_SECRET_ACCESS_KEY": "wrong"}, "SignatureDoesNotMatch"),
                         ({"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN123456789"}, "InvalidClientTokenId")):
        results = call("queue_depths", with_keys={**moto_checks.user, **change},
                       queue_urls=[queue[1]])
        assert results[0]["error"] == "Unauthorized", (results, code)
        assert "SQS GetQueueAttributes" in results[0]["message"]
    stale = {**moto_checks.role, "AWS_SESSION_TOKEN": "stale"}
    depths = call("queue_depths", with_keys=stale, queue_urls=[queue[1]])
    assert depths[0]["error"] == "Unauthorized"


def test_a_denied_action_is_told_as_such(moto_checks, call):
    moto_checks.create_service("denied", "a")
    results = call("set_desired", with_keys=moto_checks.reader, cluster="denied", services=["a"],
                   desired=5)
    assert results[0]["error"] == "Denied", results
    assert "ECS UpdateService denied/a: AccessDenied" in results[0]["message"]
    services = moto_checks.aws.ecs.describe_services(cluster="denied", services=["a"])["services"]
    assert services[0]["desiredCount"] == 1


def test_caller_identity(moto_checks, call):
    identity = call("caller_identity")
    assert identity["account"] == "123456789012"
    assert identity["arn"].startswith("arn:aws:")


def test_queue_depths(moto_checks, call, queue):
    sqs = moto_checks.aws.sqs
    for _ in range(3):
        sqs.send_message(QueueUrl=queue[1], MessageBody="x")
    sqs.send_message(QueueUrl=queue[1], MessageBody="later", DelaySeconds=900)
    sqs.receive_message(QueueUrl=queue[1], MaxNumberOfMessages=1)
    results = call("queue_depths", queue_urls=[queue[1], queue[1] + "-missing"])
    assert results[0] == {"visible": 2, "in_flight": 1, "delayed": 1}
    assert results[1]["error"] == "NotFound"


def test_queue_settings_and_url(moto_checks, call, queue):
    sqs = moto_checks.aws.sqs
    dead = sqs.create_queue(QueueName=queue[0] + "-dead.fifo",
                            Attributes={"FifoQueue": "true"})["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"]
    sqs.set_queue_attributes(QueueUrl=queue[1], Attributes={
        "VisibilityTimeout": "77",
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 4})})
    settings = call("queue_settings", queue_url=queue[1])
    assert settings["arn"].endswith(":" + queue[0])
    assert (settings["visibility_timeout"], settings["receives_max"]) == (77, 4)
    assert (settings["dead_letter_arn"], settings["fifo"]) == (dead_arn, False)
    assert call("queue_settings", queue_url=dead)["fifo"] is True
    sqs.delete_queue(QueueUrl=dead)


def test_send_messages_in_batches_with_delay(moto_checks, call, queue):
    bodies = [f'body {i} "quoted" \u00e4\n' for i in range(23)]
    ids = call("send_messages", queue_url=queue[1], bodies=bodies, delay=0)
    assert len(set(ids)) == 23
    received = {}
    while len(received) < 23:
        for message in moto_checks.aws.sqs.receive_message(
                QueueUrl=queue[1], MaxNumberOfMessages=10)["Messages"]:
            received[message["MessageId"]] = message["Body"]
    assert [received[id_] for id_ in ids] == bodies
    call("send_messages", queue_url=queue[1], bodies=["later"], delay=600)
    attributes = moto_checks.aws.sqs.get_queue_attributes(
        QueueUrl=queue[1], AttributeNames=["ApproximateNumberOfMessagesDelayed"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"


def test_change_visibility_of_many_and_report_each(moto_checks, call, queue):
    sqs = moto_checks.aws.sqs
    for i in range(12):
        sqs.send_message(QueueUrl=queue[1], MessageBody=str(i))
    handles = []
    while len(handles) < 12:
        handles += [message["ReceiptHandle"] for message in sqs.receive_message(
            QueueUrl=queue[1], MaxNumberOfMessages=10)["Messages"]]
    results = call("change_visibility", queue_url=queue[1],
                   receipt_handles=handles[:11] + ["no-handle"], visibility=0)
    assert results[:11] == [{}] * 11
    assert results[11]["error"] == "Rejected", results[11]
    assert call("queue_depths", queue_urls=[queue[1]])[0]["visible"] == 11


def test_describe_services(moto_checks, call):
    state = {"key": "ecs-scaler:state", "value": "v1 x=1"}
    moto_checks.create_service("c1", "first", [state, {"key": "other", "value": "y"}])
    arn = moto_checks.create_service("c1", "second")
    results = call("describe_services", cluster="c1", services=["first", arn, "missing"])
    assert results[0] == {"arn": arn.replace("second", "first"), "saved_state": "v1 x=1",
                          "desired": 1, "running": results[0]["running"],
                          # moto leaves the rollout of a service with tasks IN_PROGRESS for ever.
                          "pending": results[0]["pending"], "deploying": True, "active": True}
    assert (results[1]["arn"], results[1]["saved_state"]) == (arn, "")
    assert results[2]["error"] == "NotFound"
    missing = call("describe_services", cluster="no-such-cluster", services=["first"])
    assert missing[0]["error"] == "NotFound"


def test_describe_more_services_than_fit_into_one_call(moto_checks, call):
    names = [f"many-{i}" for i in range(13)]
    for name in names:
        moto_checks.create_service("crowd", name)
    results = call("describe_services", cluster="crowd", services=names)
    assert [result["arn"].rsplit("/")[-1] for result in results] == names


def test_set_desired(moto_checks, call):
    moto_checks.create_service("c2", "a")
    moto_checks.create_service("c2", "b")
    assert call("set_desired", cluster="c2", services=["a", "b"], desired=7) == [{}, {}]
    services = moto_checks.aws.ecs.describe_services(cluster="c2", services=["a", "b"])["services"]
    assert [service["desiredCount"] for service in services] == [7, 7]
    missing = call("set_desired", cluster="c2", services=["nobody"], desired=1)
    assert missing[0]["error"] == "NotFound"


def test_tags_and_state(moto_checks, call):
    arn = moto_checks.create_service("c3", "a", [{"key": "keep", "value": "me"}])

    def tags():
        listed = moto_checks.aws.ecs.list_tags_for_resource(resourceArn=arn)["tags"]
        return {tag["key"]: tag["value"] for tag in listed}

    assert call("tag", arn=arn, key="k", value="a b+c=d@e") == {}
    assert tags() == {"keep": "me", "k": "a b+c=d@e"}
    assert call("untag", arn=arn, keys=["k"]) == {}
    assert tags() == {"keep": "me"}
    assert call("save_state", arn=arn, text="v1 empty=3") == [{}]
    assert tags() == {"keep": "me", "ecs-scaler:state": "v1 empty=3"}
    assert call("describe_services", cluster="c3", services=["a"])[0]["saved_state"] == "v1 empty=3"
    assert call("save_state", arn=arn) == [{}]
    assert tags() == {"keep": "me"}


def test_one_read_of_queues_and_services(moto_checks, call, queue):
    moto_checks.create_service("c4", "a")
    moto_checks.aws.sqs.send_message(QueueUrl=queue[1], MessageBody="x")
    result = call("look", queue_urls=[queue[1]], cluster="c4", services=["a"])
    assert result["queues"] == [{"visible": 1, "in_flight": 0, "delayed": 0}]
    assert result["services"][0]["desired"] == 1


def test_event_source_mappings(moto, bin_dir, run_program):
    """On a moto that verifies no signatures: with verification on it refuses boto3's GET and PUT
    requests to Lambda as well. Their signatures are checked in the next test."""
    def call(operation, code=0, **arguments):
        process = run_program([bin_dir / "aws_calls", operation, json.dumps(arguments)],
                              env={"AWS_ENDPOINT_URL": moto.endpoint})
        assert process.code == code, process.output()
        return json.loads(process.stdout())

    queue_url = moto.sqs.create_queue(QueueName="jobs")["QueueUrl"]
    arn = moto.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])[
        "Attributes"]["QueueArn"]
    role = moto.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]
    moto.lambda_.create_function(FunctionName="f", Runtime="provided.al2023", Role=role["Arn"],
                                 Handler="bootstrap", Code={"ZipFile": empty_zip()})
    made = moto.lambda_.create_event_source_mapping(
        FunctionName="f", EventSourceArn=arn, BatchSize=1,
        FunctionResponseTypes=["ReportBatchItemFailures"])

    listed = call("list_mappings", function_name="f")
    assert [mapping["id"] for mapping in listed] == [made["UUID"]]
    assert call("list_mappings", event_source_arn=arn) == listed
    assert call("list_mappings", event_source_arn=arn + "x") == []
    mapping = call("get_mapping", id=made["UUID"])
    assert mapping == listed[0]
    assert (mapping["event_source_arn"], mapping["batch_size"]) == (arn, 1)
    assert mapping["enabled"]

    for enabled in (False, True):
        call("switch_mapping", id=made["UUID"], enabled=enabled)
        state = moto.lambda_.get_event_source_mapping(UUID=made["UUID"])["State"]
        assert state == ("Enabled" if enabled else "Disabled")
    assert call("get_mapping", code=1, id="no-such-mapping")["error"] == "NotFound"


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps what it is asked in `server.seen`, and answers with `server.answer`."""

    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        body = self.server.answer
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *arguments):
        pass


@pytest.fixture
def recorder():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("operation, arguments, answer", [
    ("list_mappings", {"event_source_arn": "arn:aws:sqs:us-east-1:1:q", "function_name": "f /"},
     b'{"EventSourceMappings":[]}'),
    ("get_mapping", {"id": "a b:c"}, b'{"UUID":"u","State":"Enabled"}'),
    ("switch_mapping", {"id": "u", "enabled": False}, b'{"UUID":"u","State":"Disabling"}'),
    ("queue_depths", {"queue_urls": ["https://sqs.us-east-1.amazonaws.com/123456789012/q"]},
     b'{"Attributes":{"ApproximateNumberOfMessages":"0",'
     b'"ApproximateNumberOfMessagesNotVisible":"0","ApproximateNumberOfMessagesDelayed":"0"}}'),
])
def test_signatures_are_those_that_botocore_makes(recorder, bin_dir, run_program, operation,
                                                 arguments, answer):
    recorder.answer = answer
    endpoint = f"http://127.0.0.1:{recorder.server_port}"
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret/+",
            "AWS_SESSION_TOKEN": "token=="}
    process = run_program([bin_dir / "aws_calls", operation, json.dumps(arguments)],
                          env={**keys, "AWS_ENDPOINT_URL": endpoint})
    assert process.code == 0, process.output()

    method, path, headers, body = recorder.seen[-1]
    authorization = headers["Authorization"]
    signed = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    scope = authorization.partition("Credential=")[2].partition(",")[0].split("/")
    request = botocore.awsrequest.AWSRequest(
        method=method, url=endpoint + path, data=body,
        headers={name: value for name, value in headers.items() if name.lower() in signed})
    request.context["timestamp"] = headers["X-Amz-Date"]
    signer = botocore.auth.SigV4Auth(
        botocore.credentials.Credentials("AKIDEXAMPLE", "secret/+", "token=="), scope[3], scope[2])
    canonical = signer.canonical_request(request)
    expected = signer.signature(signer.string_to_sign(request, canonical), request)
    assert authorization.endswith("Signature=" + expected), canonical
    assert {"host", "x-amz-date", "x-amz-security-token"} <= set(signed)


def test_a_missing_region_is_named(bin_dir, run_program):
    process = run_program([bin_dir / "aws_calls", "caller_identity", "{}"],
                          env={"AWS_REGION": ""})
    assert process.code == 1
    assert "AWS_REGION is not set" in json.loads(process.stdout())["message"]
