"""A job whose tasks run on instances, which the function drives by itself."""

from support import wait_until

GROUP = "g5.xlarge:4096:15000:1:3"  # one GPU: as many instances as tasks
OWN = ["CAPACITY=own", "INSTANCE_IDLE=1", "INSTANCE_TASKS=1"]
INSTANCE_CALLS = {"DescribeCapacityProviders", "DescribeAutoScalingGroups", "DescribePolicies",
                  "DescribeScalingActivities", "ListContainerInstances", "SetDesiredCapacity",
                  "TerminateInstanceInAutoScalingGroup", "UpdateContainerInstancesState"}


class Fleet:
    """A job whose tasks run on instances."""

    def __init__(self, job):
        self.job = job
        self.aws = job.emulator.aws
        self.groups = self.aws.client("autoscaling")

    def group(self):
        return self.groups.describe_auto_scaling_groups(
            AutoScalingGroupNames=["instances"])["AutoScalingGroups"][0]

    def instances(self):
        group = self.group()
        return group["DesiredCapacity"], len(group["Instances"])

    def wait_for_instances(self, desired, there, timeout=60):
        wait_until(lambda: self.instances() == (desired, there), timeout, interval=0.2,
                   what=f"{there} of {desired} instances")

    def containers(self):
        arns = self.aws.ecs.list_container_instances(cluster="test")["containerInstanceArns"]
        return arns and self.aws.ecs.describe_container_instances(
            cluster="test", containerInstances=arns)["containerInstances"]

    def calls(self):
        """Of the function, those that concern instances."""
        counted = self.job.status()["api_calls"]
        return {name: counted[name][self.job.function_key] for name in INSTANCE_CALLS
                if self.job.function_key in counted.get(name, {})}

    def records(self):
        return [line["record"] for line in self.job.function_lines() if line["message"] == "pass"]

    def warnings(self):
        return [line["message"] for line in self.job.function_lines() if line["level"] == "WARN"]

    def told(self):
        return {step["rule"] for record in self.records()
                for step in record.get("instances", {}).get("steps", [])}
