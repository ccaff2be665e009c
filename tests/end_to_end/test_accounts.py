"""Two accounts and two regions behind one moto that verifies signatures: services of the same
names, each reached with its own role and region, by the command line and by one function.

moto knows no trust policies: a front before it does what they do, and writes down who signed what.
"""

import http.client
import http.server
import json
import re
import socket
import threading
import urllib.parse

import boto3
import pytest

from lambda_host import FunctionError, RuntimeApi
from support import open_url, start_moto, wait_until

HUB, FIRST, SECOND = "123456789012", "111111111111", "222222222222"
REGIONS = ("us-east-1", "eu-west-1")
EXTERNAL = "ours-2"
POLICY = {"mode": "backlog", "backlog_per_task": 10, "tasks_max": 20, "busy_window": 0}
SCHEDULE = {"source": "aws.events", "detail": {}}
FUNCTION = f"arn:aws:lambda:us-east-1:{HUB}:function:ecs-scaler"
ALLOW_ALL = json.dumps({"Version": "2012-10-17",
                        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
TRUST = json.dumps({"Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"},
                                   "Action": "sts:AssumeRole"}]})


def role_of(account, name="scaler"):
    return f"arn:aws:iam::{account}:role/{name}"


class Front(http.server.ThreadingHTTPServer):
    """Hands on to moto, but for roles that it refuses. `signed` holds account, region, service and
    operation of each call."""

    daemon_threads = True

    def __init__(self, behind):
        self.behind, self.signed, self.accounts, self.refused = behind, [], {}, set()
        self.external_ids = {role_of(SECOND): EXTERNAL}
        super().__init__(("127.0.0.1", 0), FrontRequest)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        """A program that has ended does not wait for its last answers."""


class FrontRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key, region, service = re.search(r"Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/",
                                         self.headers["Authorization"]).groups()
        role = None
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if service == "sts":
            form = dict(urllib.parse.parse_qsl(body.decode()))
            operation, role = form["Action"], form.get("RoleArn")
            expected = self.server.external_ids.get(role)
            if role in self.server.refused or form.get("ExternalId") != expected:
                return self.answer(403, (
                    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to "
                    f"perform: sts:AssumeRole on resource: {role}</Message></Error>"
                    "</ErrorResponse>").encode())
        account = self.server.accounts.get(key, HUB)
        self.server.signed.append((account, region, service, operation))
        upstream = http.client.HTTPConnection(self.server.behind, timeout=30)
        upstream.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(body)
        reply = upstream.getresponse()
        text = reply.read()
        upstream.close()
        if role and reply.status == 200:
            key = re.search(rb"<AccessKeyId>([^<]+)<", text).group(1).decode()
            self.server.accounts[key] = role.split(":")[4]
        headers = [(name, value) for name, value in reply.getheaders()
                   if name.lower() in ("content-type", "date", "x-amzn-requestid")]
        self.answer(reply.status, text, headers)


class Organisation:
    """The same cluster, service and queue in each place, and the keys of the hub."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.front = Front(urllib.parse.urlsplit(endpoint).netloc)
        hub = self.client("iam", None, REGIONS[0])
        hub.create_user(UserName="hub")
        hub.put_user_policy(UserName="hub", PolicyName="p", PolicyDocument=ALLOW_ALL)
        key = hub.create_access_key(UserName="hub")["AccessKey"]
        self.keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                     "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        self.admins = {account: self.admin_of(account) for account in (FIRST, SECOND)}
        open_url(endpoint + "/moto-api/reset-auth", b"0").close()
        self.urls = {}
        for account in (FIRST, SECOND):
            for region in REGIONS:
                self.make_service(account, region)

    def admin_of(self, account):
        """Keys of a role there that may do all; the role that the scaler assumes is another."""
        sts = self.client("sts", None, REGIONS[0])
        first = sts.assume_role(RoleArn=role_of(account, "set-up"),
                                RoleSessionName="test")["Credentials"]
        iam = self.client("iam", first, REGIONS[0])
        for name in ("admin", "scaler"):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=ALLOW_ALL)
        return sts.assume_role(RoleArn=role_of(account, "admin"),
                               RoleSessionName="test")["Credentials"]

    def client(self, service, keys, region):
        keys = keys or {"AccessKeyId": "test", "SecretAccessKey": "test", "SessionToken": None}
        return boto3.client(service, endpoint_url=self.endpoint, region_name=region,
                            aws_access_key_id=keys["AccessKeyId"],
                            aws_secret_access_key=keys["SecretAccessKey"],
                            aws_session_token=keys["SessionToken"])

    def of(self, service, account, region):
        return self.client(service, self.admins[account], region)

    def make_service(self, account, region):
        ecs, sqs = (self.of(name, account, region) for name in ("ecs", "sqs"))
        self.urls[account, region] = sqs.create_queue(QueueName="jobs")["QueueUrl"]
        ecs.register_task_definition(family="worker", containerDefinitions=[
            {"name": "c", "image": "i", "memory": 64}])
        ecs.create_cluster(clusterName="main")
        ecs.create_service(cluster="main", serviceName="worker", taskDefinition="worker",
                           desiredCount=0)
        # moto makes all of its services when it is asked first, which takes seconds.
        self.of("resourcegroupstaggingapi", account, region).get_resources(
            ResourceTypeFilters=["ecs:service"])

    def clear(self):
        self.front.signed.clear()
        self.front.refused.clear()
        for account, region in self.urls:
            self.of("sqs", account, region).purge_queue(QueueUrl=self.urls[account, region])
            ecs = self.of("ecs", account, region)
            ecs.update_service(cluster="main", service="worker", desiredCount=0)
            ecs.untag_resource(resourceArn=self.arn(account, region), tagKeys=[
                "ecs-scaler:queue", "ecs-scaler:policy", "ecs-scaler:state"])

    @staticmethod
    def arn(account, region):
        return f"arn:aws:ecs:{region}:{account}:service/main/worker"

    def send(self, account, region, count):
        sqs = self.of("sqs", account, region)
        for i in range(count):
            sqs.send_message(QueueUrl=self.urls[account, region], MessageBody=str(i))

    def tag(self, account, region):
        self.of("ecs", account, region).tag_resource(
            resourceArn=self.arn(account, region),
            tags=[{"key": "ecs-scaler:queue", "value": "jobs"}])

    def desired(self, account, region):
        return self.of("ecs", account, region).describe_services(
            cluster="main", services=["worker"])["services"][0]["desiredCount"]

    def all_desired(self):
        return {place: self.desired(*place) for place in self.urls}


@pytest.fixture(scope="module")
def organisation(tmp_path_factory):
    process, endpoint = start_moto(tmp_path_factory.mktemp("organisation"))
    made = Organisation(endpoint)
    yield made
    made.front.shutdown()
    process.stop()


@pytest.fixture
def org(organisation):
    organisation.clear()
    return organisation


def queue_at(region, account):
    return f"https://sqs.{region}.amazonaws.com/{account}/jobs"


def service_in(account, region, external=None):
    member = {"cluster": "main", "service": "worker", "region": region, "role": role_of(account),
              "queues": [queue_at(region, account)]}
    return {**member, "external_id": external} if external else member


def four_services():
    return [service_in(account, region, EXTERNAL if account == SECOND else None)
            for account in (FIRST, SECOND) for region in REGIONS]


@pytest.fixture
def scaler(org, run_program, ecs_scaler, tmp_path):
    def call(*words, fleet=None, **environment):
        if fleet is not None:
            path = tmp_path / "fleet.json"
            path.write_text(json.dumps({"defaults": POLICY, **fleet}))
            words = (*words, "--config", path)
        return run_program([ecs_scaler, *words],
                           env={**org.keys, "AWS_REGION": REGIONS[0],
                                "AWS_ENDPOINT_URL": org.front.url, **environment})

    return call


COUNTS = {(FIRST, REGIONS[0]): 15, (FIRST, REGIONS[1]): 25, (SECOND, REGIONS[0]): 35,
          (SECOND, REGIONS[1]): 45}
WANTED = {place: (count + 9) // 10 for place, count in COUNTS.items()}


def send_all(org):
    for place, count in COUNTS.items():
        org.send(*place, count)


def check_signatures(org):
    """Each service was read and changed as its own role, in its own region, and nowhere else."""
    ecs = {(account, region) for account, region, service, _ in org.front.signed
           if service in ("ecs", "sqs")}
    assert ecs == set(COUNTS)
    for operation in ("DescribeServices", "UpdateService", "GetQueueAttributes"):
        assert {(account, region) for account, region, _, name in org.front.signed
                if name == operation} == set(COUNTS), operation
    assumed = [one for one in org.front.signed if one[3] == "AssumeRole"]
    assert [account for account, *_ in assumed] == [HUB] * 2, "once for each role"


def test_verify_sends_to_each_queue_as_the_services_role(org, scaler):
    """Nobody scales them here: each fails by itself, with the words of its own place."""
    org.front.refused.add(role_of(SECOND))

    process = scaler("verify", "--check", "basic", "--patience", "1s", "--output", "json",
                     fleet={"services": four_services()})

    assert process.code == 1, process.output()
    sent = {(account, region) for account, region, _, operation in org.front.signed
            if operation == "SendMessageBatch"}
    assert sent == {(FIRST, region) for region in REGIONS}
    reports = json.loads(process.stdout())
    assert [(report["region"], report["account"]) for report in reports] == [
        (region, account) for account in (FIRST, SECOND) for region in REGIONS]
    for report in reports:
        check = report["checks"][0]
        name, words = {FIRST: ("basic", "the service did not leave zero within 1 s"),
                       SECOND: ("access", role_of(SECOND))}[report["account"]]
        assert check["name"] == name and words in check["sentence"], process.output()


def test_the_same_names_in_two_accounts_and_two_regions_in_one_run(org, scaler):
    send_all(org)

    process = scaler("once", "--output", "json", fleet={"services": four_services()})

    assert process.code == 0, process.output()
    assert org.all_desired() == WANTED
    check_signatures(org)
    told = {(record["account"], record["region"]): record["decision"]["desired"]
            for record in map(json.loads, process.stdout().splitlines())}
    assert told == WANTED


def test_they_are_found_by_their_tags(org, scaler):
    send_all(org)
    for place in COUNTS:
        org.tag(*place)
    accounts = [{"role": role_of(FIRST), "regions": REGIONS, "tags": True},
                {"role": role_of(SECOND), "external_id": EXTERNAL, "regions": REGIONS,
                 "tags": True}]

    process = scaler("once", fleet={"accounts": accounts})

    assert process.code == 0, process.output()
    assert org.all_desired() == WANTED
    check_signatures(org)


def test_one_function_serves_them_all(org, bootstrap, start_process, tmp_path):
    send_all(org)
    path = tmp_path / "fleet.json"
    path.write_text(json.dumps({"defaults": POLICY, "services": four_services()}))
    runtime = RuntimeApi()
    start_process([bootstrap], env={**org.keys, "AWS_REGION": REGIONS[0],
                                    "AWS_ENDPOINT_URL": org.front.url, "FLEET": path,
                                    "AWS_LAMBDA_RUNTIME_API": runtime.address})

    answer = runtime.invoke(SCHEDULE, FUNCTION, timeout=30)

    assert answer["body"]["services"] == 4
    assert org.all_desired() == WANTED
    check_signatures(org)


def test_one_function_finds_them_by_their_tags(org, bootstrap, start_process):
    send_all(org)
    for place in COUNTS:
        org.tag(*place)
    accounts = json.dumps([
        {"role": role_of(FIRST), "regions": REGIONS},
        {"role": role_of(SECOND), "external_id": EXTERNAL, "regions": REGIONS}])
    runtime = RuntimeApi()
    start_process([bootstrap], env={
        **org.keys, "AWS_REGION": REGIONS[0], "AWS_ENDPOINT_URL": org.front.url, "FLEET": "tags",
        "FLEET_ACCOUNTS": accounts, "MODE": "backlog", "BACKLOG_PER_TASK": 10,
        "AWS_LAMBDA_RUNTIME_API": runtime.address})

    assert runtime.invoke(SCHEDULE, FUNCTION, timeout=30)["body"]["services"] == 4

    assert org.all_desired() == WANTED


@pytest.mark.parametrize("why", ["denied", "external id wrong"])
def test_a_role_that_is_refused_is_an_error_of_its_own_services_alone(org, scaler, why):
    send_all(org)
    if why == "denied":
        org.front.refused.add(role_of(SECOND))
    services = [service_in(account, region,
                           None if account == FIRST else
                           EXTERNAL if why == "denied" else "not-ours")
                for account in (FIRST, SECOND) for region in REGIONS]

    process = scaler("once", fleet={"services": services})

    assert process.code == 1
    assert f"STS AssumeRole {role_of(SECOND)}: AccessDenied" in process.stderr()
    assert role_of(FIRST) not in process.stderr()
    assert org.all_desired() == {**WANTED, (SECOND, REGIONS[0]): 0, (SECOND, REGIONS[1]): 0}
    assert not [one for one in org.front.signed if one[0] == SECOND]


def test_a_function_whose_one_role_is_denied_scales_the_others_and_says_so(
        org, bootstrap, start_process, tmp_path):
    send_all(org)
    org.front.refused.add(role_of(FIRST))
    path = tmp_path / "fleet.json"
    path.write_text(json.dumps({"defaults": POLICY, "services": four_services()}))
    runtime = RuntimeApi()
    start_process([bootstrap], env={**org.keys, "AWS_REGION": REGIONS[0],
                                    "AWS_ENDPOINT_URL": org.front.url, "FLEET": path,
                                    "AWS_LAMBDA_RUNTIME_API": runtime.address})

    with pytest.raises(FunctionError, match="AccessDenied"):
        runtime.invoke(SCHEDULE, FUNCTION, timeout=30)

    assert org.all_desired() == {**WANTED, (FIRST, REGIONS[0]): 0, (FIRST, REGIONS[1]): 0}


def test_a_controller_takes_a_role_up_again_that_was_refused(org, start_process, ecs_scaler,
                                                             tmp_path):
    send_all(org)
    org.front.refused.add(role_of(SECOND))
    path = tmp_path / "fleet.json"
    path.write_text(json.dumps({"defaults": POLICY, "services": four_services()}))
    start_process([ecs_scaler, "run", "--config", path, "--interval", "500ms"],
                  env={**org.keys, "AWS_REGION": REGIONS[0], "AWS_ENDPOINT_URL": org.front.url})
    wait_until(lambda: org.desired(FIRST, REGIONS[1]) == WANTED[FIRST, REGIONS[1]],
               what="the account that lets in")
    assert org.desired(SECOND, REGIONS[0]) == 0
    org.front.refused.clear()
    wait_until(lambda: org.all_desired() == WANTED, timeout=30, what="the other account")


def test_doctor_names_the_role_that_is_denied_and_the_service_in_nobodys(org, scaler):
    org.front.refused.add(role_of(SECOND))
    services = [service_in(FIRST, REGIONS[0]), service_in(SECOND, REGIONS[0], EXTERNAL),
                {"cluster": "main", "service": org.arn(SECOND, REGIONS[1]),
                 "queues": [queue_at(REGIONS[1], SECOND)]}]

    process = scaler("doctor", fleet={"services": services})

    assert process.code == 1
    text = process.stdout()
    assert f"role {role_of(SECOND)}: cannot be assumed" in text
    assert f"no role is given for it, and the credentials are of {HUB}" in text
    assert text.count("problem ") == 2, text


def test_iam_prints_what_the_caller_and_each_role_need(org, scaler):
    process = scaler("iam", "--caller", role_of(HUB, "hub"), "--output", "json",
                     fleet={"services": four_services()})

    assert process.code == 0, process.output()
    policies = json.loads(process.stdout())
    assume, = (one for one in policies["caller"]["Statement"] if "sts:AssumeRole" in one["Action"])
    assert assume["Resource"] == [role_of(FIRST), role_of(SECOND)]
    first, second = policies["roles"]
    assert (first["role"], second["role"]) == (role_of(FIRST), role_of(SECOND))
    assert "Condition" not in first["trust_policy"]["Statement"][0]
    assert second["trust_policy"]["Statement"][0]["Condition"] == {
        "StringEquals": {"sts:ExternalId": EXTERNAL}}
    assert SECOND not in json.dumps(first) and FIRST not in json.dumps(second)


WRONG = {
    "no role's ARN": ({"role": "arn:aws:iam::111111111111:user/me"}, "is not the ARN of an IAM"),
    "another partition": ({"role": "arn:aws-cn:iam::111111111111:role/s"},
                          "must be a role of that, such as arn:aws:iam::111111111111:role/s"),
    "an id without a role": ({"role": None, "external_id": "x1"}, "is given without a role"),
    "another region": ({"region": "eu-west-1"}, "lies in us-east-1"),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("command", ["config", "once", "run", "bootstrap"])
def test_a_place_that_cannot_be_is_one_clear_error(scaler, org, bootstrap, run_program, tmp_path,
                                                   start_process, command, what):
    change, message = WRONG[what]
    service = {**service_in(FIRST, REGIONS[0]), **change}
    fleet = {"services": [{key: value for key, value in service.items() if value is not None}]}
    if command == "bootstrap":
        path = tmp_path / "fleet.json"
        path.write_text(json.dumps({"defaults": POLICY, **fleet}))
        runtime = RuntimeApi()
        start_process([bootstrap], env={**org.keys, "AWS_REGION": REGIONS[0], "FLEET": path,
                                        "AWS_LAMBDA_RUNTIME_API": runtime.address})
        kind, _, text = runtime.answers.get(timeout=30)
        assert kind == "init" and message in text, text
        return
    if command == "config":
        path = tmp_path / "fleet.json"
        path.write_text(json.dumps({"defaults": POLICY, **fleet}))
        process = scaler("config", path)
    else:
        process = scaler(command, fleet=fleet)
    assert process.code == 3, process.output()
    assert message in process.stderr() and "services[0]" in process.stderr()
    assert len(process.stderr().strip().splitlines()) == 1, process.stderr()
