"""Tasks on instances of Auto Scaling groups: EC2 Auto Scaling, ECS's container instances and
capacity providers. ECS's answers are checked against botocore's model, those of EC2 Auto Scaling by
its parser."""

import json
import urllib.request

import botocore.exceptions
import pytest

from strict import error_of, watch
from support import wait_until

INSTANCES = "g5.xlarge:4096:15000:1:3"


class Cloud:
    """An emulator whose service runs on a group of its own."""

    def __init__(self, running):
        self.running = running
        self.ecs = running.aws.ecs
        self.asg = running.aws.client("autoscaling")
        watch(self.ecs)

    def group(self, name="instances"):
        return self.asg.describe_auto_scaling_groups(
            AutoScalingGroupNames=[name])["AutoScalingGroups"][0]

    def scale(self, instances=None, tasks=None):
        if instances is not None:
            self.asg.set_desired_capacity(AutoScalingGroupName="instances",
                                          DesiredCapacity=instances, HonorCooldown=False)
        if tasks is not None:
            self.ecs.update_service(cluster="test", service="worker", desiredCount=tasks)

    def containers(self, **more):
        arns = self.ecs.list_container_instances(cluster="test", **more)["containerInstanceArns"]
        return arns and self.ecs.describe_container_instances(
            cluster="test", containerInstances=arns)["containerInstances"]

    def wait_for_instances(self, count, timeout=20):
        wait_until(lambda: len(self.containers()) == count, timeout, what=f"{count} instances")

    def tasks(self, **more):
        arns = self.ecs.list_tasks(cluster="test", **more)["taskArns"]
        return arns and self.ecs.describe_tasks(cluster="test", tasks=arns)["tasks"]

    def wait_for_tasks(self, *statuses):
        wait_until(lambda: [task["lastStatus"] for task in self.tasks()] == list(statuses),
                   what=f"tasks {statuses}")

    def wish(self, **wish):
        request = urllib.request.Request(f"{self.running.endpoint}/_emulator/groups",
                                         json.dumps({"group": "instances", **wish}).encode())
        urllib.request.urlopen(request).close()

    def state(self, status, arn):
        return self.ecs.update_container_instances_state(
            cluster="test", containerInstances=[arn], status=status)["containerInstances"][0]

    def terminate(self, instance, decrement=True):
        return self.asg.terminate_instance_in_auto_scaling_group(
            InstanceId=instance, ShouldDecrementDesiredCapacity=decrement)["Activity"]


@pytest.fixture
def cloud(emulator):
    return Cloud(emulator(instances=INSTANCES, instance_start="400ms", task_start="200ms",
                          task_stop="100ms"))


def resource(instance, kind, name):
    found = {one["name"]: one for one in instance[kind]}[name]
    return len(found["stringSetValue"]) if name == "GPU" else found["integerValue"]


def message_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Message"]


def test_from_no_instance_to_a_task_and_back(cloud):
    cloud.scale(tasks=1)
    cloud.wait_for_tasks("PROVISIONING")
    waiting = cloud.tasks()[0]
    assert waiting["capacityProviderName"] == "instances"
    assert "containerInstanceArn" not in waiting

    cloud.scale(instances=1)
    cloud.wait_for_tasks("RUNNING")
    instance = cloud.containers()[0]
    assert cloud.tasks()[0]["containerInstanceArn"] == instance["containerInstanceArn"]
    assert instance["capacityProviderName"] == "instances"
    assert (instance["status"], instance["agentConnected"],
            instance["runningTasksCount"], instance["pendingTasksCount"]) == ("ACTIVE", True, 1, 0)
    assert resource(instance, "registeredResources", "GPU") == 1
    assert resource(instance, "remainingResources", "GPU") == 0
    assert resource(instance, "remainingResources", "CPU") == 4096 - 256
    listed = cloud.tasks(containerInstance=instance["containerInstanceArn"])
    assert [task["lastStatus"] for task in listed] == ["RUNNING"]

    cloud.scale(tasks=0)
    wait_until(lambda: cloud.containers()[0]["runningTasksCount"] == 0, what="an empty instance")
    assert cloud.state("DRAINING", instance["containerInstanceArn"])["status"] == "DRAINING"
    activity = cloud.terminate(instance["ec2InstanceId"])
    assert activity["StatusCode"] == "InProgress"
    assert cloud.group()["DesiredCapacity"] == 0
    cloud.wait_for_instances(0)


def test_an_instance_has_tags_that_are_told_where_they_are_asked_for(cloud):
    cloud.scale(instances=1)
    cloud.wait_for_instances(1)
    arn = cloud.containers()[0]["containerInstanceArn"]
    cloud.ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"},
                                                  {"key": "b", "value": "2"}])
    cloud.ecs.untag_resource(resourceArn=arn, tagKeys=["b"])

    def described(**more):
        return cloud.ecs.describe_container_instances(
            cluster="test", containerInstances=[arn], **more)["containerInstances"][0]["tags"]

    assert described(include=["TAGS"]) == [{"key": "a", "value": "1"}]
    assert described() == []
    assert cloud.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [
        {"key": "a", "value": "1"}]
    assert "could not be found" in message_of(
        cloud.ecs.tag_resource, resourceArn=arn[:-32] + "0" * 32,
        tags=[{"key": "a", "value": "1"}])


def test_a_stopping_task_is_in_no_count_but_listed(emulator):
    cloud = Cloud(emulator(instances=INSTANCES, instance_start="400ms", task_start="200ms",
                           task_stop="30s"))
    cloud.scale(instances=1, tasks=1)
    cloud.wait_for_tasks("RUNNING")
    cloud.scale(tasks=0)
    instance = cloud.containers()[0]
    assert (instance["runningTasksCount"], instance["pendingTasksCount"]) == (0, 0)
    assert resource(instance, "remainingResources", "GPU") == 0
    stopping = cloud.tasks(containerInstance=instance["containerInstanceArn"],
                           desiredStatus="STOPPED")
    assert [task["lastStatus"] for task in stopping] == ["STOPPING"]


def test_draining_and_active(cloud):
    cloud.scale(instances=1)
    cloud.wait_for_instances(1)
    arn = cloud.containers()[0]["containerInstanceArn"]
    cloud.state("DRAINING", arn)
    assert cloud.containers(status="ACTIVE") == []
    assert len(cloud.containers(status="DRAINING")) == 1
    cloud.scale(tasks=1)
    cloud.wait_for_tasks("PROVISIONING")
    cloud.state("ACTIVE", arn)
    cloud.wait_for_tasks("RUNNING")
    answer = cloud.ecs.update_container_instances_state(
        cluster="test", containerInstances=["0" * 32], status="ACTIVE")
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]
    assert error_of(cloud.ecs.update_container_instances_state, cluster="test",
                    containerInstances=[arn], status="GONE")[0] == "InvalidParameterException"


def test_instances_are_found_by_filters(cloud):
    cloud.scale(instances=2)
    cloud.wait_for_instances(2)
    cloud.scale(tasks=1)
    cloud.wait_for_tasks("RUNNING")
    busy = cloud.containers(filter="runningTasksCount == 1")
    assert len(busy) == 1
    idle = cloud.containers(filter="runningTasksCount == 0 and agentConnected == true")
    assert len(idle) == 1
    ids = [one["ec2InstanceId"] for one in busy]
    assert cloud.containers(filter=f"ec2InstanceId in ['{ids[0]}', 'i-0']") == busy
    assert len(cloud.containers(filter="attribute:ecs.instance-type == g5.xlarge")) == 2
    for wrong in ("nonsense", "color == red"):
        assert error_of(cloud.ecs.list_container_instances, cluster="test",
                        filter=wrong)[0] == "InvalidParameterException"


def test_what_goes_wrong_with_instances(cloud):
    cloud.wish(no_capacity="We currently do not have sufficient g5.xlarge capacity.")
    cloud.scale(instances=1)
    failed = cloud.asg.describe_scaling_activities(AutoScalingGroupName="instances")["Activities"]
    assert (failed[0]["StatusCode"], failed[0]["StatusMessage"]) == (
        "Failed", "We currently do not have sufficient g5.xlarge capacity.")
    assert cloud.group()["Instances"] == []

    cloud.wish(no_capacity="", unregistered=1)
    wait_until(lambda: [one["LifecycleState"] for one in cloud.group()["Instances"]] ==
               ["InService"], what="an instance in service")
    lost = cloud.group()["Instances"][0]["InstanceId"]
    assert cloud.containers() == []
    cloud.terminate(lost, decrement=False)
    cloud.wait_for_instances(1)
    instance = cloud.containers()[0]
    cloud.wish(disconnect=instance["ec2InstanceId"])
    assert not cloud.containers()[0]["agentConnected"]
    cloud.scale(tasks=1)
    cloud.wait_for_tasks("PROVISIONING")
    cloud.wish(connect=instance["ec2InstanceId"])
    cloud.wait_for_tasks("RUNNING")


def test_terminate_takes_the_tasks_along(cloud):
    cloud.scale(instances=1, tasks=1)
    cloud.wait_for_tasks("RUNNING")
    task = cloud.tasks()[0]["taskArn"]
    cloud.terminate(cloud.containers()[0]["ec2InstanceId"], decrement=False)
    gone = cloud.ecs.describe_tasks(cluster="test", tasks=[task])["tasks"][0]
    assert (gone["lastStatus"], gone["stopCode"]) == ("STOPPED", "TerminationNotice")
    cloud.wait_for_tasks("RUNNING")
    assert cloud.group()["DesiredCapacity"] == 1


def test_sizes_protection_and_processes(cloud):
    asg = cloud.asg
    name = {"AutoScalingGroupName": "instances"}
    assert message_of(asg.set_desired_capacity, **name, DesiredCapacity=4) == (
        "New SetDesiredCapacity value 4 is above max value 3 for the AutoScalingGroup.")
    assert error_of(asg.set_desired_capacity, AutoScalingGroupName="other",
                    DesiredCapacity=1) == ("ValidationError", 400)
    cloud.scale(instances=2)
    cloud.wait_for_instances(2)
    group = cloud.group()
    assert all(one["ProtectedFromScaleIn"] for one in group["Instances"])
    spared, victim = [one["InstanceId"] for one in group["Instances"]]
    asg.set_instance_protection(**name, InstanceIds=[victim], ProtectedFromScaleIn=False)
    cloud.scale(instances=0)
    wait_until(lambda: {one["InstanceId"]: one["LifecycleState"]
                        for one in cloud.group()["Instances"]} ==
               {spared: "InService", victim: "Terminating"}, what="one instance's end")

    asg.suspend_processes(**name, ScalingProcesses=["AZRebalance"])
    assert [one["ProcessName"] for one in cloud.group()["SuspendedProcesses"]] == ["AZRebalance"]
    asg.resume_processes(**name)
    assert cloud.group()["SuspendedProcesses"] == []
    asg.update_auto_scaling_group(**name, MinSize=1)
    assert cloud.group()["DesiredCapacity"] == 1
    assert "desiredSize equals minSize (1)" in message_of(
        asg.terminate_instance_in_auto_scaling_group, InstanceId=spared,
        ShouldDecrementDesiredCapacity=True)
    told = asg.describe_auto_scaling_instances(InstanceIds=[spared])["AutoScalingInstances"]
    assert [(one["AutoScalingGroupName"], one["HealthStatus"]) for one in told] == [
        ("instances", "HEALTHY")]


def test_a_policy_is_told_as_put(cloud):
    asg = cloud.asg
    target = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
              "TargetValue": 50.0}
    assert asg.describe_policies(AutoScalingGroupName="instances")["ScalingPolicies"] == []
    asg.put_scaling_policy(AutoScalingGroupName="instances", PolicyName="cpu",
                           PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=target)
    policy = asg.describe_policies(AutoScalingGroupName="instances")["ScalingPolicies"][0]
    assert (policy["PolicyName"], policy["TargetTrackingConfiguration"]) == ("cpu", target)
    asg.delete_policy(AutoScalingGroupName="instances", PolicyName="cpu")
    assert asg.describe_policies(AutoScalingGroupName="instances")["ScalingPolicies"] == []


def make_group(asg, name, user_data="", **more):
    asg.create_launch_configuration(LaunchConfigurationName=name, ImageId="ami-0",
                                    InstanceType="m5.large", UserData=user_data)
    asg.create_auto_scaling_group(
        **{"AutoScalingGroupName": name, "LaunchConfigurationName": name, "MinSize": 0,
           "MaxSize": 5, "AvailabilityZones": ["us-east-1a"],
           "Tags": [{"Key": "team", "Value": "blue", "PropagateAtLaunch": True}], **more})


def test_groups_and_providers_of_ones_own(emulator):
    cloud = Cloud(emulator(instance_start="400ms", task_start="200ms", task_stop="100ms"))
    make_group(cloud.asg, "g", DesiredCapacity=1)
    assert error_of(cloud.asg.create_auto_scaling_group, AutoScalingGroupName="g",
                    LaunchConfigurationName="g", MinSize=0, MaxSize=1,
                    AvailabilityZones=["us-east-1a"]) == ("AlreadyExists", 400)
    tagged = [{"Name": "tag:team", "Values": ["blue"]}]
    group = cloud.asg.describe_auto_scaling_groups(Filters=tagged)["AutoScalingGroups"][0]
    provider = cloud.ecs.create_capacity_provider(name="p", autoScalingGroupProvider={
        "autoScalingGroupArn": group["AutoScalingGroupARN"],
        "managedScaling": {"status": "DISABLED"}})["capacityProvider"]
    assert provider["autoScalingGroupProvider"]["managedDraining"] == "ENABLED"
    strategy = [{"capacityProvider": "p", "weight": 1, "base": 0}]
    cloud.ecs.put_cluster_capacity_providers(cluster="test", capacityProviders=["p"],
                                             defaultCapacityProviderStrategy=[])
    container = {"name": "main", "image": "image:1", "cpu": 512, "memory": 1024}
    cloud.ecs.register_task_definition(family="app", containerDefinitions=[container])
    made = cloud.ecs.create_service(cluster="test", serviceName="web", taskDefinition="app",
                                    desiredCount=5, capacityProviderStrategy=strategy)["service"]
    assert made["capacityProviderStrategy"] == strategy
    cloud.wait_for_instances(1)
    wait_until(lambda: sorted(task["lastStatus"] for task in cloud.tasks(serviceName="web")) ==
               ["PROVISIONING"] + 4 * ["RUNNING"], what="as many tasks as have room")


def test_a_warm_pool_is_told_as_put(cloud):
    def put(**more):
        cloud.asg.put_warm_pool(AutoScalingGroupName="instances", **more)

    def told():
        return cloud.asg.describe_warm_pool(AutoScalingGroupName="instances")

    assert told()["Instances"] == []
    put(MaxGroupPreparedCapacity=2, InstanceReusePolicy={"ReuseOnScaleIn": True})
    assert told()["WarmPoolConfiguration"] == {
        "MaxGroupPreparedCapacity": 2, "MinSize": 0, "PoolState": "Stopped",
        "InstanceReusePolicy": {"ReuseOnScaleIn": True}}
    wait_until(lambda: {one["LifecycleState"] for one in told()["Instances"]} ==
               {"Warmed:Stopped"}, what="a pool")
    group = cloud.group()
    assert (group["WarmPoolSize"], group["Instances"]) == (2, [])
    assert group["WarmPoolConfiguration"]["PoolState"] == "Stopped"
    cloud.scale(instances=1)
    cloud.wait_for_instances(1)
    assert cloud.group()["WarmPoolSize"] == 1
    cloud.asg.delete_warm_pool(AutoScalingGroupName="instances", ForceDelete=True)
    assert "WarmPoolConfiguration" not in cloud.group()
    assert error_of(cloud.asg.delete_warm_pool,
                    AutoScalingGroupName="instances") == ("ValidationError", 400)


def test_managed_instances_come_and_go_with_tasks(emulator):
    cloud = Cloud(emulator(task_start="200ms", task_stop="100ms"))
    provider = cloud.ecs.create_capacity_provider(
        name="mi", cluster="test", managedInstancesProvider={
            "infrastructureRoleArn": "arn:aws:iam::000000000000:role/ecs",
            "instanceLaunchTemplate": {
                "ec2InstanceProfileArn": "arn:aws:iam::000000000000:instance-profile/i",
                "networkConfiguration": {"subnets": ["subnet-1"]}},
            "infrastructureOptimization": {"scaleInAfter": 1}})["capacityProvider"]
    assert (provider["type"], provider["name"]) == ("MANAGED_INSTANCES", "mi")
    told = cloud.ecs.describe_capacity_providers(capacityProviders=["mi"])["capacityProviders"][0]
    assert told["managedInstancesProvider"]["infrastructureOptimization"] == {"scaleInAfter": 1}
    cloud.ecs.put_cluster_capacity_providers(cluster="test", capacityProviders=["mi"],
                                             defaultCapacityProviderStrategy=[])
    container = {"name": "main", "image": "image:1", "cpu": 512, "memory": 1024}
    cloud.ecs.register_task_definition(family="app", containerDefinitions=[container])
    cloud.ecs.create_service(
        cluster="test", serviceName="web", taskDefinition="app", desiredCount=1,
        capacityProviderStrategy=[{"capacityProvider": "mi", "weight": 1}])
    cloud.wait_for_instances(1, timeout=60)
    assert cloud.containers()[0]["capacityProviderName"] == "mi"
    assert cloud.asg.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    cloud.ecs.update_service(cluster="test", service="web", desiredCount=0)
    cloud.wait_for_instances(0)


def test_a_group_joins_the_cluster_that_its_user_data_names(emulator):
    cloud = Cloud(emulator(instance_start="400ms"))
    script = "#!/bin/bash\necho 'ECS_CLUSTER=test' >> /etc/ecs/ecs.config\n"
    make_group(cloud.asg, "g", script, DesiredCapacity=1)  # boto3 encodes it.
    cloud.wait_for_instances(1)


def test_processes_end_with_their_instance(emulator):
    cloud = Cloud(emulator(worker="sleep 60", instances=INSTANCES, instance_start="400ms",
                           task_start="200ms"))
    cloud.scale(tasks=1)
    cloud.wait_for_tasks("PROVISIONING")
    cloud.scale(instances=1)
    cloud.wait_for_tasks("RUNNING")
    task = cloud.tasks()[0]["taskArn"]
    cloud.terminate(cloud.containers()[0]["ec2InstanceId"])

    def stopped():
        told = cloud.ecs.describe_tasks(cluster="test", tasks=[task])["tasks"][0]
        return told["lastStatus"] == "STOPPED" and told["stopCode"] == "TerminationNotice"

    wait_until(stopped, what="the end of the process")
