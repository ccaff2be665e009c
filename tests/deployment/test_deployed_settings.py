"""Every setting through every deployment: what is given is a variable, and nothing else is."""

import json
import re
import shutil

import pytest

import deployment_settings
from conftest import Stack
from deployment_settings import FURTHER
from support import REGION, ROOT, TEST_KEYS

pytestmark = pytest.mark.timeout(600)

SETTINGS = {setting.name: setting for setting in deployment_settings.read_settings()}
BUDGET = {"select": "min", "policies": [{"tasks": 4, "period": 60}, {"percent": 50, "period": 60}]}
SCHEDULES = [{"cron": "0 8 * * 1-5", "duration": 36000, "time_zone": "Europe/Berlin",
              "tasks_min": 2}, {"cron": "0 20 * * *", "duration": 60, "tasks_max": 5}]
# One policy that says everything, and is valid.
EVERYTHING = {
    "mode": "latency", "scale_up_target": 2, "backlog_per_task": 3, "target_latency": 60.5,
    "seconds_per_message": 0.000002, "concurrency_per_task": 4, "count_in_flight": False,
    "count_delayed": True, "combine": "max", "activation_backlog": 5, "tasks_min": 1,
    "tasks_max": 50, "scale_down_threshold": 0.5, "zero_confirmations": 3, "tolerance": 0.1,
    "scale_in_window": 70, "scale_out_window": 1, "scale_in_cooldown": 20, "scale_out_cooldown": 2,
    "scale_in_when": "protected", "busy_window": 30, "deployment_hold": 600,
    "scale_out_budget": BUDGET, "scale_in_budget": BUDGET, "schedules": SCHEDULES,
    "fallback_tasks": 2, "failures_before_fallback": 4, "shortage_after": 300,
    "hold_on_shortage": True, "manual_hold": 900, "capacity": "own",
    "capacity_order": "instances_first", "instance_idle": 120, "instance_min": 1,
    "instance_tasks": 2, "paused": True, "scale_in_paused": True,
    "scale_out_paused": True}
# What the deployments set themselves when they are told nothing but names.
UNASKED = {"SQS_QUEUE_URL", "ECS_CLUSTER_NAME", "ECS_SERVICE_NAME", "WAKE", "SCHEDULE_SECONDS",
           "TICK_QUEUE_URL", "TICK_SECONDS", "LOG_LEVEL"}


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value)


def parameters_of(policy):
    """As CloudFormation is given them."""
    return {SETTINGS[name].parameter: plain(value) for name, value in policy.items()}


def plain(value):
    return deployment_settings.number(value) if isinstance(value, float) else text_of(value)


def variables_of(policy):
    return {SETTINGS[name].variable: value for name, value in policy.items()}


def as_values(variables):
    """JSON is compared by what it says, and numbers by what they are."""
    def value(text):
        try:
            return json.loads(text)
        except (TypeError, ValueError):
            return text

    return {name: value(text) for name, text in variables.items()}


def beyond(environment):
    return as_values({name: text for name, text in environment.items() if name not in UNASKED})


def test_there_is_a_value_for_every_setting():
    assert set(EVERYTHING) == set(SETTINGS)


def test_sam_sets_what_is_given_and_nothing_else(moto, deploy_sam, accepted):
    bare = deploy_sam("bare", Cluster="main", Service="worker", QueueName="work")
    assert set(bare.environment) == UNASKED

    full = deploy_sam("full", Cluster="main", Service="worker", QueueName="more",
                      WakeReturnSeconds=5, HttpsProxy="http://proxy:3128", NoProxy="localhost",
                      UseFipsEndpoint="true", UseDualstackEndpoint="false",
                      **parameters_of(EVERYTHING))
    further = {"WAKE_RETURN_SECONDS": 5, "HTTPS_PROXY": "http://proxy:3128",
               "NO_PROXY": "localhost", "AWS_USE_FIPS_ENDPOINT": True,
               "AWS_USE_DUALSTACK_ENDPOINT": False}
    assert beyond(full.environment) == {**variables_of(EVERYTHING), **further}
    assert set(further) == {setting.variable for setting in FURTHER}
    accepted(full.environment)


def test_terraform_sets_what_is_given_and_nothing_else(terraform_settings, accepted):
    assert set(terraform_settings({"queue_name": "work"})["environment"]) == UNASKED

    full = terraform_settings({"queue_name": "work", "wake_return_seconds": 5, **EVERYTHING,
                               "environment": {"NO_PROXY": "localhost", "MANUAL_HOLD": "1"}})
    assert beyond(full["environment"]) == {
        **variables_of(EVERYTHING), "WAKE_RETURN_SECONDS": 5, "NO_PROXY": "localhost",
        "MANUAL_HOLD": 1}  # the map goes before
    accepted(full["environment"])
    text = terraform_settings({"queue_name": "work", "schedules": json.dumps(SCHEDULES)})
    assert json.loads(text["environment"]["SCHEDULES"]) == SCHEDULES


@pytest.mark.parametrize("name, value", [
    ("mode", "fast"), ("tasks_max", 0), ("tasks_max", 5001), ("tasks_max", 1.5),
    ("tolerance", 1.1), ("scale_down_threshold", 20161), ("scale_in_window", -1)])
def test_terraform_refuses_what_the_program_would(name, value, terraform_settings):
    told = terraform_settings({"queue_name": "work", name: value}, check=False)

    assert "Invalid value for variable" in told and name in told


@pytest.mark.parametrize("given, missing", [
    ({}, []), ({"mode": "fixed"}, []), ({"mode": "backlog"}, ["BACKLOG_PER_TASK", "TASKS_MAX"]),
    ({"mode": "backlog", "backlog_per_task": 1, "tasks_max": 2}, []),
    ({"environment": {"MODE": "latency", "TASKS_MAX": "2"}},
     ["SECONDS_PER_MESSAGE", "TARGET_LATENCY"])], ids=str)
def test_terraform_says_what_a_mode_needs(given, missing, terraform_settings):
    assert terraform_settings({"queue_name": "work", **given})["missing"] == missing


def test_osls_hands_every_parameter_on(packaged):
    given = {setting.flag: plain(EVERYTHING[name]) for name, setting in SETTINGS.items()}

    parameters = packaged("deploy/serverless", {
        "cluster": "main", "service": "worker", "queue": "work", "auto-scaling-group": "gpus",
        "logLevel": "WARN", **given})[1]["Parameters"]

    assert parameters["LogLevel"]["Default"] == "WARN"  # log-level, as the original called it
    for setting in SETTINGS.values():
        assert parameters[setting.parameter]["Default"] == given[setting.flag], setting.name


CUSTOM = """
  scaleInWhen: protected
  tasksMax: '7'
  schedules: '[{"cron":"0 8 * * *","duration":60,"tasks_min":2}]'
  environment: {HTTPS_PROXY: 'http://proxy:3128', BUSY_WINDOW: '5'}
  tags: {team: media}
"""


def test_osls_takes_settings_a_map_and_tags_from_custom(packaged, deploy_tree):
    folder = deploy_tree / "examples/custom"
    shutil.copytree(deploy_tree / "examples/batch", folder, dirs_exist_ok=True)
    text = (folder / "serverless.yml").read_text()
    (folder / "serverless.yml").write_text(text.replace("custom:\n", "custom:" + CUSTOM, 1))

    path, template = packaged("examples/custom", {"tasks-max": "8"})

    defaults = {name: p.get("Default") for name, p in template["Parameters"].items()}
    assert defaults["ScaleInWhen"] == "protected" and "tasks_min" in defaults["Schedules"]
    assert defaults["TasksMax"] == "8"  # the command line goes before the file
    function = template["Resources"]["EcsScalerLambdaFunction"]["Properties"]
    variables = function["Environment"]["Variables"]
    assert (variables["HTTPS_PROXY"], variables["BUSY_WINDOW"]) == ("http://proxy:3128", "5")
    assert {"Key": "team", "Value": "media"} in function["Tags"]
    state = json.loads((path.parent / "serverless-state.json").read_text())
    assert state["service"]["provider"]["stackTags"] == {"team": "media"}


# --- what advise finds --------------------------------------------------------------------------

TRIGGERS = {"tick_seconds": "TickSeconds", "wake": "Wake"}


def advised_rows():
    """A row names what differs from the program's defaults; templates wake and tick by default."""
    page = (ROOT / "docs/benchmarks.md").read_text()
    rows = re.findall(r"^- (?:fast|cheap): `(.+)`$", page, re.MULTILINE)
    return [{"wake": "false", "tick_seconds": "0",
             **dict(word.split("=", 1) for word in row.split())} for row in rows]


def test_there_are_advised_rows():
    assert len(advised_rows()) == 12  # three traces, two lengths of a job, fast and cheap


def rows_to_deploy():
    """Both kinds of wake, whichever are advised."""
    rows = advised_rows()
    return [*rows, *({**rows[0], "wake": wake} for wake in ("true", "false"))]


def advised(row):
    """A row as (policy, the variables that a function has of it)."""
    policy = {name: value for name, value in row.items() if name not in TRIGGERS}
    if "scale_down_threshold" in policy:  # advise speaks of seconds, the variable of minutes
        policy["scale_down_threshold"] = plain(float(policy["scale_down_threshold"]) / 60)
    ticks = {"TICK_SECONDS": row["tick_seconds"]} if row["tick_seconds"] != "0" else {}
    return policy, as_values({**variables_of(policy), **ticks, "WAKE": row["wake"]})


@pytest.mark.parametrize(
    "row", rows_to_deploy(),
    ids=lambda row: f"{row['target_latency']}-{row['tick_seconds']}-{row['wake']}")
def test_what_advise_finds_can_be_deployed(row, moto, deploy_sam, terraform_settings, accepted):
    policy, wanted = advised(row)

    stack = deploy_sam("scaler", Cluster="main", Service="worker", QueueName="work",
                       TickSeconds=row["tick_seconds"], Wake=row["wake"], **parameters_of(policy))
    assert as_values(stack.environment).items() >= wanted.items()
    accepted(stack.environment)

    settings = terraform_settings({"queue_name": "work", **as_values(policy),
                                   "tick_seconds": int(row["tick_seconds"]),
                                   "wake": row["wake"] == "true"})
    assert as_values(settings["environment"]).items() >= wanted.items()
    # Not asked of moto, for which a Number's 0 is not '0', as it is for CloudFormation.
    assert ("TICK_SECONDS" in settings["environment"]) == ("TICK_SECONDS" in wanted)


def test_osls_deploys_what_advise_finds(moto, osls, accepted):
    row = next(row for row in advised_rows() if "scale_down_threshold" in row)
    minutes = plain(float(row["scale_down_threshold"]) / 60)
    given = {name.replace("_", "-"): value
             for name, value in {**row, "scale_down_threshold": minutes}.items()}

    osls("deploy", "deploy/serverless", {"cluster": "main", "service": "worker", "queue": "work",
                                         **given},
         env={"AWS_ENDPOINT_URL": moto.endpoint, **TEST_KEYS})

    deployed = Stack(moto, "serverless-ecs-scaler-dev").environment
    wanted = {name.upper(): value for name, value in row.items()}
    assert deployed.items() >= {**wanted, "SCALE_DOWN_THRESHOLD": minutes}.items()
    accepted(deployed)


# --- around the function ------------------------------------------------------------------------


def test_boundary_network_key_and_concurrency_reach_the_function(moto, deploy_sam, sam_template):
    ec2 = moto.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="g", Description="d")["GroupId"]
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    key = f"arn:aws:kms:{REGION}:123456789012:key/12345678-1234-1234-1234-123456789012"

    stack = deploy_sam("scaler", Cluster="main", Service="worker", QueueName="work",
                       PermissionsBoundary=boundary, SubnetIds=subnet, SecurityGroupIds=group,
                       KmsKeyArn=key, ReservedConcurrency=7, Doorbell="true")

    network = stack.configuration["VpcConfig"]
    assert (network["SubnetIds"], network["SecurityGroupIds"]) == ([subnet], [group])
    concurrency = moto.lambda_.get_function_concurrency(FunctionName=stack.function_name)
    assert concurrency["ReservedConcurrentExecutions"] == 7
    role = moto.client("iam").get_role(RoleName=stack.role_name)["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    for name in ("SQS_QUEUE_URL", "TICK_QUEUE_URL", "DOORBELL_QUEUE_URL"):
        assert stack.queue(stack.environment[name])["KmsMasterKeyId"] == key
    for name, member in (("EcsScalerLambdaFunction", "KmsKeyArn"), ("ScalerLogGroup", "KmsKeyId")):
        properties = sam_template["Resources"][name]["Properties"]  # moto forgets these two
        assert properties[member]["Fn::If"][:2] == ["UseKey", {"Ref": "KmsKeyArn"}]


def test_the_stack_tells_function_and_role(moto, deploy_sam):
    stack = deploy_sam("scaler", Cluster="main", Service="worker", QueueName="work")

    told = moto.client("cloudformation").describe_stacks(StackName="scaler")["Stacks"][0]["Outputs"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in told}
    assert outputs["FunctionArn"] == stack.configuration["FunctionArn"]
    assert outputs["RoleArn"] == stack.configuration["Role"]
