"""What people and AWS do to a group of instances that the scaler drives: `explain` says what it
finds, and changes nothing."""

import re

import pytest
from instance_fleet import GROUP
from support import wait_until

NAME = {"AutoScalingGroupName": "instances"}


class Place:
    """An emulator without a function, whose service runs on a group of instances."""

    def __init__(self, running, run):
        self.running = running
        self.run = run
        self.ecs = running.aws.ecs
        self.groups = running.aws.client("autoscaling")

    def group(self):
        return self.groups.describe_auto_scaling_groups(
            AutoScalingGroupNames=["instances"])["AutoScalingGroups"][0]

    def start(self, instances):
        self.groups.set_desired_capacity(**NAME, DesiredCapacity=instances)
        wait_until(lambda: len(self.containers()) == instances, what="instances")

    def containers(self):
        return self.ecs.list_container_instances(
            cluster=self.running.cluster)["containerInstanceArns"]

    def first(self):
        return self.group()["Instances"][0]["InstanceId"]

    def wish(self, **wish):
        self.running.call("groups", {"group": "instances", **wish})

    def fault(self, operation, kind, count=1000):
        self.running.call("faults", {"operation": operation, "fault": kind, "count": count})

    def explain(self, **env):
        return self.run("explain", env)

    def once(self, **env):
        return self.run("once", env)


@pytest.fixture
def place(emulator, run_program, ecs_scaler):
    running = emulator(instances=GROUP, instance_start="200ms", task_start="100ms",
                       task_stop="100ms", work_time="60s")
    environment = {
        "SQS_QUEUE_URL": running.queue_url, "ECS_CLUSTER_NAME": running.cluster,
        "ECS_SERVICE_NAME": running.service, "AWS_ENDPOINT_URL": running.endpoint,
        "SCALE_UP_TARGET": 2, "CAPACITY": "own", "INSTANCE_TASKS": 1}
    return Place(running, lambda command, env: run_program([ecs_scaler, command],
                                                           env={**environment, **env}))


def launch_suspended(place):
    place.groups.suspend_processes(**NAME, ScalingProcesses=["Launch"])
    place.groups.set_desired_capacity(**NAME, DesiredCapacity=2)
    place.running.send(1)


def no_image(place):
    place.wish(no_capacity="The image id '[ami-1]' does not exist")
    place.groups.set_desired_capacity(**NAME, DesiredCapacity=2)
    place.running.send(1)


def unprotected_by_hand(place):
    place.start(1)
    place.groups.set_instance_protection(**NAME, InstanceIds=[place.first()],
                                         ProtectedFromScaleIn=False)


def new_ones_unprotected(place):
    place.groups.update_auto_scaling_group(**NAME, NewInstancesProtectedFromScaleIn=False)


def scaling_policy(place):
    place.groups.put_scaling_policy(**NAME, PolicyName="more", AdjustmentType="ChangeInCapacity",
                                    ScalingAdjustment=1)


def maximum_of_none(place):
    place.groups.update_auto_scaling_group(**NAME, MaxSize=0)
    place.running.send(1)


def maximum_below_the_need(place):
    place.groups.update_auto_scaling_group(**NAME, MaxSize=1)
    place.running.send(1)


def maximum_below_what_is_there(place):
    place.start(2)
    place.groups.update_auto_scaling_group(**NAME, MaxSize=1)


def silent_agent(place):
    place.start(1)
    place.wish(disconnect=place.first())


def drained_by_hand(place):
    place.start(1)
    place.ecs.update_container_instances_state(
        cluster=place.running.cluster, containerInstances=place.containers(), status="DRAINING")


def spot_notice(place):
    place.start(1)
    place.wish(reclaim=place.first())
    drained_by_hand(place)


def two_services(place):
    first = place.ecs.describe_services(cluster=place.running.cluster,
                                        services=[place.running.service])["services"][0]
    place.ecs.create_service(cluster=place.running.cluster, serviceName="other", desiredCount=0,
                             taskDefinition=first["taskDefinition"], tags=[
                                 {"key": "ecs-scaler:state", "value": "v2"}],
                             capacityProviderStrategy=first["capacityProviderStrategy"])
    place.start(1)


def weights(place):
    place.groups.update_auto_scaling_group(**NAME, MixedInstancesPolicy={"LaunchTemplate": {
        "LaunchTemplateSpecification": {"LaunchTemplateName": "gpu"}, "Overrides": [
            {"InstanceType": "g5.xlarge", "WeightedCapacity": "2"}]}})


def two_providers(place):
    place.ecs.update_service(cluster=place.running.cluster, service=place.running.service,
                             forceNewDeployment=True, capacityProviderStrategy=[
                                 {"capacityProvider": "instances", "weight": 1},
                                 {"capacityProvider": "FARGATE", "weight": 1}])


def managed_scaling(place):
    place.ecs.update_capacity_provider(name="instances", autoScalingGroupProvider={
        "managedScaling": {"status": "ENABLED"}})


CASES = [
    (launch_suspended, "the group's process Launch is suspended"),
    (no_image, r"1 launch(es)? in a row failed, .*The image id '\[ami-1\]' does not exist"),
    (unprotected_by_hand, "i-[0-9a-f]+ is not protected from scale-in: SetInstanceProtection"),
    (new_ones_unprotected, "does not protect new instances from scale-in"),
    (scaling_policy, r"it has scaling policies of its own \(1\): remove them"),
    (maximum_of_none, "no room for 2 tasks: the group has 0 instances at most"),
    (maximum_below_the_need, "no room for 1 task: the group has 1 instance at most"),
    (maximum_below_what_is_there, "1 instance above the group's size, .*: the size follows|"
                                  "i-[0-9a-f]+ without a task"),
    (silent_agent, r"1 instance with a silent agent or in bad health \(i-[0-9a-f]+\)"),
    (drained_by_hand, r"1 instance drained by another hand or interrupted \(i-[0-9a-f]+\)"),
    (spot_notice, r"1 instance drained by another hand or interrupted \(i-[0-9a-f]+\)"),
    (two_services, "another process scales other, on this same group"),
    (weights, "its desired capacity does not count instances, but weights"),
    (two_providers, "it runs on Fargate, which has no instances"),
    (managed_scaling, "its capacity provider has managed scaling on"),
]


@pytest.mark.parametrize("change, words", CASES, ids=[change.__name__ for change, _ in CASES])
def test_what_is_found_is_said(place, change, words):
    change(place)
    before = place.group()["DesiredCapacity"]

    process = place.explain()

    assert process.code == 0, process.output()
    assert re.search(words, process.stdout()), process.stdout()
    assert place.group()["DesiredCapacity"] == before


@pytest.mark.parametrize("operation", [
    "DescribeCapacityProviders", "DescribeAutoScalingGroups", "DescribePolicies",
    "DescribeScalingActivities", "ListContainerInstances", "DescribeContainerInstances",
    "ListServices", "ListTasks", "DescribeTaskDefinition"])
def test_what_is_denied_of_a_look_is_named(place, operation):
    place.start(1)
    place.fault(operation, "denied")

    process = place.explain()

    assert operation in process.output(), process.output()
    assert "denied" in process.output().lower() or "deny" in process.output().lower()


@pytest.mark.parametrize("operation, there", [
    ("SetDesiredCapacity", 1), ("TagResource", 3), ("UpdateContainerInstancesState", 3)])
def test_what_is_denied_of_a_change_is_named_and_holds_no_task(place, operation, there):
    """Two tasks are wanted: of three instances one may be drained."""
    place.start(there)
    place.fault(operation, "denied")
    place.running.send(1)

    process = place.once(INSTANCE_IDLE=0)

    assert process.code != 0 and operation in process.output(), process.output()
    assert place.running.tasks()[0] == 2


def test_while_terminate_is_suspended_no_instance_is_drained(place):
    place.start(1)
    place.groups.suspend_processes(**NAME, ScalingProcesses=["Terminate"])

    process = place.once(INSTANCE_IDLE=0)

    assert process.code == 0, process.output()
    [container] = place.ecs.describe_container_instances(
        cluster=place.running.cluster, containerInstances=place.containers())["containerInstances"]
    assert container["status"] == "ACTIVE"
    assert "process Terminate is suspended" in place.explain(INSTANCE_IDLE=0).stdout()


@pytest.mark.parametrize("operation, kind", [
    ("DescribeContainerInstances", "malformed"), ("DescribeAutoScalingGroups", "malformed"),
    ("ListContainerInstances", "unavailable")])
def test_what_cannot_be_read_of_a_look_is_named(place, operation, kind):
    place.start(1)
    place.fault(operation, kind)

    assert operation in place.explain().output()


def test_a_look_that_is_throttled_is_tried_again(place):
    place.start(1)
    place.fault("DescribeAutoScalingGroups", "throttle", count=1)

    process = place.explain()

    assert process.code == 0 and "(group instances)" in process.stdout(), process.output()
