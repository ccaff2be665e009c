"""What `ecs-scaler iam` prints for a service over a group is enough, and each action of it is
needed: moto authorizes every call of a cycle from no instance to one and back."""

import json
import time

import pytest

from support import MotoService, aws_clients, open_url
from test_iam import enforceable, serve

pytestmark = pytest.mark.timeout(600)

# Beside what test_iam.py says of moto: it keeps no strategy of a service and no tags of container
# instances, and lists stopped tasks where nobody asks for them.
MOTO = """
import moto.iam.access_control
import moto.server
from moto.ecs import models

moto.iam.access_control.IAMRequestBase.check_signature = lambda request: None
models.Service.capacity_provider_strategy = [{"capacityProvider": "gpu", "weight": 1, "base": 0}]
models.ContainerInstance.tags = []
backend = models.EC2ContainerServiceBackend


def get_resource(self, arn, parsed, known=backend._get_resource):
    instances = [one for some in self.container_instances.values() for one in some.values()]
    found = [one for one in instances if one.container_instance_arn == arn]
    return found[0] if found else known(self, arn, parsed)


def list_tasks(self, *given, known=backend.list_tasks):
    *asked, status = given or (None,)
    return known(self, *asked, desiredStatus=status or ("RUNNING" if asked else None))


backend._get_resource, backend.list_tasks = get_resource, list_tasks
moto.server.main()
"""
MARK = "ecs-scaler:instance"
OWN = {"CAPACITY": "own", "INSTANCE_TASKS": "1", "INSTANCE_IDLE": "0"}
# Those of the service's passes are taken away in test_iam.py.
OF_PASSES = {"ReadJobQueue", "ReadAndScaleService", "RememberState"}


@pytest.fixture(scope="module")
def moto_server(tmp_path_factory):
    with serve(MOTO, tmp_path_factory.mktemp("moto")) as endpoint:
        yield endpoint


class Trial:
    """A service over a group, and a user of its own whose every call is authorized."""

    def __init__(self, moto, run_program, ecs_scaler):
        self.service, self.settings = MotoService(moto), OWN
        self.run_program, self.ecs_scaler = run_program, ecs_scaler
        self.admin = aws_clients(moto.endpoint, self.user(moto, "admin"))
        self.grant("admin", {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}]}, moto)
        self.keys = self.user(moto, "scaler")
        self.ecs, self.groups = self.admin.ecs, self.admin.client("autoscaling")
        self.make_group()

    @staticmethod
    def user(moto, name):
        iam = moto.client("iam")
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def grant(self, name, policy, clients=None):
        (clients or self.admin).client("iam").put_user_policy(
            UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy))

    def make_group(self):
        ec2 = self.admin.client("ec2")
        template = ec2.create_launch_template(LaunchTemplateName="gpus", LaunchTemplateData={
            "ImageId": "ami-12c6146b", "InstanceType": "g5.xlarge"})["LaunchTemplate"]
        self.groups.create_auto_scaling_group(
            AutoScalingGroupName="gpus", MinSize=0, MaxSize=3, DesiredCapacity=0,
            NewInstancesProtectedFromScaleIn=True,
            VPCZoneIdentifier=ec2.describe_subnets()["Subnets"][0]["SubnetId"],
            LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"})
        self.ecs.create_capacity_provider(name="gpu", autoScalingGroupProvider={
            "autoScalingGroupArn": self.group()["AutoScalingGroupARN"],
            "managedScaling": {"status": "DISABLED"}})

    def group(self):
        found = self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=["gpus"])
        return found["AutoScalingGroups"][0]

    def environment(self):
        return {**self.service.environment, **self.keys, **self.settings, "BUSY_WINDOW": "0"}

    def policy(self):
        printed = self.run_program([self.ecs_scaler, "iam", "--output", "json", "--group", "gpus",
                                    "--capacity-provider", "gpu"], env=self.environment())
        assert printed.code == 0, printed.output()
        return json.loads(printed.stdout())

    # --- how things stand, and what a pass makes of it

    def rest(self, message=False):
        """The service at zero without a past, no instance, and a message or none."""
        for arn in self.ecs.list_container_instances(cluster="main")["containerInstanceArns"]:
            self.ecs.deregister_container_instance(cluster="main", containerInstance=arn,
                                                   force=True)
        for instance in self.group()["Instances"]:
            self.groups.terminate_instance_in_auto_scaling_group(
                InstanceId=instance["InstanceId"], ShouldDecrementDesiredCapacity=True)
        service = self.ecs.update_service(cluster="main", service="worker", desiredCount=0)
        self.ecs.untag_resource(resourceArn=service["service"]["serviceArn"],
                                tagKeys=["ecs-scaler:state"])
        self.admin.sqs.purge_queue(QueueUrl=self.service.queue_url)
        if message:
            self.admin.sqs.send_message(QueueUrl=self.service.queue_url, MessageBody="work")

    def instance(self, message=False, drained=None):
        """One on which a task has stopped; drained so many seconds ago, by its mark."""
        self.rest(message)
        self.groups.set_desired_capacity(AutoScalingGroupName="gpus", DesiredCapacity=1)
        identity = json.dumps({"instanceId": self.group()["Instances"][0]["InstanceId"]})
        arn = self.ecs.register_container_instance(
            cluster="main", instanceIdentityDocument=identity)["containerInstance"][
                "containerInstanceArn"]
        task, = self.ecs.start_task(cluster="main", taskDefinition="worker",
                                    containerInstances=[arn])["tasks"]
        self.ecs.stop_task(cluster="main", task=task["taskArn"])
        if drained is not None:
            self.ecs.update_container_instances_state(cluster="main", containerInstances=[arn],
                                                      status="DRAINING")
            self.ecs.tag_resource(resourceArn=arn, tags=[
                {"key": MARK, "value": f"drained {int(time.time()) - drained}"}])

    def stands(self):
        """(instances wanted, status of those that registered, whether they are marked)"""
        arns = self.ecs.list_container_instances(cluster="main")["containerInstanceArns"]
        found = self.ecs.describe_container_instances(
            cluster="main", containerInstances=arns)["containerInstances"] if arns else []
        return (self.group()["DesiredCapacity"], [one["status"] for one in found],
                any(one["tags"] for one in found))

    def once(self):
        return self.run_program([self.ecs_scaler, "once"], env=self.environment())

    def cycle(self):
        """Each step of a cycle with what a pass should make of it; what it told of those it could
        not do. Where AWS drives the group there is one alone."""
        steps = {"starts": (lambda: self.rest(message=True), (1, [], False))}
        if self.settings is OWN:
            steps |= self.way_in()
        failed = {}
        for name, (prepare, wanted) in steps.items():
            prepare()
            done = self.once()
            if self.stands() != wanted or done.code != 0:
                failed[name] = f"{done.code} {self.stands()}\n{done.stdout()}{done.stderr()}"
        return failed

    def way_in(self):
        return {
            "drains": (self.instance, (1, ["DRAINING"], True)),
            "takes back": (lambda: self.instance(message=True, drained=1),
                           (1, ["ACTIVE"], False)),
            "ends": (lambda: self.instance(drained=60), (0, ["DRAINING"], True)),
        }

    def follow(self):
        """AWS drives the group from now on."""
        self.settings = {"CAPACITY": "follow", "INSTANCE_TASKS": "1"}
        self.ecs.update_capacity_provider(name="gpu", autoScalingGroupProvider={
            "managedScaling": {"status": "ENABLED"}})


@pytest.fixture
def trial(moto, run_program, ecs_scaler):
    trial = Trial(moto, run_program, ecs_scaler)
    open_url(moto.endpoint + "/moto-api/reset-auth", b"0").close()
    yield trial
    open_url(moto.endpoint + "/moto-api/reset-auth", b"inf").close()


def without(policy, action):
    statements = [{**one, "Action": [other for other in one["Action"] if other != action]}
                  for one in policy["Statement"]]
    return {**policy, "Statement": [one for one in statements if one["Action"]]}


@pytest.mark.parametrize("capacity", ["own", "follow"])
def test_the_policy_is_enough_and_each_action_is_needed_and_named_when_denied(capacity, trial):
    if capacity == "follow":
        trial.follow()
    policy = enforceable(trial.policy())
    trial.grant("scaler", policy)
    assert trial.cycle() == {}

    for statement in policy["Statement"]:
        if statement["Sid"] in OF_PASSES:
            continue
        for action in statement["Action"]:
            trial.grant("scaler", without(policy, action))
            failed = trial.cycle()
            assert failed, (statement["Sid"], action)
            for name, told in failed.items():
                assert action.split(":")[1] in told and "authorized" in told, (action, name, told)
