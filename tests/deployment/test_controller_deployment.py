"""The controller as a service of ECS and under compose: what the deployments hold is right, alike,
and works as it stands there. No container engine is at hand everywhere: the commands run here.
"""

import ast
import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

import intrinsics
from support import REGION, ROOT, open_url, wait_until
from test_fleet_deployment import (
    ACCOUNTS, FILTERS, MORE_NAMES, OF_FILES, ROLE, WITHOUT_MAPS, names_of, of_groups,
    statements_in_terraform, terraform_blocks)
from test_monitoring import alarms_of, rings
from test_templates import TYPES, look_up, snake, statements_of

TEMPLATE = ROOT / "deploy/cloudformation/controller.yaml"
TERRAFORM = ROOT / "deploy/terraform/controller"
COMPOSE = ROOT / "deploy/compose.controller.yaml"
ACCOUNT = "123456789012"
GIVEN = {"Image": "registry/controller:1", "Cluster": "main", "SubnetIds": "subnet-1",
         "SecurityGroupIds": "sg-1"}


@pytest.fixture(scope="session")
def template():
    from samtranslator.yaml_helper import yaml_parse
    return json.loads(json.dumps(yaml_parse(TEMPLATE.read_text())))


class Deployed:
    """The stack in moto, read back by the API."""

    def __init__(self, moto, template, parameters):
        self.moto = moto
        moto.ecs.create_cluster(clusterName="main")
        cloudformation = moto.client("cloudformation")
        cloudformation.create_stack(
            StackName="scaler", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value}
                        for key, value in {**GIVEN, **parameters}.items()])
        found = cloudformation.describe_stack_resources(StackName="scaler")["StackResources"]
        # moto makes no metric filters, and tells of them without a name.
        self.ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found
                    if "LogicalResourceId" in one}

    @property
    def policy(self):
        iam = self.moto.client("iam")
        name, = iam.list_role_policies(RoleName=self.ids["TaskRole"])["PolicyNames"]
        document = iam.get_role_policy(RoleName=self.ids["TaskRole"],
                                       PolicyName=name)["PolicyDocument"]
        if isinstance(document, str):  # moto keeps it as Python text, and what is left out as None
            document = ast.literal_eval(document)
        kept = [statement for statement in document["Statement"] if statement is not None]
        return {**document, "Statement": kept}

    @property
    def task(self):
        return self.moto.ecs.describe_task_definition(
            taskDefinition=self.ids["TaskDefinition"])["taskDefinition"]

    @property
    def container(self):
        container, = self.task["containerDefinitions"]
        return container

    @property
    def environment(self):
        # moto keeps what is left out as None
        return {pair["name"]: pair["value"] for pair in self.container["environment"] if pair}


@pytest.fixture
def deployed(moto, template):
    return lambda **parameters: Deployed(moto, template, parameters)


def port_when_it_holds_the_lease(running):
    port = next(json.loads(line) for line in running.stdout().splitlines()
                if "controller started" in line)["metrics_port"]

    def holds():
        with open_url(f"http://127.0.0.1:{port}/metrics") as answer:
            return "ecs_scaler_lease_held 1\n" in answer.read().decode()

    wait_until(holds, what="the lease")
    return port


def test_cloudformation_is_clean(cfn_lint):
    assert cfn_lint(TEMPLATE) == ""


@pytest.mark.parametrize("parameters", [
    {}, {"FleetQueues": "jobs-*", "FleetClusters": "main"},
    {"FleetClusters": "gpu", "FleetGroups": "gpu-*"},
    {"FleetAccounts": ACCOUNTS, "FleetRoles": ROLE}], ids=str)
def test_the_task_may_do_exactly_what_iam_prints(parameters, deployed, run_program, ecs_scaler):
    made = deployed(**parameters)

    printed = run_program([ecs_scaler, "iam", "--fleet", "tags", "--output", "json", "--account",
                           ACCOUNT, "--lease", f"dynamodb:{made.ids['LeaseTable']}",
                           *of_groups(parameters)],
                          env=made.environment)

    assert printed.code == 0, printed.output()
    expected = json.loads(printed.stdout())
    assert made.policy == expected.get("caller", expected)


@pytest.mark.parametrize("given", [True, False])
def test_profiles_shadow_and_proxy_reach_the_program(given, deployed):
    profiles = json.dumps({"gpu": {"mode": "backlog", "tasks_max": 3}})
    variables = {"FLEET_PROFILES": ("FleetProfiles", profiles), "PAUSED": ("Paused", "true"),
                 "HTTPS_PROXY": ("HttpsProxy", "http://proxy:3128"),
                 "NO_PROXY": ("NoProxy", "localhost"),
                 "AWS_USE_FIPS_ENDPOINT": ("UseFipsEndpoint", "true"),
                 "AWS_USE_DUALSTACK_ENDPOINT": ("UseDualstackEndpoint", "false")}
    environment = deployed(**(dict(variables.values()) if given else {})).environment

    assert {name: environment.get(name) for name in variables} == {
        name: value if given else None for name, (_, value) in variables.items()}


def test_the_task_runs_as_the_image_is_meant(deployed):
    made = deployed()
    container = made.container
    image = (ROOT / "deploy/Containerfile").read_text().split(" AS controller\n")[1]

    assert container["user"] == "65532" and "USER 65532:65532" in image
    assert container["readonlyRootFilesystem"] is True
    assert container["image"] == GIVEN["Image"]
    health = container["healthCheck"]["command"]
    assert json.loads(re.search(r"HEALTHCHECK .* CMD (\[.*\])", image)[1]) == health[1:]
    port, = [mapping["containerPort"] for mapping in container["portMappings"]]
    assert f"EXPOSE {port}" in image and f"--listen=0.0.0.0:{port}" in container["command"]
    assert f"127.0.0.1:{port}" in health


def test_what_the_task_runs_scales_a_tagged_service_and_is_healthy(deployed, moto, start_process,
                                                                   run_program, ecs_scaler):
    made = deployed(Interval="500ms")
    queue = moto.sqs.create_queue(QueueName="jobs")["QueueUrl"]
    moto.sqs.send_message(QueueUrl=queue, MessageBody="job")
    moto.ecs.register_task_definition(family="worker", containerDefinitions=[
        {"name": "worker", "image": "worker", "memory": 128}])
    moto.ecs.create_service(cluster="main", serviceName="worker", taskDefinition="worker",
                            desiredCount=0, tags=[{"key": "ecs-scaler:queue", "value": "jobs"}])
    # moto loads a service when it is first asked, which takes longer than the controller waits.
    # Only services are asked for: it fails with 500 at a cluster that was made without tags.
    moto.client("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["ecs:service"])
    command = [word.replace("0.0.0.0:9464", "127.0.0.1:0") for word in made.container["command"]]

    running = start_process([ecs_scaler, *command],
                            env={**made.environment, "AWS_ENDPOINT_URL": moto.endpoint},
                            ready=lambda one: "controller started" in one.stdout(), timeout=60)

    wait_until(lambda: moto.ecs.describe_services(
        cluster="main", services=["worker"])["services"][0]["desiredCount"] == 1,
        timeout=40, what="a task of the worker")
    port = port_when_it_holds_the_lease(running)
    health = [word.replace(":9464", f":{port}")
              for word in made.container["healthCheck"]["command"][2:]]
    assert run_program([ecs_scaler, *health]).code == 0


def test_an_old_and_a_new_one_may_run_together_for_a_lease_keeps_them_apart(deployed, moto):
    made = deployed()
    service, = moto.ecs.describe_services(cluster="main", services=["scaler"])["services"]

    assert service["desiredCount"] == 2
    table = moto.client("dynamodb").describe_table(TableName=made.ids["LeaseTable"])["Table"]
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert f"--lease=dynamodb:{made.ids['LeaseTable']}" in made.container["command"]


def told_right(given, terraform_program, folder):
    """Whether Terraform takes these variables; that needs no provider."""
    shutil.copy(TERRAFORM / "variables.tf", folder)
    needed = {"name": "c", "image": "i", "cluster": "c", "subnet_ids": [], "security_group_ids": []}
    (folder / "terraform.tfvars.json").write_text(json.dumps({**needed, **given}))
    done = subprocess.run([terraform_program, "console", "-no-color"], cwd=folder, text=True,
                          input="var.interval", capture_output=True, check=False)
    return "Invalid value for variable" not in done.stderr


@pytest.mark.parametrize("interval", ["0s", "1s", "10s", "300s", "10m", "99ms", "100ms", "500ms",
                                      "1.5s", "10", "s", "-1s", "10 s"])
def test_an_interval_is_one_that_the_program_takes(interval, template, terraform_program,
                                                   start_process, ecs_scaler, tmp_path):
    pattern = template["Parameters"]["Interval"]["AllowedPattern"]
    taken = re.fullmatch(pattern, interval) is not None

    running = start_process([ecs_scaler, "run", "--fleet=tags", f"--interval={interval}"],
                            env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    wait_until(lambda: "controller started" in running.stdout() or not running.running(),
               timeout=60, what="a controller, or its refusal")
    # The program takes more: fractions, hours and days.
    assert not taken or "controller started" in running.stdout(), running.output()
    assert told_right({"interval": interval}, terraform_program, tmp_path) == taken
    assert taken == (interval in ("1s", "10s", "300s", "10m", "100ms", "500ms"))


def test_an_alarm_waits_for_longer_than_a_minute(template):
    """Of a service at rest the log has a line a minute at most."""
    parameter = template["Parameters"]["SilenceAlarmSeconds"]

    assert parameter["MinValue"] > 60 and "longer than Interval" in parameter["Description"]


def test_the_dead_man_rings_without_a_line_of_success(moto, template):
    alarms = alarms_of(template, moto, GIVEN)
    filters = intrinsics.Template(template, "scaler", GIVEN).resources("AWS::Logs::MetricFilter")
    published = {(made["MetricNamespace"], made["MetricName"]) for one in filters.values()
                 for made in one["MetricTransformations"]}

    assert set(alarms) == {"stopped", "settings"}
    assert {(alarm["Namespace"], alarm["MetricName"]) for alarm in alarms.values()} == published
    assert rings(alarms["stopped"], [{}])
    assert not rings(alarms["stopped"], [{"scaler-success": 5}])


# --- Terraform ----------------------------------------------------------------------------------


OF_ECS = {
    "AWS::DynamoDB::Table": ("aws_dynamodb_table", {"BillingMode": "billing_mode"}),
    "AWS::ECS::TaskDefinition": ("aws_ecs_task_definition", {
        "NetworkMode": "network_mode", "Cpu": "cpu", "Memory": "memory",
        "RuntimePlatform.CpuArchitecture": "runtime_platform.cpu_architecture",
        "RuntimePlatform.OperatingSystemFamily": "runtime_platform.operating_system_family"}),
    "AWS::ECS::Service": ("aws_ecs_service", {
        "LaunchType": "launch_type", "DesiredCount": "desired_count",
        "DeploymentConfiguration.MinimumHealthyPercent": "deployment_minimum_healthy_percent",
        "DeploymentConfiguration.MaximumPercent": "deployment_maximum_percent",
        "NetworkConfiguration.AwsvpcConfiguration.Subnets": "network_configuration.subnets"}),
}
NAMES = {**MORE_NAMES, "LeaseTable": "lease", "ExecutionRole": "execution", "TaskRole": "task"}


def test_terraform_creates_the_same(template):
    found = {(kind, name): arguments for block in terraform_blocks("resource", TERRAFORM)
             for kind, named in block.items() for name, arguments in named.items()}
    types = {**TYPES, **FILTERS, **OF_ECS}
    expected = {(types[resource["Type"]][0], NAMES.get(name, "controller")): resource
                for name, resource in template["Resources"].items()}

    parts = {("aws_iam_role_policy", "task"), ("aws_iam_role_policy_attachment", "execution")}
    assert set(found) - parts == set(expected)
    for key, resource in expected.items():
        for theirs, ours in types[resource["Type"]][1].items():
            value = look_up(resource["Properties"], theirs)
            if isinstance(value, dict):
                assert re.search(r"\bvar\.", str(look_up(found[key], ours))), (key, ours)
            else:
                assert look_up(found[key], ours) == value, (key, ours)


def test_terraforms_container_and_role_are_the_same(template):
    text = "".join(path.read_text() for path in TERRAFORM.glob("*.tf"))
    container, = template["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    for value in (json.dumps(container["HealthCheck"]["Command"]), '"65532"',
                  '"run", "--fleet=tags", "--interval=${var.interval}", "--listen=0.0.0.0:9464"',
                  '"--lease=dynamodb:${aws_dynamodb_table.lease.name}"'):
        assert value in text, value
    for name in ("Interval", "Timeout", "Retries", "StartPeriod"):
        ours = name[0].lower() + name[1:]
        assert re.search(rf"{ours} += {container['HealthCheck'][name]}\n", text), name
    for variable in container["Environment"]:
        variable = variable["Fn::If"][1] if "Fn::If" in variable else variable
        name = variable["Name"]
        assert re.search(rf"\b{name} += ", text) or name.endswith(("_PROXY", "_ENDPOINT")), name
    statements = statements_of(template["Resources"]["TaskRole"])
    assert [(s["Sid"], s["Action"]) for s in statements] == statements_in_terraform(
        TERRAFORM, never=OF_FILES)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Logs::MetricFilter":
            pattern = resource["Properties"]["FilterPattern"].replace('"', '\\"')
            assert pattern in text


def test_terraform_has_the_same_parameters_and_outputs(template):
    own = {"name", "tags", "environment"}
    theirs = {snake(name) for name in template["Parameters"]} - {"fleet_roles"} - WITHOUT_MAPS
    assert names_of("variable", TERRAFORM) - own == theirs
    assert names_of("output", TERRAFORM) == {snake(n) for n in template["Outputs"]}


def test_terraform_names_nothing_that_is_not_there():
    for folder in (TERRAFORM, TERRAFORM.with_name("fleet"), TERRAFORM.with_name("account"),
                   TERRAFORM.with_name("fleet-policy")):
        text = "\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))
        variables = set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
        resources = set(re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE))
        values = {name for block in re.findall(r"^locals \{\n(.*?)^\}", text, re.M | re.S)
                  for name in re.findall(r"^  (\w+) += ", block, re.MULTILINE)}

        assert set(re.findall(r"\bvar\.(\w+)", text)) == variables
        assert set(re.findall(r"\blocal\.(\w+)", text)) <= values
        assert set(re.findall(r"(?<!data\.)\b(aws_\w+)\.(\w+)", text)) <= resources | {
            (f"aws_{name}", "current") for name in ("caller_identity", "region", "partition")}


# --- compose ------------------------------------------------------------------------------------


def composed():
    return yaml.safe_load(COMPOSE.read_text())["services"]["controller"]


def test_compose_reads_it(tmp_path):
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True,
                                        check=False).returncode:
        pytest.skip("docker compose is not here")
    done = subprocess.run(
        [docker, "compose", "-f", COMPOSE, "config", "--quiet"], capture_output=True, text=True,
        check=False, env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path),
                          "LEASE_TABLE": "locks", "AWS_REGION": REGION})
    assert done.returncode == 0, done.stderr


def test_what_compose_runs_takes_up_a_fleet_file_and_holds_the_lease(
        moto, start_process, run_program, ecs_scaler, tmp_path):
    service = composed()
    assert service["deploy"]["replicas"] == 2
    moto.client("dynamodb").create_table(
        TableName="locks", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    queue = moto.sqs.create_queue(QueueName="jobs")["QueueUrl"]
    (tmp_path / "fleet.yaml").write_text(
        f"services: [{{cluster: main, service: worker, queues: ['{queue}']}}]")
    here = {"/fleet/": f"{tmp_path}/", "0.0.0.0:9464": "127.0.0.1:0"}
    command = [re.sub(r"\$\{LEASE_TABLE:[^}]*\}", "locks", word) for word in service["command"]]
    for place, instead in here.items():
        command = [word.replace(place, instead) for word in command]

    running = start_process([ecs_scaler, *command], env={"AWS_ENDPOINT_URL": moto.endpoint},
                            ready=lambda one: "controller started" in one.stdout(), timeout=60)

    port = port_when_it_holds_the_lease(running)
    health = [word.replace(":9464", f":{port}") for word in service["healthcheck"]["test"][2:]]
    assert run_program([ecs_scaler, *health]).code == 0


def test_compose_runs_as_whom_the_credentials_belong_to():
    """`aws configure` makes them for their owner alone."""
    typed = re.search(r"^# +(CONTROLLER_USER=.*) docker compose .*$", COMPOSE.read_text(), re.M)[1]
    variable, default = re.fullmatch(r"\$\{(\w+):-(\d+:\d+)\}", composed()["user"]).groups()

    told = subprocess.run(["bash", "-c", f'{typed} printenv {variable}'], capture_output=True,
                          text=True, check=False)
    assert told.stdout == f"{os.getuid()}:{os.getgid()}\n", told.stderr
    assert default == "1000:1000"  # who is the first of a machine


def test_compose_mounts_what_its_settings_name():
    service = composed()
    places = {volume.rsplit(":", 2)[-2]: volume.rsplit(":", 1)[-1] for volume in service["volumes"]}

    assert set(places.values()) == {"ro"} and service["read_only"] is True
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        assert service["environment"][name].rsplit("/", 1)[0] in places
    assert any("--config=/fleet/" in word for word in service["command"]) and "/fleet" in places
