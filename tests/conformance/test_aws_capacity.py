"""What services run on, read from and changed on moto, whose answers boto3 reads as well.

Of groups moto has no activities, no lifecycle, and instances that are there at once: these follow
from AWS's model in src/edge/aws/auto_scaling_test.cc.
"""

import json

import pytest


@pytest.fixture
def call(bin_dir, run_program, moto):
    def run(operation, code=0, **arguments):
        process = run_program([bin_dir / "aws_calls", operation, json.dumps(arguments)],
                              env={"AWS_ENDPOINT_URL": moto.endpoint})
        assert process.code == code, process.output()
        return json.loads(process.stdout())

    return run


@pytest.fixture
def group(moto):
    name = "gpu & co"
    groups = moto.client("autoscaling")
    groups.create_launch_configuration(
        LaunchConfigurationName=name, ImageId="ami-12c6146b", InstanceType="g4dn.xlarge")
    groups.create_auto_scaling_group(
        AutoScalingGroupName=name, LaunchConfigurationName=name, MinSize=0, MaxSize=4,
        DesiredCapacity=1, AvailabilityZones=["us-east-1a"], NewInstancesProtectedFromScaleIn=True)
    return name


def described(moto, name):
    return moto.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


def test_a_group_is_read_as_boto3_reads_it(moto, call, group):
    moto.client("autoscaling").put_scaling_policy(
        AutoScalingGroupName=group, PolicyName="p", PolicyType="SimpleScaling",
        AdjustmentType="ChangeInCapacity", ScalingAdjustment=1)
    by_boto3 = described(moto, group)

    seen = call("group", group=group)

    instance = by_boto3["Instances"][0]
    assert seen == {"arn": by_boto3["AutoScalingGroupARN"], "min": 0, "max": 4, "desired": 1,
                    "protects_new": True, "policies": 1,
                    "instances": [{"id": instance["InstanceId"], "lifecycle": "InService",
                                   "protected": True}]}
    assert call("group", code=1, group=group + "-not")["error"] == "NotFound"


def test_a_group_grows_and_one_instance_ends_by_name(moto, call, group):
    call("set_group", group=group, desired=3)
    assert described(moto, group)["DesiredCapacity"] == 3
    victim = described(moto, group)["Instances"][1]["InstanceId"]

    call("end_instance", group=group, instance=victim)

    left = described(moto, group)
    assert left["DesiredCapacity"] == 2
    assert victim not in {instance["InstanceId"] for instance in left["Instances"]}


def test_a_capacity_provider_tells_its_group(moto, call, group):
    arn = described(moto, group)["AutoScalingGroupARN"]
    name = "provider"
    moto.ecs.create_capacity_provider(
        name=name, autoScalingGroupProvider={
            "autoScalingGroupArn": arn,
            "managedScaling": {"status": "ENABLED", "targetCapacity": 90}})

    assert call("provider", provider=name) == {
        "name": name, "group_arn": arn, "managed_scaling": True, "target_capacity": 90}


def test_container_instances_are_drained_and_put_back(moto, call):
    cluster = "cluster"
    moto.ecs.create_cluster(clusterName=cluster)
    machine = moto.client("ec2").run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    arn = moto.ecs.register_container_instance(
        cluster=cluster, instanceIdentityDocument=json.dumps({"instanceId": machine}))[
            "containerInstance"]["containerInstanceArn"]

    [seen] = call("container_instances", cluster=cluster)

    assert (seen["arn"], seen["id"], seen["status"]) == (arn, machine, "ACTIVE")
    assert seen["cpu"] > 0 and seen["memory_left"] > 0 and seen["running"] == 0
    for status in ("DRAINING", "ACTIVE"):
        call("set_instance_state", cluster=cluster, instance=arn, status=status)
        assert moto.ecs.describe_container_instances(
            cluster=cluster, containerInstances=[arn])["containerInstances"][0]["status"] == status


def test_what_a_task_asks_of_an_instance(moto, call):
    family = "family"
    moto.ecs.register_task_definition(
        family=family, containerDefinitions=[
            {"name": "w", "image": "i", "cpu": 512, "memory": 900,
             "resourceRequirements": [{"type": "GPU", "value": "2"}]},
            {"name": "side", "image": "i", "cpu": 256, "memoryReservation": 100, "memory": 300}])

    assert call("need", task_definition=family) == {"cpu": 768, "memory": 1000, "gpus": 2}
