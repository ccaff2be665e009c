"""`ecs-scaler doctor` of a service that drives its group: what is wrong is said in one sentence
that names it, beside what would be right, and nothing else is said of the capacity."""

import json

import pytest

GROUP = "g5.xlarge:4096:15000:1:3"


class Ward:
    def __init__(self, emulator, run_program, ecs_scaler):
        self.emulator = emulator("main", "worker", "jobs", instances=GROUP, instance_start="1s")
        self.ecs = self.emulator.aws.ecs
        self.groups = self.emulator.aws.client("autoscaling")
        self.run_program, self.ecs_scaler = run_program, ecs_scaler

    def provider(self, **changes):
        self.ecs.update_capacity_provider(name="instances", autoScalingGroupProvider=changes)

    def group(self, **changes):
        self.groups.update_auto_scaling_group(AutoScalingGroupName="instances", **changes)

    def add_service(self, name):
        self.ecs.create_service(cluster="main", serviceName=name, taskDefinition="worker",
                                desiredCount=0, capacityProviderStrategy=[
                                    {"capacityProvider": "instances", "weight": 1}])

    def findings(self, capacity="own", service="worker"):
        """(severity, what was seen, what would be right) of the capacity."""
        done = self.run_program([self.ecs_scaler, "doctor", "--output", "json"], env={
            "AWS_ENDPOINT_URL": self.emulator.endpoint, "SQS_QUEUE_URL": self.emulator.queue_url,
            "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": service, "CAPACITY": capacity})
        assert done.code in (0, 1), done.output()
        return [(one["severity"], one["seen"], one["advice"])
                for one in json.loads(done.stdout())["findings"] if one["subject"] == "capacity"]


@pytest.fixture
def ward(emulator, run_program, ecs_scaler):
    return Ward(emulator, run_program, ecs_scaler)


def test_nothing_is_said_of_what_is_right(ward):
    assert ward.findings() == []


def test_managed_scaling_is_another_hand(ward):
    ward.provider(managedScaling={"status": "ENABLED"})

    (severity, seen, _), = ward.findings()
    assert severity == "problem"
    assert seen.startswith("CAPACITY is own, but the group instances is left alone: its capacity "
                           "provider has managed scaling on")
    assert seen.endswith("turn it off, or set capacity=follow")


def test_scaling_policies_are_another_hand(ward):
    ward.groups.put_scaling_policy(
        AutoScalingGroupName="instances", PolicyName="cpu", PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={"TargetValue": 50, "PredefinedMetricSpecification": {
            "PredefinedMetricType": "ASGAverageCPUUtilization"}})

    (severity, seen, _), = ward.findings()
    assert (severity, seen) == (
        "problem", "CAPACITY is own, but the group instances is left alone: it has scaling "
        "policies of its own (1): remove them, or set capacity=follow")


def test_instances_must_be_protected(ward):
    ward.group(NewInstancesProtectedFromScaleIn=False)

    (severity, seen, _), = ward.findings()
    assert severity == "problem"
    assert seen.endswith("it does not protect new instances from scale-in: set "
                         "NewInstancesProtectedFromScaleIn")


def test_managed_termination_protection_belongs_to_managed_scaling(ward):
    ward.provider(managedScaling={"status": "DISABLED"}, managedTerminationProtection="ENABLED")

    (severity, seen, advice), = ward.findings()
    assert (severity, seen) == ("risk", "the capacity provider instances has managed termination "
                                "protection on, and managed scaling off")
    assert advice.startswith("Turn managedTerminationProtection off")


def test_a_minimum_costs_at_rest(ward):
    ward.group(MinSize=1)

    (severity, seen, advice), = ward.findings()
    assert (severity, seen) == ("note", "the group instances never has fewer than 1 instance")
    assert advice.startswith("Set MinSize to 0")


def test_other_services_on_the_group_are_named(ward):
    ward.add_service("render")
    (severity, seen, advice), = ward.findings()
    assert (severity, seen) == ("risk", "the capacity provider instances is also that of render")
    assert "as a fleet" in advice
    assert all("render" not in seen for _, seen, _ in ward.findings("follow"))

    for n in range(11):  # more than one DescribeServices takes
        ward.add_service(f"service-{n}")
    (_, seen, _), = ward.findings()
    assert seen.endswith(" and 11 more")


def test_a_service_needs_one_capacity_provider(ward):
    ward.ecs.create_service(cluster="main", serviceName="bare", taskDefinition="worker",
                            desiredCount=0, launchType="EC2")

    (severity, seen, advice), = ward.findings(service="bare")
    assert (severity, seen) == ("problem",
                                "CAPACITY is own, but the service has 0 capacity providers")
    assert advice.startswith("Give it one alone, of an Auto Scaling group")
