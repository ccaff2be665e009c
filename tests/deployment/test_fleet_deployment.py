"""The deployment for a fleet by tags: its role is what `ecs-scaler iam` prints, the queries of its
dashboard and alarms find rows in lines that the program wrote, Terraform makes the same.
"""

import json
import re

import hcl2
import pytest

import insights
import intrinsics
from support import REGION, ROOT, wait_until
from test_monitoring import OF_AWS, alarms_of, event_of, queries, rings
from test_templates import NAMES, TYPES, look_up, plain, snake, statements_of

TERRAFORM = ROOT / "deploy/terraform/fleet"
ACCOUNT_TERRAFORM = ROOT / "deploy/terraform/account"
ROLE = "arn:aws:iam::210987654321:role/ecs-scaler"
FILE = "s3://fleets/production/fleet.json"
ACCOUNTS = json.dumps([{"regions": ["us-east-1"]},
                       {"role": ROLE, "external_id": "jobs/1", "regions": ["eu-west-1"]}])
POLICY = "mode=backlog backlog_per_task=10 tasks_max=5"


@pytest.fixture
def stack(deploy_sam, fleet_template):
    return lambda **parameters: deploy_sam("scaler", template=fleet_template, **parameters)


def of_groups(parameters):
    """What `ecs-scaler iam` is told of the groups that a fleet may drive."""
    return ["--group", parameters["FleetGroups"]] if "FleetGroups" in parameters else []


def test_it_is_clean_before_and_after_its_expansion(fleet_template, cfn_lint, tmp_path):
    expanded = tmp_path / "expanded.json"
    expanded.write_text(json.dumps(fleet_template))

    assert cfn_lint(ROOT / "deploy/cloudformation/fleet.yaml") == ""
    assert cfn_lint(expanded) == ""


@pytest.mark.parametrize("parameters", [
    {}, {"FleetQueues": "jobs-*", "FleetClusters": "main", "TickSeconds": "20"},
    {"FleetGroups": "*"}, {"FleetClusters": "gpu", "FleetGroups": "gpu-*"},
    {"FleetQueues": "jobs-*", "Wake": "true"}, {"Shards": "4", "ShardServices": "50"},
    {"FleetAccounts": ACCOUNTS, "FleetRoles": ROLE, "FleetGroups": "gpu-*", "Shards": "2"},
    {"FleetFile": FILE, "FleetClusters": "main"}],
    ids=lambda parameters: "-".join(parameters) or "plain")
def test_the_template_grants_exactly_what_iam_prints(
        parameters, stack, printed_policy):
    made = stack(**parameters)
    printed = printed_policy(made.environment, made.function_name, *of_groups(parameters))

    assert made.policy == printed.get("caller", printed)
    assert made.environment["FLEET"] == parameters.get("FleetFile", "tags")
    assert made.environment["WAKE"] == parameters.get("Wake", "false")


def test_a_fleet_file_is_served_with_the_roles_that_it_names(stack, printed_policy):
    made = stack(FleetFile=FILE, FleetRoles=ROLE)
    printed = printed_policy(made.environment, made.function_name)["Statement"]

    # Nobody reads the file before it is deployed, so that its roles are unknown to iam.
    added = [statement for statement in made.policy["Statement"] if statement not in printed]
    assert [(one["Action"], one["Resource"]) for one in added] == [(["sts:AssumeRole"], [ROLE])]


@pytest.mark.parametrize("given", [
    {}, {"FleetAccounts": ACCOUNTS}, {"FleetFile": FILE, "FleetRoles": ROLE},
    {"FleetFile": FILE, "FleetAccounts": ACCOUNTS}], ids=lambda given: "-".join(given) or "plain")
def test_a_list_of_accounts_beside_a_file_is_refused_as_the_function_refuses_it(
        given, fleet_template, stack, run_program, ecs_scaler):
    refused = intrinsics.Template(fleet_template, "scaler", given).refusals()

    assert bool(refused) == ("FleetFile" in given and "FleetAccounts" in given)
    read = run_program([ecs_scaler, "iam", "--function-name", "f"], env=stack(**given).environment)
    assert ("a file names its accounts itself" in read.output()) == bool(refused), read.output()


def test_the_function_takes_its_variables(stack, run_program, ecs_scaler):
    profiles = json.dumps({"gpu": {"mode": "backlog", "tasks_max": 3}})
    environment = stack(FleetProfiles=profiles).environment

    shown = run_program([ecs_scaler, "iam"], env=environment)

    assert shown.code == 0, shown.output()
    wrong = run_program([ecs_scaler, "iam"], env={**environment, "FLEET_PROFILES": "{"})
    assert wrong.code == 3


# Sids that are there with these parameters, and not without.
SURROUNDINGS = {
    "vpc": ({"SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"},
            ["AttachToVpc", "NoInterfacesFromCode"]),
    "key": ({"KmsKeyArn": f"arn:aws:kms:{REGION}:{intrinsics.ACCOUNT}:key/k"}, ["UseKey"])}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_what_surrounds_the_function_needs_rights_as_that_of_one_service(
        name, fleet_template, sam_template):
    parameters, sids = SURROUNDINGS[name]

    def granted(template, given):
        roles = intrinsics.Template(template, "scaler", given).resources("AWS::IAM::Role")
        policy, = roles["ScalerRole"]["Policies"]
        return {s["Sid"]: s for s in policy["PolicyDocument"]["Statement"]}

    one = {"Cluster": "main", "Service": "worker", "QueueName": "work"}
    fleet = granted(fleet_template, parameters)
    single = granted(sam_template, {**one, **parameters})
    assert set(fleet) - set(granted(fleet_template, {})) == set(sids)
    assert [fleet[sid] for sid in sids] == [single[sid] for sid in sids]


def test_network_key_and_concurrency_reach_the_function(stack, moto, fleet_template):
    ec2 = moto.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="g", Description="d")["GroupId"]
    key = f"arn:aws:kms:{REGION}:123456789012:key/12345678-1234-1234-1234-123456789012"

    made = stack(SubnetIds=subnet, SecurityGroupIds=group, KmsKeyArn=key, Shards="2",
                 ReservedConcurrency=7)

    network = made.configuration["VpcConfig"]
    assert (network["SubnetIds"], network["SecurityGroupIds"]) == ([subnet], [group])
    concurrency = moto.lambda_.get_function_concurrency(FunctionName=made.function_name)
    assert concurrency["ReservedConcurrentExecutions"] == 7
    for name in ("TICK_QUEUE_URL", "FLEET_SHARD_QUEUE_URL"):
        assert made.queue(made.environment[name])["KmsMasterKeyId"] == key
    for name, member in (("EcsScalerLambdaFunction", "KmsKeyArn"), ("ScalerLogGroup", "KmsKeyId")):
        properties = fleet_template["Resources"][name]["Properties"]  # moto forgets these two
        assert properties[member]["Fn::If"][:2] == ["UseKey", {"Ref": "KmsKeyArn"}]


@pytest.mark.parametrize("given", [True, False])
def test_a_fleet_may_be_tried_in_the_shadow_and_behind_a_proxy(given, stack):
    variables = {"PAUSED": ("Paused", "true"), "HTTPS_PROXY": ("HttpsProxy", "http://proxy:3128"),
                 "NO_PROXY": ("NoProxy", "localhost"),
                 "AWS_USE_FIPS_ENDPOINT": ("UseFipsEndpoint", "true"),
                 "AWS_USE_DUALSTACK_ENDPOINT": ("UseDualstackEndpoint", "false")}
    environment = stack(**(dict(variables.values()) if given else {})).environment

    assert {name: environment.get(name) for name in variables} == {
        name: value if given else None for name, (_, value) in variables.items()}


def test_parts_of_the_fleet_come_one_by_one(stack, moto):
    made = stack(Shards="4", ShardServices="50")
    url = made.environment["FLEET_SHARD_QUEUE_URL"]
    of_queue = moto.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert url.endswith("/scaler-shards")
    assert str(made.environment["FLEET_SHARD_SERVICES"]) == "50"
    assert of_queue["MessageRetentionPeriod"] == "60"
    assert int(of_queue["VisibilityTimeout"]) >= made.configuration["Timeout"]
    mapping, = moto.lambda_.list_event_source_mappings(
        EventSourceArn=of_queue["QueueArn"])["EventSourceMappings"]
    assert (mapping["BatchSize"], mapping["FunctionResponseTypes"]) == (
        1, ["ReportBatchItemFailures"])
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 4}


def test_a_deployment_that_begins_calls_the_function(stack, moto):
    made = stack()
    events = moto.client("events")
    rule = events.describe_rule(Name="scaler-deployments")
    target, = events.list_targets_by_rule(Rule="scaler-deployments")["Targets"]

    assert json.loads(rule["EventPattern"]) == {
        "source": ["aws.ecs"], "detail-type": ["ECS Deployment State Change"],
        "detail": {"eventName": ["SERVICE_DEPLOYMENT_IN_PROGRESS"]}}
    assert target["Arn"] == made.configuration["FunctionArn"]
    policy = json.loads(moto.lambda_.get_policy(FunctionName=made.function_name)["Policy"])
    assert rule["Arn"] in [statement["Condition"]["ArnLike"]["AWS:SourceArn"]
                           for statement in policy["Statement"]]


# --- another account's role ---------------------------------------------------------------------


@pytest.fixture(scope="session")
def account_template():
    from samtranslator.yaml_helper import yaml_parse
    path = ROOT / "deploy/cloudformation/account.yaml"
    return json.loads(json.dumps(yaml_parse(path.read_text())))


@pytest.mark.parametrize("parameters", [
    {}, {"FleetQueues": "jobs-*", "FleetClusters": "main", "FleetGroups": "gpu-*"}], ids=str)
def test_the_role_of_an_account_is_what_iam_prints(
        parameters, account_template, moto, run_program, ecs_scaler):
    caller, external_id = "arn:aws:iam::210987654321:role/scaler", "jobs/1"
    role = f"arn:aws:iam::{intrinsics.ACCOUNT}:role/ecs-scaler"
    moto.client("cloudformation").create_stack(
        StackName="account", TemplateBody=json.dumps(account_template),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in {
            "ScalerRoleArn": caller, "ExternalId": external_id, "Regions": "eu-west-1",
            **parameters}.items()])
    variables = {f"FLEET_{name}": parameters[f"Fleet{name.title()}"]
                 for name in ("QUEUES", "CLUSTERS") if parameters}
    printed = run_program(
        [ecs_scaler, "iam", "--fleet", "tags", "--output", "json", "--account", "210987654321",
         "--caller", caller, *of_groups(parameters)],
        env={**variables, "FLEET_ACCOUNTS": json.dumps([
            {"role": role, "external_id": external_id, "regions": ["eu-west-1"]}])})
    assert printed.code == 0, printed.output()
    expected, = json.loads(printed.stdout())["roles"]

    made = moto.client("iam").get_role(RoleName="ecs-scaler")["Role"]
    assert made["Arn"] == expected["role"] == role
    assert made["AssumeRolePolicyDocument"] == expected["trust_policy"]
    template = intrinsics.Template(account_template, "account", {
        "Regions": "eu-west-1", **parameters})
    policy, = template.resources("AWS::IAM::Role")["ScalerRole"]["Policies"]
    assert policy["PolicyDocument"] == expected["policy"]


def test_a_fleet_files_services_carry_no_tag_that_their_accounts_role_could_ask_for(
        account_template, run_program, ecs_scaler):
    given = {"Tagged": "false", "Regions": "eu-west-1", "FleetClusters": "main",
             "FleetQueues": "jobs-*"}
    template = intrinsics.Template(account_template, "account", given)
    policy, = template.resources("AWS::IAM::Role")["ScalerRole"]["Policies"]

    printed = run_program(
        [ecs_scaler, "iam", "--fleet", FILE, "--output", "json", "--region", "eu-west-1",
         "--account", intrinsics.ACCOUNT],
        env={"FLEET_CLUSTERS": "main", "FLEET_QUEUES": "jobs-*"})

    assert printed.code == 0, printed.output()
    expected = json.loads(printed.stdout())["Statement"]
    read, *others = expected
    assert read["Sid"] == "ReadFleet"
    assert policy["PolicyDocument"]["Statement"] == others


def test_the_accounts_template_is_clean(cfn_lint):
    assert cfn_lint(ROOT / "deploy/cloudformation/account.yaml") == ""


# --- log lines ----------------------------------------------------------------------------------


@pytest.fixture
def lines(start_job):
    """What a function writes of a service that it scales and may then not change, one whose queue
    is not there and one with a wrong tag."""
    job = start_job(env=["FLEET=tags", "WAKE=false"], tick_queue="ticks", schedule="0s",
                    no_workers=True)
    aws = job.emulator.aws
    aws.sqs.create_queue(QueueName="jobs-a")
    url = aws.sqs.get_queue_url(QueueName="jobs-a")["QueueUrl"]
    aws.sqs.send_message_batch(QueueUrl=url, Entries=[
        {"Id": str(n), "MessageBody": "job"} for n in range(10)])
    for name, tags in (("a", {"queue": "jobs-a", "policy": POLICY}),
                       ("lost", {"queue": "jobs-lost"}),
                       ("wrong", {"queue": "jobs-a", "policy": "mode=nonsense"})):
        aws.ecs.create_service(cluster=job.emulator.cluster, serviceName=name, desiredCount=0,
                               taskDefinition="worker", tags=[
                                   {"key": f"ecs-scaler:{key}", "value": value}
                                   for key, value in tags.items()])
    job.invoke(event_of("schedule"))
    aws.ecs.update_service(cluster=job.emulator.cluster, service="a", desiredCount=0)
    job.fault("UpdateService", "denied")
    job.invoke(event_of("schedule"))
    wait_until(lambda: "AccessDenied" in job.emulator.process.stderr(), what="the lines")
    written = [json.loads(line) for line in job.emulator.process.stderr().splitlines()]
    return [line["line"] for line in written if line["message"] == "function output"]


def widgets_of(moto):
    body = moto.client("cloudwatch").get_dashboard(DashboardName="scaler")["DashboardBody"]
    return json.loads(body)["widgets"]


def test_every_query_of_the_dashboard_finds_what_it_is_for(stack, moto, lines):
    stack()
    found = {title: insights.run(query, lines)
             for title, query in queries(widgets_of(moto)).items()}

    def services(title, column="record.service_name"):
        return {row[column].rsplit("/")[-1] for row in found[title]}

    assert services("Failing services") == {"a", "lost"}
    assert services("Wrong settings", "service") == {"wrong"}
    assert services("Backlog that nobody serves") == {"a"}
    assert services("Most tasks") == {"a", "lost"}
    assert [(row["before"], row["after"], row["outcome"]) for row in found["Changes"]] == [
        (0, 1, "failed"), (0, 1, "applied")]
    assert any("jobs-lost" in row["message"] for row in found["Other failures"])


def test_charts_show_what_is_published(stack, moto):
    stack()
    charts = [w["properties"] for w in widgets_of(moto) if w["type"] == "metric"]

    assert len(charts) == 2
    for chart in charts:
        for namespace, metric, dimension, *_ in chart["metrics"]:
            dimensions, metrics = OF_AWS[namespace]
            assert dimension in dimensions and metric in metrics


# --- alarms -------------------------------------------------------------------------------------


@pytest.fixture
def alarms(moto, fleet_template):
    return alarms_of(fleet_template, moto, {})


@pytest.fixture
def filters(fleet_template):
    """{metric: pattern} of the stack's metric filters."""
    template = intrinsics.Template(fleet_template, "scaler", {})
    found = {}
    for made in template.resources("AWS::Logs::MetricFilter").values():
        target, = made["MetricTransformations"]
        found[target["MetricNamespace"], target["MetricName"]] = made["FilterPattern"]
    return found


def test_the_dead_man_rings_when_nothing_calls_and_when_no_call_succeeds(alarms, filters, lines):
    silence, stopped = alarms["silence"], alarms["stopped"]
    assert rings(silence, [{}]) and not rings(silence, [{"Invocations": 3}])

    metric = (stopped["Namespace"], stopped["MetricName"])
    counted = [line for line in lines if insights.matches(filters[metric], line)]
    succeeded = [json.loads(line) for line in counted]
    assert succeeded and all(line["record"]["errors"] == [] for line in succeeded)
    failed = [line for line in lines if '"message":"pass"' in line and line not in counted]
    assert failed and all(json.loads(line)["record"]["errors"] for line in failed)
    assert rings(stopped, [{}]) and not rings(stopped, [{metric[1]: len(counted)}])


def test_wrong_tags_ring_and_nothing_else_does(alarms, filters, lines):
    alarm = alarms["settings"]
    metric = (alarm["Namespace"], alarm["MetricName"])
    counted = [json.loads(line) for line in lines if insights.matches(filters[metric], line)]

    assert counted and all("nonsense" in line["message"] for line in counted)
    assert rings(alarm, [{metric[1]: 5}] * 2) and not rings(alarm, [{metric[1]: 5}, {}])


def test_alarms_watch_what_is_published(alarms, filters):
    assert set(alarms) == {"errors", "silence", "stopped", "settings"}
    for name, alarm in alarms.items():
        if alarm["Namespace"] == "EcsScalerFleet":
            assert (alarm["Namespace"], alarm["MetricName"]) in filters, name
            continue
        dimensions, metrics = OF_AWS[alarm["Namespace"]]
        assert alarm["MetricName"] in metrics
        assert {dimension["Name"] for dimension in alarm["Dimensions"]} == dimensions


# --- Terraform ----------------------------------------------------------------------------------


def terraform_blocks(kind, folder=TERRAFORM):
    blocks = []
    for path in sorted(folder.glob("*.tf")):
        with open(path) as file:
            blocks += plain(hcl2.load(file)).get(kind, [])
    return blocks


FILTERS = {"AWS::Logs::MetricFilter": ("aws_cloudwatch_log_metric_filter", {
    "FilterName": "name"})}
MORE_NAMES = {"SuccessFilter": "success", "SettingsFilter": "settings", "StoppedAlarm": "stopped",
              "SettingsAlarm": "settings", "ShardQueue": "shard", "ShardMapping": "shard",
              "Deployments": "deployments", "DeploymentsPermission": "deployments"}


def test_terraform_creates_the_same(fleet_template):
    found = {(kind, name): arguments for block in terraform_blocks("resource")
             for kind, named in block.items() for name, arguments in named.items()}
    types = {**TYPES, **FILTERS}
    expected = {(types[resource["Type"]][0], {**NAMES, **MORE_NAMES}.get(name, "scaler")): resource
                for name, resource in fleet_template["Resources"].items()}

    parts = {("aws_iam_role_policy", "scaler"), ("aws_cloudwatch_event_target", "schedule"),
             ("aws_cloudwatch_event_target", "deployments")}
    assert set(found) - parts == set(expected)
    for key, resource in expected.items():
        for theirs, ours in types[resource["Type"]][1].items():
            value = look_up(resource["Properties"], theirs)
            if isinstance(value, dict):  # a parameter, or a name with the stack's: a variable here
                assert re.search(r"\bvar\.", str(look_up(found[key], ours))), (key, ours)
            else:
                assert look_up(found[key], ours) == value, (key, ours)
        assert ("Condition" in resource) == ("count" in found[key]), key


def test_terraform_asks_the_same_of_the_log(fleet_template):
    text = "".join(path.read_text() for path in TERRAFORM.glob("*.tf")).replace('\\"', '"')
    properties = fleet_template["Resources"]["Dashboard"]["Properties"]
    widgets = json.loads(properties["DashboardBody"]["Fn::Sub"])["widgets"]
    commands = [command for query in queries(widgets).values()
                for command in query.split(" | ")[1:]]

    assert len(commands) > 15
    for command in commands:
        assert f'"{command}"' in text, command
    for resource in fleet_template["Resources"].values():
        if resource["Type"] == "AWS::Logs::MetricFilter":
            assert resource["Properties"]["FilterPattern"] in text


# Of a template, which has no maps: Terraform's environment holds them.
WITHOUT_MAPS = {"https_proxy", "no_proxy", "use_fips_endpoint", "use_dualstack_endpoint"}


def names_of(kind, folder=TERRAFORM):
    return {name for block in terraform_blocks(kind, folder) for name in block}


def test_terraform_has_the_same_parameters_and_outputs(fleet_template):
    own = {"name", "zip", "tags", "environment"}
    # A list of accounts names its roles itself; a template cannot read JSON.
    theirs = {snake(name) for name in fleet_template["Parameters"]} - {
        "fleet_roles"} - WITHOUT_MAPS
    assert names_of("variable") - own == theirs
    assert names_of("output") == {snake(name) for name in fleet_template["Outputs"]}


def test_terraform_makes_the_same_role_of_an_account(account_template):
    assert names_of("variable", ACCOUNT_TERRAFORM) - {"tags"} == {
        snake(name) for name in account_template["Parameters"]}
    assert names_of("output", ACCOUNT_TERRAFORM) == {"role_arn"}
    check_statements(ACCOUNT_TERRAFORM, account_template, ("of_tags", "of_files", "of_groups"),
                     never={"ReadFleet", "AssumeRoles"})


POLICY_TERRAFORM = TERRAFORM.with_name("fleet-policy")
OF_FILES = {"ReadFleet", "ReadAndScaleService"}


def terraform_text(*folders):
    return "".join(path.read_text() for folder in folders for path in sorted(folder.glob("*.tf")))


def statements_in_terraform(folder, never):
    """[(Sid, actions)] of the module with the policy that fleets share, but those it never has."""
    text = terraform_text(POLICY_TERRAFORM, folder)
    written = re.findall(r'Sid += "(\w+)".*?Action += (\[[^\]]*\])', text, re.DOTALL)
    return [(sid, json.loads(actions)) for sid, actions in written if sid not in never]


def check_statements(folder, template, conditions, never=()):
    """As far as it can be seen without a provider: statements, actions, conditions."""
    text = terraform_text(POLICY_TERRAFORM, folder)
    statements = statements_of(template["Resources"]["ScalerRole"])

    assert [(s["Sid"], s["Action"]) for s in statements] == statements_in_terraform(folder, never)
    conditional = [sid for kind in conditions
                   for sid in json.loads(re.search(kind + r" += (\[[^\]]*\])", text)[1])]
    policy, = template["Resources"]["ScalerRole"]["Properties"]["Policies"]
    assert sorted(conditional) == sorted(s["Fn::If"][1]["Sid"] for s in
                                         policy["PolicyDocument"]["Statement"] if "Fn::If" in s)
    assert text.count('"aws:TagKeys" = ["ecs-scaler:instance"]') == 1
    assert text.count('"aws:ResourceTag/ecs-scaler:queue" = ["false"]') == 2
    assert text.count('["ecs-scaler:state", "ecs-scaler:last-good"]') == 1


def test_terraform_grants_the_same(fleet_template):
    check_statements(TERRAFORM, fleet_template,
                     ("of_tags", "of_files", "of_objects", "of_groups", "of_roles", "of_shards",
                      "of_wakes", "of_vpcs", "of_keys"))
