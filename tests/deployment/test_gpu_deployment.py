"""GPU workers on an Auto Scaling group and on Managed Instances: moto makes what it knows of the
templates, the scaler that they deploy drives the group that they deploy, Terraform makes the same.
"""

import ast
import json
import pathlib
import re
import subprocess
import sys

import hcl2
import pytest

import intrinsics
from support import ROOT, program_environment
from test_iam_of_instances import moto_server  # noqa: F401
from test_templates import look_up, plain, snake, statements_of

EXAMPLES = ("gpu", "managed-instances")
# Both tools ask for these, and CloudFormation knows the stack's name and the code's place.
GIVEN = {"Image": "worker:1", "SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1"}
OF_TERRAFORM = {"name", "zip"}
# What moto does not make, or gives a name of its own.
NAMES = {"Cluster": "gpus", "Group": "gpu-group", "CapacityProvider": "gpu"}


def template_of(example):
    from samtranslator.yaml_helper import yaml_parse
    path = ROOT / f"deploy/cloudformation/{example}.yaml"
    return json.loads(json.dumps(yaml_parse(path.read_text())))


@pytest.fixture(params=EXAMPLES)
def example(request):
    return request.param


@pytest.fixture
def template(example):
    return template_of(example)


def resolved(template, name):
    """The properties of a resource as CloudFormation would have them."""
    resolver = intrinsics.Template(template, "gpus", GIVEN)
    resolver.values.update(NAMES)
    return resolver.resolve(template["Resources"][name]["Properties"])


def replaced(value, outputs):
    """A template without what moto cannot make: names, and the outputs of the inner stack."""
    if isinstance(value, list):
        return [replaced(item, outputs) for item in value]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "CapacityProvider"}:
        return NAMES["CapacityProvider"]
    if value.get("Fn::GetAtt", [""])[0] == "Scaler":
        return outputs[value["Fn::GetAtt"][1].removeprefix("Outputs.")]
    return {name: replaced(member, outputs) for name, member in value.items()}


def in_calls(value):
    """Properties as the API spells them."""
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: in_calls(member) for name, member in value.items()}
    return value


class Deployed:
    """Both stacks in moto, read back by the API."""

    def __init__(self, moto, template, deploy_sam):
        self.moto = moto
        self.groups = moto.client("autoscaling")
        self.scaler = deploy_sam("inner", **resolved(template, "Scaler")["Parameters"])
        cloudformation = moto.client("cloudformation")
        told = cloudformation.describe_stacks(StackName="inner")["Stacks"][0]["Outputs"]
        template = replaced(template, {one["OutputKey"]: one["OutputValue"] for one in told})
        for unknown in ("Scaler", "CapacityProvider", "ClusterCapacity"):
            template["Resources"].pop(unknown, None)
        template["Resources"]["Service"].pop("DependsOn", None)
        if "Group" in template["Resources"]:
            group = template["Resources"]["Group"]["Properties"]
            group["AutoScalingGroupName"] = NAMES["Group"]
        moto.client("ssm").put_parameter(Name="/ami", Value="ami-12c6146b", Type="String")
        subnet = moto.client("ec2").describe_subnets()["Subnets"][0]
        security = moto.client("ec2").create_security_group(
            GroupName="workers", Description="workers", VpcId=subnet["VpcId"])
        parameters = {**GIVEN, "SubnetIds": subnet["SubnetId"],
                      "SecurityGroupIds": security["GroupId"]}
        if "Ami" in template["Parameters"]:
            parameters["Ami"] = "/ami"
        cloudformation.create_stack(
            StackName="gpus", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value}
                        for name, value in parameters.items()])
        self.ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in
                    cloudformation.describe_stack_resources(StackName="gpus")["StackResources"]}

    def group(self):
        return self.groups.describe_auto_scaling_groups(
            AutoScalingGroupNames=[NAMES["Group"]])["AutoScalingGroups"][0]

    def add_provider(self, properties):
        """From the template's properties, since moto makes none of a template."""
        provider = in_calls(properties["AutoScalingGroupProvider"])
        assert provider["autoScalingGroupArn"] == NAMES["Group"]
        provider["autoScalingGroupArn"] = self.group()["AutoScalingGroupARN"]
        made = self.moto.ecs.create_capacity_provider(name=NAMES["CapacityProvider"],
                                                      autoScalingGroupProvider=provider)
        return made["capacityProvider"]["autoScalingGroupProvider"]

    def service(self):
        return self.moto.ecs.describe_services(cluster="gpus", services=["gpus"])["services"][0]

    def container(self):
        task = self.moto.ecs.describe_task_definition(taskDefinition="gpus")["taskDefinition"]
        container, = task["containerDefinitions"]
        return container

    def task_policy(self):
        iam = self.moto.client("iam")
        name, = iam.list_role_policies(RoleName=self.ids["TaskRole"])["PolicyNames"]
        document = iam.get_role_policy(RoleName=self.ids["TaskRole"],
                                       PolicyName=name)["PolicyDocument"]
        return ast.literal_eval(document) if isinstance(document, str) else document


@pytest.fixture
def deploy(moto, deploy_sam):
    return lambda example: Deployed(moto, template_of(example), deploy_sam)


def test_the_templates_are_clean(example, cfn_lint):
    assert cfn_lint(ROOT / f"deploy/cloudformation/{example}.yaml") == ""


def test_the_inner_stack_is_the_functions_template(template, sam_template):
    """`aws cloudformation package` uploads it from there; no parameter is one that it lacks."""
    inner = template["Resources"]["Scaler"]["Properties"]

    assert (ROOT / "deploy/cloudformation" / inner["TemplateURL"]).is_file()
    assert set(inner["Parameters"]) <= set(sam_template["Parameters"])
    used = re.findall(r"Scaler.*?Outputs\.(\w+)", json.dumps(template))
    assert used and set(used) <= set(sam_template["Outputs"])


def test_packaging_uploads_the_inner_stack_and_the_functions_code(example, moto, deploy_tree,
                                                                  tmp_path):
    from samtranslator.yaml_helper import yaml_parse
    s3 = moto.client("s3")
    s3.create_bucket(Bucket="code")
    packaged = tmp_path / "packaged.yaml"
    done = subprocess.run([
        pathlib.Path(sys.executable).parent / "aws", "cloudformation", "package", "--s3-bucket",
        "code", "--template-file", deploy_tree / f"deploy/cloudformation/{example}.yaml",
        "--output-template-file", packaged],
        env=program_environment(tmp_path, {"AWS_ENDPOINT_URL": moto.endpoint}),
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

    url = yaml_parse(packaged.read_text())["Resources"]["Scaler"]["Properties"]["TemplateURL"]
    inner = yaml_parse(s3.get_object(Bucket="code", Key=url.rsplit("/", 1)[1])["Body"].read())
    code = inner["Resources"]["EcsScalerLambdaFunction"]["Properties"]["CodeUri"]
    bucket, key = code.removeprefix("s3://").split("/")
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] > 0


@pytest.mark.parametrize("name, capacity, flags", [
    ("gpu", "own", ["--group", NAMES["Group"], "--capacity-provider", "gpu"]),
    ("managed-instances", "follow", ["--capacity-provider", "gpu"])])
def test_the_roles_may_do_exactly_what_iam_prints(name, capacity, flags, deploy, run_program,
                                                  ecs_scaler, printed_policy):
    made = deploy(name)
    environment, function = made.scaler.environment, made.scaler.function_name

    assert environment["CAPACITY"] == capacity
    assert made.scaler.policy == printed_policy(environment, function, *flags)
    guarded = run_program([ecs_scaler, "iam", "--guard", "--output", "json"], env=environment)
    assert made.task_policy() == json.loads(guarded.stdout())


def test_the_group_stands_at_zero_and_nobody_but_the_scaler_drives_it(deploy):
    made = deploy("gpu")
    group = made.group()
    provider = made.add_provider(resolved(template_of("gpu"), "CapacityProvider"))

    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == (0, 0, 4)
    assert group["NewInstancesProtectedFromScaleIn"] is True
    assert provider["managedScaling"]["status"] == "DISABLED"
    assert provider["managedTerminationProtection"] == "DISABLED"
    version, = made.moto.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=made.ids["LaunchTemplate"])["LaunchTemplateVersions"]
    data = version["LaunchTemplateData"]
    assert (data["ImageId"], data["InstanceType"]) == ("ami-12c6146b", "g5.xlarge")
    assert data["MetadataOptions"]["HttpTokens"] == "required"


def test_a_task_needs_a_gpu_and_finds_its_queue(deploy, example, template):
    made = deploy(example)
    container = made.container()

    assert container["resourceRequirements"] == [{"type": "GPU", "value": "1"}]
    values = {one["name"]: one["value"] for one in container["environment"]}
    assert values["SQS_QUEUE_URL"] == made.scaler.environment["SQS_QUEUE_URL"]
    assert resolved(template, "TaskDefinition")["TaskRoleArn"] == "TaskRole"
    redrive = json.loads(made.scaler.queue(values["SQS_QUEUE_URL"])["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(":gpus-jobs-dlq")
    assert made.scaler.mapping(values["SQS_QUEUE_URL"])["State"] == "Disabled"


def test_the_deployed_scaler_starts_the_first_instance_and_the_doctor_finds_nothing(
        deploy, moto, run_program, ecs_scaler):
    made = deploy("gpu")
    made.add_provider(resolved(template_of("gpu"), "CapacityProvider"))
    moto.ecs.update_service(cluster="gpus", service="gpus", desiredCount=0)
    moto.sqs.send_message(QueueUrl=made.scaler.environment["SQS_QUEUE_URL"], MessageBody="job")
    environment = {**made.scaler.environment, "AWS_ENDPOINT_URL": moto.endpoint, "WAKE": "false"}

    done = run_program([ecs_scaler, "once"], env=environment)

    assert done.code == 0, done.output()
    assert (made.group()["DesiredCapacity"], made.service()["desiredCount"]) == (1, 1)
    doctor = run_program([ecs_scaler, "doctor"], env=environment)
    assert " capacity: " not in doctor.stdout(), doctor.stdout()


def test_managed_instances_end_soon_and_have_gpus():
    template = template_of("managed-instances")
    provider = resolved(template, "CapacityProvider")["ManagedInstancesProvider"]
    launch = provider["InstanceLaunchTemplate"]

    assert provider["InfrastructureOptimization"] == {"ScaleInAfter": "60"}
    assert launch["InstanceRequirements"]["AcceleratorTypes"] == ["gpu"]
    assert launch["InstanceRequirements"]["AcceleratorCount"] == {"Min": 1}
    task = resolved(template, "TaskDefinition")
    assert task["RequiresCompatibilities"] == ["MANAGED_INSTANCES"]


def test_an_update_sets_no_count_back(template):
    assert "DesiredCount" not in template["Resources"]["Service"]["Properties"]
    if "Group" in template["Resources"]:
        assert "DesiredCapacity" not in template["Resources"]["Group"]["Properties"]


# --- Terraform ----------------------------------------------------------------------------------


PROVIDER = {
    f"{ours}.{their}": f"{we}.{they}" for ours, we, names in (
        ("AutoScalingGroupProvider", "auto_scaling_group_provider", {
            "ManagedScaling.Status": "managed_scaling.status",
            "ManagedTerminationProtection": "managed_termination_protection"}),
        ("ManagedInstancesProvider", "managed_instances_provider", {
            "InfrastructureOptimization.ScaleInAfter":
                "infrastructure_optimization.scale_in_after"}),
        ("ManagedInstancesProvider.InstanceLaunchTemplate",
         "managed_instances_provider.instance_launch_template", {
             "NetworkConfiguration.Subnets": "network_configuration.subnets",
             "StorageConfiguration.StorageSizeGiB": "storage_configuration.storage_size_gib",
             "InstanceRequirements.AllowedInstanceTypes":
                 "instance_requirements.allowed_instance_types",
             "InstanceRequirements.AcceleratorTypes": "instance_requirements.accelerator_types",
             "InstanceRequirements.AcceleratorManufacturers":
                 "instance_requirements.accelerator_manufacturers",
             "InstanceRequirements.AcceleratorCount.Min":
                 "instance_requirements.accelerator_count.min",
             "InstanceRequirements.VCpuCount.Min": "instance_requirements.vcpu_count.min",
             "InstanceRequirements.MemoryMiB.Min": "instance_requirements.memory_mib.min"}),
    ) for their, they in names.items()}
TYPES = {
    "AWS::ECS::Cluster": ("aws_ecs_cluster", {}),
    "AWS::IAM::Role": ("aws_iam_role", {}),
    "AWS::IAM::InstanceProfile": ("aws_iam_instance_profile", {}),
    "AWS::Logs::LogGroup": ("aws_cloudwatch_log_group", {"RetentionInDays": "retention_in_days"}),
    "AWS::EC2::LaunchTemplate": ("aws_launch_template", {
        "LaunchTemplateData.InstanceType": "instance_type",
        "LaunchTemplateData.SecurityGroupIds": "vpc_security_group_ids",
        "LaunchTemplateData.MetadataOptions.HttpTokens": "metadata_options.http_tokens",
        "LaunchTemplateData.BlockDeviceMappings.DeviceName": "block_device_mappings.device_name",
        **{f"LaunchTemplateData.BlockDeviceMappings.Ebs.{name}":
           f"block_device_mappings.ebs.{snake(name)}"
           for name in ("VolumeSize", "VolumeType", "Encrypted")}}),
    "AWS::AutoScaling::AutoScalingGroup": ("aws_autoscaling_group", {
        "MinSize": "min_size", "MaxSize": "max_size", "VPCZoneIdentifier": "vpc_zone_identifier",
        "NewInstancesProtectedFromScaleIn": "protect_from_scale_in"}),
    "AWS::ECS::CapacityProvider": ("aws_ecs_capacity_provider", PROVIDER),
    "AWS::ECS::ClusterCapacityProviderAssociations": ("aws_ecs_cluster_capacity_providers", {
        "DefaultCapacityProviderStrategy.Weight": "default_capacity_provider_strategy.weight"}),
    "AWS::ECS::TaskDefinition": ("aws_ecs_task_definition", {
        "NetworkMode": "network_mode", "RequiresCompatibilities": "requires_compatibilities",
        "Cpu": "cpu", "Memory": "memory"}),
    "AWS::ECS::Service": ("aws_ecs_service", {
        "AvailabilityZoneRebalancing": "availability_zone_rebalancing",
        "CapacityProviderStrategy.Weight": "capacity_provider_strategy.weight",
        "PlacementStrategies.Type": "ordered_placement_strategy.type",
        "PlacementStrategies.Field": "ordered_placement_strategy.field",
        "NetworkConfiguration.AwsvpcConfiguration.Subnets": "network_configuration.subnets",
        "DeploymentConfiguration.DeploymentCircuitBreaker.Enable":
            "deployment_circuit_breaker.enable",
        "DeploymentConfiguration.DeploymentCircuitBreaker.Rollback":
            "deployment_circuit_breaker.rollback"}),
}
TERRAFORM_NAMES = {"InstanceRole": "instance", "InstanceProfile": "instance",
                   "InfrastructureRole": "infrastructure", "ExecutionRole": "execution",
                   "TaskRole": "task", "LogGroup": "worker", "TaskDefinition": "worker",
                   "Service": "worker"}
# Properties in CloudFormation, resources of their own in Terraform.
PARTS = {"aws_iam_role_policy", "aws_iam_role_policy_attachment"}


def terraform_files(example):
    return sorted((ROOT / "deploy/terraform/examples" / example).glob("*.tf"))


def terraform_blocks(example, kind):
    blocks = []
    for path in terraform_files(example):
        with open(path) as file:
            blocks += plain(hcl2.load(file)).get(kind, [])
    return {name: arguments for block in blocks for name, arguments in block.items()}, blocks


def terraform_text(example):
    return "\n".join(path.read_text() for path in terraform_files(example))


def test_terraform_creates_the_same(example, template):
    found = {(kind, name): arguments for block in terraform_blocks(example, "resource")[1]
             for kind, named in block.items() for name, arguments in named.items()}
    expected = {(TYPES[resource["Type"]][0], TERRAFORM_NAMES.get(name, "gpu")): resource
                for name, resource in template["Resources"].items() if name != "Scaler"}

    assert {key for key in found if key[0] not in PARTS} == set(expected)
    for key, resource in expected.items():
        for theirs, ours in TYPES[resource["Type"]][1].items():
            value, here = look_up(resource["Properties"], theirs), look_up(found[key], ours)
            if isinstance(value, dict):
                assert re.search(r"\bvar\.", str(here)), (key, ours)
            else:
                assert str(here) == str(value), (key, ours)
    service = found["aws_ecs_service", "worker"]
    assert service["desired_count"] == 0
    assert "desired_count" in look_up(service, "lifecycle.ignore_changes")


def test_terraform_gives_the_scaler_the_same(example, template):
    module, = terraform_blocks(example, "module")[0].values()
    inner = template["Resources"]["Scaler"]["Properties"]["Parameters"]

    assert set(module) - {"source", "name", "zip"} == {snake(name) for name in inner}
    for name, value in inner.items():
        if isinstance(value, str):
            assert str(module[snake(name)]) == value, name


def test_terraform_has_the_same_parameters_and_outputs(example, template):
    variables = terraform_blocks(example, "variable")[0]

    assert set(variables) - OF_TERRAFORM == {snake(n) for n in template["Parameters"]}
    assert set(terraform_blocks(example, "output")[0]) == {snake(n) for n in template["Outputs"]}
    for name, parameter in template["Parameters"].items():
        ours = variables[snake(name)].get("default")
        theirs = parameter.get("Default")
        assert (",".join(ours) if isinstance(ours, list) else ours) == theirs, name
        assert variables[snake(name)]["description"].startswith(
            parameter["Description"].split(" where ")[0].split(",")[0]) or name == "ScaleInWhen"


def test_terraforms_task_and_its_role_are_the_same(example, template):
    text = terraform_text(example)
    container, = template["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    assert 'resourceRequirements = [{ type = "GPU", value = "1" }]' in text
    assert re.search(rf"stopTimeout += {container['StopTimeout']}\n", text)
    for variable in container["Environment"]:
        assert f'{{ name = "{variable["Name"]}", value = ' in text
    for role in ("TaskRole", "InfrastructureRole"):
        if role in template["Resources"]:
            for statement in statements_of(template["Resources"][role]):
                block = text[text.index(f'"{statement["Sid"]}"'):].split("Resource", 1)[0]
                assert re.findall(r'"(\w+:\w+)"', block) == statement["Action"]
    managed = re.findall(r"iam::aws:policy/([\w/]+)", json.dumps(template))
    assert sorted(managed) == sorted(re.findall(r"iam::aws:policy/([\w/]+)", text))


def test_terraform_names_nothing_that_is_not_there(example):
    text = terraform_text(example)
    known = set(re.findall(r'^(?:resource|data) "(\w+)" "(\w+)"', text, re.MULTILINE))
    block = re.search(r"^locals \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)[1]

    assert set(re.findall(r"\bvar\.(\w+)", text)) == set(
        re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    assert set(re.findall(r"\blocal\.(\w+)", text)) <= set(
        re.findall(r"^  (\w+) += ", block, re.MULTILINE))
    assert set(re.findall(r"\b(aws_\w+)\.(\w+)", text)) <= known
