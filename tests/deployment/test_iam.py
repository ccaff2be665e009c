"""`ecs-scaler iam`: the templates hold exactly its statements, which are enough and all needed."""

import contextlib
import fnmatch
import json
import os
import re
import sys
import zipfile

import botocore.exceptions
import pytest

from lambda_host import FunctionError, LambdaHost
from support import (REGION, MotoService, Process, answers_http, aws_clients, find_free_port,
                     open_url, program_environment, wait_until)

pytestmark = pytest.mark.timeout(600)
ARN = f"arn:aws:sqs:{REGION}:123456789012:theirs"
CONFIGURATIONS = {
    "default": {"QueueName": "work"},
    "everything": {"QueueName": "work", "Doorbell": "true", "Metrics": "emf"},
    "schedule only": {"QueueName": "work", "Wake": "false", "TickSeconds": "0"},
    "a queue of yours": {"QueueArn": ARN, "Doorbell": "true"},
    "backlog": {"QueueName": "work", "Mode": "backlog", "BacklogPerTask": "5", "TasksMax": "9"},
    "protected": {"QueueName": "work", "ScaleInWhen": "protected"},
    "latency, protected": {"QueueName": "work", "Mode": "latency", "TargetLatency": "60",
                           "SecondsPerMessage": "20", "TasksMax": "9", "ScaleInWhen": "protected"},
}
# What the service runs on: (parameters, variables, what iam is told).
CAPACITIES = {
    "own": ({"Capacity": "own", "AutoScalingGroup": "gpus"},
            {"capacity": "own", "auto_scaling_group": "gpus"}, ["--group", "gpus"]),
    "own, by a provider that is named": (
        {"Capacity": "own", "AutoScalingGroup": "gpus", "CapacityProvider": "gpu"},
        {"capacity": "own", "auto_scaling_group": "gpus", "capacity_provider": "gpu"},
        ["--group", "gpus", "--capacity-provider", "gpu"]),
    "own, among others": (
        {"Capacity": "own", "AutoScalingGroup": "gpus", "Doorbell": "true",
         "ScaleInWhen": "protected"},
        {"environment": {"CAPACITY": "own"}, "auto_scaling_group": "gpus", "doorbell": True,
         "scale_in_when": "protected"}, ["--group", "gpus"]),
    "a group that AWS drives": ({"AutoScalingGroup": "gpus"}, {"auto_scaling_group": "gpus"},
                                ["--group", "gpus"]),
    "Managed Instances": ({"Capacity": "follow", "CapacityProvider": "gpu"},
                          {"capacity": "follow", "capacity_provider": "gpu"},
                          ["--capacity-provider", "gpu"]),
    "off": ({"Capacity": "off", "AutoScalingGroup": "gpus", "CapacityProvider": "gpu"},
            {"capacity": "off", "auto_scaling_group": "gpus", "capacity_provider": "gpu"},
            ["--group", "gpus", "--capacity-provider", "gpu"]),
}
# What the function's surroundings need, of which the program knows nothing.
SURROUNDINGS = {
    "vpc": ({"SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"},
            {"subnet_ids": ["subnet-1", "subnet-2"], "security_group_ids": ["sg-1"]},
            ["AttachToVpc", "NoInterfacesFromCode"]),
    "key": ({"KmsKeyArn": f"arn:aws:kms:{REGION}:123456789012:key/k"},
            {"kms_key_arn": f"arn:aws:kms:{REGION}:123456789012:key/k"}, ["UseKey"]),
}


# moto takes the query of a GET for its body and so refuses every signature of one; signatures are
# tested elsewhere, and here only what is authorized matters.
MOTO = """
import moto.iam.access_control
import moto.server
moto.iam.access_control.IAMRequestBase.check_signature = lambda request: None
moto.server.main()
"""


@contextlib.contextmanager
def serve(script, folder):
    """A moto that this script starts: its endpoint."""
    port = find_free_port()
    server = Process([sys.executable, "-c", script, "-H", "127.0.0.1", "-p", port],
                     program_environment(folder), folder)
    endpoint = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers_http(endpoint + "/moto-api/") or not server.running(), 90,
               what="the start of moto")
    assert server.running(), server.output()
    yield endpoint
    server.stop()


@pytest.fixture(scope="module")
def moto_server(tmp_path_factory):
    """A moto of this file: it authorizes, but does not check signatures."""
    with serve(MOTO, tmp_path_factory.mktemp("moto")) as endpoint:
        yield endpoint


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_template_grants_exactly_what_iam_prints(name, moto, deploy_sam, printed_policy):
    moto.sqs.create_queue(QueueName="theirs")
    stack = deploy_sam("scaler", Cluster="main", Service="worker", **CONFIGURATIONS[name])

    assert stack.policy == printed_policy(stack.environment, stack.function_name)


@pytest.mark.parametrize("name", CAPACITIES)
def test_what_the_service_runs_on_is_granted_as_iam_prints_it(name, moto, deploy_sam,
                                                              terraform_settings, printed_policy):
    parameters, variables, flags = CAPACITIES[name]
    stack = deploy_sam("scaler", Cluster="main", Service="worker", QueueName="work", **parameters)
    printed = printed_policy(stack.environment, stack.function_name, *flags)

    assert stack.policy == printed
    assert terraform_settings({"queue_name": "work", **variables})["policy"] == printed


def test_only_the_group_that_is_named_is_changed(moto, deploy_sam):
    stack = deploy_sam("scaler", Cluster="main", Service="worker", QueueName="work",
                       Capacity="own", AutoScalingGroup="gpus")
    changing = {"autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"}
    granted = [(action, resource) for statement in stack.policy["Statement"]
               for action in statement["Action"] for resource in statement["Resource"]
               if action in changing]

    assert {action for action, _ in granted} == changing
    group = f"arn:aws:autoscaling:{REGION}:123456789012:autoScalingGroup:1-2:autoScalingGroupName/"
    for action, resource in granted:
        assert fnmatch.fnmatchcase(group + "gpus", resource), action
        for other in ("gpus-2", "more-gpus", "other", "x/gpus"):
            assert not fnmatch.fnmatchcase(group + other, resource), action


@pytest.mark.parametrize("variables", [
    {}, {"doorbell": True, "metrics": "emf"}, {"wake": False, "tick_seconds": 0},
    {"mode": "backlog", "backlog_per_task": 5, "tasks_max": 9}, {"scale_in_when": "protected"},
    {"environment": {"SCALE_IN_WHEN": "protected"}}], ids=str)
def test_terraform_grants_exactly_what_iam_prints(variables, terraform_settings, printed_policy,
                                                  sam_template):
    settings = terraform_settings({"queue_name": "work", **variables})
    environment = settings["environment"]

    assert settings["policy"] == printed_policy(environment, "scaler-scaler")
    known = sam_template["Resources"]["EcsScalerLambdaFunction"]["Properties"]["Environment"]
    assert set(environment) <= set(known["Variables"])


def grants(policy):
    """Each single right, whichever way the statements are put."""
    return {(s["Effect"], action, resource, json.dumps(s.get("Condition"), sort_keys=True))
            for s in policy["Statement"] for action in s["Action"] for resource in s["Resource"]}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_surroundings_add_their_rights_and_take_none(name, moto, deploy_sam, terraform_settings,
                                                     printed_policy):
    parameters, variables, added = SURROUNDINGS[name]
    stack = deploy_sam("scaler", Cluster="main", Service="worker", QueueName="work", **parameters)
    policy = terraform_settings({"queue_name": "work", **variables})["policy"]

    printed = printed_policy(stack.environment, stack.function_name)
    own = [s for s in stack.policy["Statement"] if s["Sid"] in added]
    assert [s["Sid"] for s in own] == added
    assert grants(stack.policy) == grants(printed) | grants({"Statement": own})
    assert grants(policy) == grants(stack.policy)


def test_what_is_printed_for_people_gives_reasons(run_program, ecs_scaler):
    environment = {"SQS_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/jobs",
                   "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "worker"}

    process = run_program([ecs_scaler, "iam"], env=environment)

    assert process.code == 0
    assert "RememberState: what the next pass must know" in process.stdout()
    assert f"    on arn:aws:ecs:{REGION}:123456789012:service/main/worker\n" in process.stdout()
    missing = run_program([ecs_scaler, "iam"], env={**environment, "WAKE": "true"})
    assert missing.code == 3 and "--function-name" in missing.stderr()


# --- enough, and each needed --------------------------------------------------------------------


def enforceable(policy):
    """moto knows resources for SQS only and no conditions: everything else is widened to `*`. For
    AWS a batch is the same action, for moto one of its own.
    """
    policy = json.loads(json.dumps(policy))
    for statement in policy["Statement"]:
        statement.pop("Condition", None)
        if not statement["Resource"][0].startswith("arn:aws:sqs:"):
            statement["Resource"] = ["*"]
        statement["Action"] += [f"{action}Batch" for action in statement["Action"]
                                if action in ("sqs:SendMessage", "sqs:ChangeMessageVisibility")]
    return policy


class Trial:
    """A deployed scaler whose every call, and those of Lambda on its behalf, moto authorizes."""

    def __init__(self, stack, service, program, start_process):
        self.stack, self.service = stack, service
        self.program, self.start_process = program, start_process
        iam = stack.moto.client("iam")
        iam.create_user(UserName="admin")
        iam.put_user_policy(UserName="admin", PolicyName="all", PolicyDocument=json.dumps(
            {"Version": "2012-10-17",
             "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
        key = iam.create_access_key(UserName="admin")["AccessKey"]
        self.admin = aws_clients(stack.moto.endpoint, {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]})
        role = stack.moto.sts.assume_role(RoleArn=stack.configuration["Role"],
                                          RoleSessionName="scaler")["Credentials"]
        self.keys = {"AWS_ACCESS_KEY_ID": role["AccessKeyId"],
                     "AWS_SECRET_ACCESS_KEY": role["SecretAccessKey"],
                     "AWS_SESSION_TOKEN": role["SessionToken"]}
        self.role = aws_clients(stack.moto.endpoint, self.keys)
        stack.moto = self.admin

    def grant(self, policy):
        self.admin.client("iam").put_role_policy(
            RoleName=self.stack.role_name, PolicyName="scaler", PolicyDocument=json.dumps(policy))

    def reset(self):
        """The service rests at zero without a past, and the queues are empty."""
        ecs, environment = self.admin.ecs, self.stack.environment
        service = ecs.update_service(cluster="main", service="worker", desiredCount=0)["service"]
        ecs.untag_resource(resourceArn=service["serviceArn"], tagKeys=["ecs-scaler:state"])
        for name in ("SQS_QUEUE_URL", "TICK_QUEUE_URL", "DOORBELL_QUEUE_URL"):
            self.admin.sqs.purge_queue(QueueUrl=environment[name])
        mapping = self.stack.mapping(environment["SQS_QUEUE_URL"])
        self.admin.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)

    def refusals(self):
        """Goes through everything that the deployed scaler does; what was refused on the way."""
        self.reset()
        host = LambdaHost(self.stack.configuration, self.role, directory=self.admin)
        process = self.start_process([self.program],
                                     env=host.environment(self.keys, self.admin_endpoint))
        refused = []
        for step in (self.log, self.schedule, self.wake, self.tick, self.doorbell):
            try:
                step(host)
            except (FunctionError, botocore.exceptions.ClientError) as error:
                refused.append(f"{step.__name__}: {error}")
        host.close()
        # A state that cannot be kept fails no invocation; it is told.
        refused += [line for line in process.stdout().splitlines()
                    if "the state tag cannot be written" in line]
        return refused

    @property
    def admin_endpoint(self):
        return self.admin.sqs.meta.endpoint_url

    def log(self, host):
        logs, group = self.role.client("logs"), f"/aws/lambda/{host.name}"
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=group, logStreamName="s")
        logs.put_log_events(logGroupName=group, logStreamName="s",
                            logEvents=[{"timestamp": 1, "message": "m"}])

    def schedule(self, host):
        host.fire(self.stack.rule)
        self.admin.lambda_.update_event_source_mapping(  # also where the pass was not allowed to
            UUID=self.stack.mapping(self.stack.environment["SQS_QUEUE_URL"])["UUID"], Enabled=True)

    def wake(self, host):
        self.ring(host, "SQS_QUEUE_URL", enabled=True)
        assert self.admin.sqs.get_queue_attributes(
            QueueUrl=self.stack.environment["SQS_QUEUE_URL"], AttributeNames=["All"])["Attributes"][
                "ApproximateNumberOfMessagesNotVisible"] == "1", "the job is gone"

    def tick(self, host):
        self.ring(host, "TICK_QUEUE_URL")

    def doorbell(self, host):
        self.ring(host, "DOORBELL_QUEUE_URL")

    def ring(self, host, name, enabled=False):
        url = self.stack.environment[name]
        self.admin.sqs.send_message(QueueUrl=url, MessageBody="{}")
        mapping = self.stack.mapping(url)
        host.poll({**mapping, "State": "Enabled"} if enabled else mapping)


@pytest.fixture
def trial(deploy_sam, moto, dist, start_process, tmp_path):
    service = MotoService(moto)
    archive = dist / "bootstrap-x86_64.zip"
    stack = deploy_sam("scaler", archive, Cluster="main", Service="worker", QueueName="work",
                       Doorbell="true")
    program = zipfile.ZipFile(archive).extract("bootstrap", tmp_path)
    os.chmod(program, 0o755)
    trial = Trial(stack, service, program, start_process)
    open_url(moto.endpoint + "/moto-api/reset-auth", b"0").close()
    yield trial
    open_url(moto.endpoint + "/moto-api/reset-auth", b"inf").close()


def test_the_policy_is_enough_and_each_statement_is_needed(trial):
    policy = enforceable(trial.stack.policy)
    trial.grant(policy)
    assert trial.refusals() == []

    for statement in policy["Statement"]:
        trial.grant({**policy, "Statement": [other for other in policy["Statement"]
                                             if other is not statement]})
        refused = trial.refusals()
        assert any(re.search("AccessDenied|not authorized", text) for text in refused), (
            statement["Sid"], refused)
