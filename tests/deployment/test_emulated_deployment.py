"""What the templates make, made one by one in the embedded AWS, changed, found again and destroyed,
as CloudFormation would do it: with the properties that stand there. What is not offered is told so
in the protocol of its service."""

import collections
import json
import re

import botocore.exceptions
import pytest
from samtranslator.yaml_helper import yaml_parse

from intrinsics import NOTHING, Template
from strict import watch
from support import ROOT, wait_until

ACCOUNT = "000000000000"
FOLDER = ROOT / "deploy/cloudformation"
EXPANDED = {"template.yaml": "sam_template", "fleet.yaml": "fleet_template"}
# Other accounts, groups and a boundary: each adds to what is made.
WIDE = {"FleetAccounts": '[{"role":"arn:aws:iam::111111111111:role/ecs-scaler"}]',
        "FleetRoles": ["arn:aws:iam::111111111111:role/ecs-scaler"], "FleetGroups": "*",
        "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/bounds"}
PARAMETERS = {
    "template.yaml": {"Cluster": "test", "Service": "worker", "QueueName": "work",
                      "CreateQueue": "true", "Monitoring": "true", "Doorbell": "true",
                      "Metrics": "true", "AutoScalingGroup": "instances"},
    "controller.yaml": {"Cluster": "test", **WIDE},
    "fleet.yaml": {"Shards": "4", "Wake": "true", **WIDE},
    "account.yaml": {name: WIDE[name] for name in ("FleetGroups", "PermissionsBoundary")},
}


class Strict(Template):
    """References make what they refer to, if it is not there yet."""

    def __init__(self, template, parameters, make):
        super().__init__(template, "rehearsal", {
            name: parameters.get(name, parameter.get("Default", f"{name.lower()}-1"))
            for name, parameter in template["Parameters"].items()})
        self.values["AWS::AccountId"] = ACCOUNT
        self.make = make

    def reference(self, name):
        return self.values[name] if name in self.values else self.make(name).id

    def do_fn_getatt(self, argument):
        name, _, attribute = (argument if isinstance(argument, str)
                              else ".".join(argument)).partition(".")
        return self.make(name).attributes[attribute]

    def do_fn_base64(self, argument):
        return self.resolve(argument)


Made = collections.namedtuple("Made", "id attributes change destroy")


def nothing():
    pass


def fit(shape, value, left_out=()):
    """CloudFormation's property as the API takes it: names in its letters, values of its types."""
    if shape.type_name == "structure":
        members = {name.lower(): (name, member) for name, member in shape.members.items()}
        unknown = [name for name in value if name.lower() not in members and name not in left_out]
        assert not unknown, f"{shape.name} has no {unknown}"
        known = {name: item for name, item in value.items() if name not in left_out}
        return {members[name.lower()][0]: fit(members[name.lower()][1], item)
                for name, item in known.items()}
    if shape.type_name == "list":
        return [fit(shape.member, item) for item in (value if isinstance(value, list) else [value])]
    if shape.type_name in ("integer", "long", "double", "float"):
        return (float if shape.type_name in ("double", "float") else int)(value)
    if shape.type_name == "boolean":
        return value in (True, "true")
    if shape.type_name == "string" and not isinstance(value, str):
        return json.dumps(value) if isinstance(value, dict) else str(value)
    return value


class Maker:
    """make(kind, name, properties) -> Made, by the resource's type."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.clients = {}

    def __getattr__(self, service):
        """A client whose answers are checked; Lambda's have no number."""
        if service not in self.clients:
            client = self.emulator.aws.client(service.rstrip("_"))
            self.clients[service] = client if service == "lambda_" else watch(client)
        return self.clients[service]

    def call(self, client, operation, properties, left_out=()):
        model = client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[operation])
        return getattr(client, operation)(**fit(model.input_shape, properties, left_out))

    def make(self, kind, name, properties):
        function = "make_" + re.sub(r"\W+", "_", kind.removeprefix("AWS::")).lower()
        if kind in NOT_OFFERED:
            self.refused(kind)
            return Made(f"{name.lower()}-1", collections.defaultdict(
                lambda: f"arn:aws:some:us-east-1:{ACCOUNT}:{name}"), nothing, nothing)
        return getattr(self, function)(name, properties)

    def refused(self, kind):
        service, operation, arguments = NOT_OFFERED[kind]
        client = self.emulator.aws.client(service)
        with pytest.raises(botocore.exceptions.ClientError) as error:
            getattr(client, operation)(**arguments)
        details = error.value.response["Error"]
        assert details["Code"] in NO_SUCH, error.value
        assert re.search(IN_WORDS, details["Message"]), error.value

    def make_sqs_queue(self, _, properties):
        attributes = {key: fit_attribute(value) for key, value in properties.items()
                      if key not in ("QueueName", "Tags")}
        url = self.sqs.create_queue(QueueName=properties["QueueName"],
                                    Attributes=attributes)["QueueUrl"]

        def change():
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
            told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            for name, value in {**attributes, "VisibilityTimeout": "77"}.items():
                assert json.loads(told[name]) == json.loads(value), name

        return Made(url, {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{properties['QueueName']}",
                          "QueueName": properties["QueueName"], "QueueUrl": url}, change,
                    lambda: self.sqs.delete_queue(QueueUrl=url))

    def make_logs_loggroup(self, _, properties):
        name = properties["LogGroupName"]
        self.logs.create_log_group(logGroupName=name)
        self.logs.put_retention_policy(logGroupName=name,
                                       retentionInDays=int(properties["RetentionInDays"]))

        def found():
            groups = self.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
            return [group.get("retentionInDays") for group in groups]

        def change():
            assert found() == [int(properties["RetentionInDays"])]
            self.logs.put_retention_policy(logGroupName=name, retentionInDays=3)
            assert found() == [3]

        def destroy():
            self.logs.delete_log_group(logGroupName=name)
            assert found() == []

        arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}:*"
        return Made(name, {"Arn": arn}, change, destroy)

    def make_logs_metricfilter(self, name, properties):
        name, group = properties.get("FilterName", name), properties["LogGroupName"]
        wish = {**properties, "FilterName": name}
        self.call(self.logs, "put_metric_filter", wish)

        def found():
            return [one["filterPattern"] for one in self.logs.describe_metric_filters(
                logGroupName=group, filterNamePrefix=name)["metricFilters"]]

        def change():
            assert found() == [properties["FilterPattern"]]
            self.call(self.logs, "put_metric_filter", {**wish, "FilterPattern": "other"})
            assert found() == ["other"]

        def destroy():
            self.logs.delete_metric_filter(logGroupName=group, filterName=name)
            assert found() == []

        return Made(name, {}, change, destroy)

    def make_cloudwatch_alarm(self, name, properties):
        wish = {"AlarmName": name, **properties}
        self.call(self.cloudwatch, "put_metric_alarm", wish)

        def found():
            return [one["Threshold"] for one in self.cloudwatch.describe_alarms(
                AlarmNames=[wish["AlarmName"]])["MetricAlarms"]]

        def change():
            assert found() == [float(properties["Threshold"])]
            self.call(self.cloudwatch, "put_metric_alarm", {**wish, "Threshold": 77.5})
            assert found() == [77.5]

        def destroy():
            self.cloudwatch.delete_alarms(AlarmNames=[wish["AlarmName"]])
            assert found() == []

        arn = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{wish['AlarmName']}"
        return Made(wish["AlarmName"], {"Arn": arn}, change, destroy)

    def make_cloudwatch_dashboard(self, _, properties):
        name = properties["DashboardName"]
        self.call(self.cloudwatch, "put_dashboard", properties)

        def change():
            body = self.cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
            assert json.loads(body) == json.loads(properties["DashboardBody"])
            self.cloudwatch.put_dashboard(DashboardName=name, DashboardBody='{"widgets":[]}')
            assert len(self.cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]) == 14

        def destroy():
            self.cloudwatch.delete_dashboards(DashboardNames=[name])
            assert self.cloudwatch.list_dashboards()["DashboardEntries"] == []

        return Made(name, {}, change, destroy)

    def make_iam_role(self, name, properties):
        trust, role = properties["AssumeRolePolicyDocument"], properties.get("RoleName", name)
        bounds = {key: value for key, value in properties.items() if key == "PermissionsBoundary"}
        self.iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust), **bounds)
        inline = {one["PolicyName"]: one["PolicyDocument"]
                  for one in properties.get("Policies", [])}
        for policy, document in inline.items():
            self.iam.put_role_policy(RoleName=role, PolicyName=policy,
                                     PolicyDocument=json.dumps(document))
        for arn in properties.get("ManagedPolicyArns", []):
            self.iam.attach_role_policy(RoleName=role, PolicyArn=arn)

        def change():
            told = self.iam.get_role(RoleName=role)["Role"]
            assert told["AssumeRolePolicyDocument"] == trust
            assert told.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") == bounds.get(
                "PermissionsBoundary")
            self.iam.put_role_permissions_boundary(
                RoleName=role, PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/other")
            self.iam.delete_role_permissions_boundary(RoleName=role)
            assert "PermissionsBoundary" not in self.iam.get_role(RoleName=role)["Role"]
            for policy, document in inline.items():
                told = self.iam.get_role_policy(RoleName=role, PolicyName=policy)
                assert told["PolicyDocument"] == document
            self.iam.update_assume_role_policy(RoleName=role, PolicyDocument='{"a +%b":1}')
            told = self.iam.get_role(RoleName=role)["Role"]
            assert told["AssumeRolePolicyDocument"] == {"a +%b": 1}

        def destroy():
            for policy in self.iam.list_role_policies(RoleName=role)["PolicyNames"]:
                self.iam.delete_role_policy(RoleName=role, PolicyName=policy)
            for one in self.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
                self.iam.detach_role_policy(RoleName=role, PolicyArn=one["PolicyArn"])
            held = self.iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]
            assert held == []
            self.iam.delete_role(RoleName=role)

        return Made(role, {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{role}"}, change, destroy)

    def make_events_rule(self, name, properties):
        rule = properties.get("Name", name)
        arn = self.call(self.events, "put_rule", {"Name": rule, **properties},
                        ["Targets"])["RuleArn"]
        self.call(self.events, "put_targets", {"Rule": rule, "Targets": properties["Targets"]})

        def change():
            targets = self.events.list_targets_by_rule(Rule=rule)["Targets"]
            assert [one["Id"] for one in targets] == [one["Id"] for one in properties["Targets"]]
            self.events.disable_rule(Name=rule)
            told = self.events.describe_rule(Name=rule)
            assert told["State"] == "DISABLED"
            assert json.loads(told.get("EventPattern", "{}")) == properties.get("EventPattern", {})
            assert told.get("ScheduleExpression") == properties.get("ScheduleExpression")

        def destroy():
            self.events.remove_targets(Rule=rule, Ids=[one["Id"] for one in properties["Targets"]])
            self.events.delete_rule(Name=rule)
            assert self.events.list_rules(NamePrefix=rule)["Rules"] == []

        return Made(rule, {"Arn": arn}, change, destroy)

    def make_lambda_function(self, *_):
        """Not made: it is the one that the emulator runs."""
        self.refused("Lambda's own")
        [function] = self.lambda_.list_functions()["Functions"]
        return Made(function["FunctionName"], {"Arn": function["FunctionArn"]}, nothing, nothing)

    def make_lambda_eventsourcemapping(self, _, properties):
        made = self.call(self.lambda_, "create_event_source_mapping", properties)

        def found():
            return self.lambda_.get_event_source_mapping(UUID=made["UUID"])

        def change():
            wait_until(lambda: found()["State"].endswith("abled"), what="the mapping")
            self.lambda_.update_event_source_mapping(UUID=made["UUID"], BatchSize=3)
            assert found()["BatchSize"] == 3
            wait_until(lambda: found()["State"].endswith("abled"), what="the change")

        return Made(made["UUID"], {}, change,
                    lambda: self.lambda_.delete_event_source_mapping(UUID=made["UUID"]))

    def make_ecs_cluster(self, _, properties):
        name = self.call(self.ecs, "create_cluster", properties)["cluster"]["clusterName"]
        settings = [{"name": "containerInsights", "value": "enabled"}]
        return Made(name, {"Arn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/{name}"},
                    lambda: self.ecs.update_cluster(cluster=name, settings=settings),
                    lambda: self.ecs.delete_cluster(cluster=name))

    def make_ecs_taskdefinition(self, _, properties):
        made = self.call(self.ecs, "register_task_definition", properties)["taskDefinition"]
        arn = made["taskDefinitionArn"]
        return Made(arn, {"TaskDefinitionArn": arn}, nothing,
                    lambda: self.ecs.deregister_task_definition(taskDefinition=arn))

    def make_ecs_service(self, _, properties):
        renamed = {"PlacementStrategies": "placementStrategy", "Tags": "tags"}
        wish = {renamed.get(key, key): value for key, value in properties.items()}
        service = self.call(self.ecs, "create_service", {"DesiredCount": 1, **wish})["service"]
        where = {"cluster": service["clusterArn"], "service": service["serviceName"]}

        def change():
            told = self.ecs.update_service(**where, desiredCount=0)["service"]
            assert told["desiredCount"] == 0

        def destroy():
            self.ecs.delete_service(**where, force=True)
            wait_until(lambda: self.ecs.list_tasks(cluster=where["cluster"])["taskArns"] == [] and
                       self.ecs.describe_services(cluster=where["cluster"], services=[
                           where["service"]])["services"][0]["status"] == "INACTIVE",
                       what="the service's end")

        return Made(service["serviceArn"], {"Name": service["serviceName"]}, change, destroy)

    def make_ecs_capacityprovider(self, name, properties):
        renamed = {"ClusterName": "cluster"}
        wish = {renamed.get(key, key): value for key, value in properties.items()}
        made = self.call(self.ecs, "create_capacity_provider", {"Name": name, **wish})
        name = made["capacityProvider"]["name"]
        return Made(name, {}, nothing, nothing)  # It is its cluster's until that is gone.

    def make_ecs_clustercapacityproviderassociations(self, _, properties):
        self.call(self.ecs, "put_cluster_capacity_providers", properties)
        return Made("", {}, nothing, lambda: self.ecs.put_cluster_capacity_providers(
            cluster=properties["Cluster"], capacityProviders=[],
            defaultCapacityProviderStrategy=[]))

    def make_autoscaling_autoscalinggroup(self, name, properties):
        wish = {"AutoScalingGroupName": name, **properties}
        if isinstance(wish["VPCZoneIdentifier"], list):
            wish["VPCZoneIdentifier"] = ",".join(wish["VPCZoneIdentifier"])
        self.call(self.autoscaling, "create_auto_scaling_group", wish)

        def change():
            self.autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, MaxSize=7)
            [group] = self.autoscaling.describe_auto_scaling_groups(
                AutoScalingGroupNames=[name])["AutoScalingGroups"]
            assert group["MaxSize"] == 7

        return Made(name, {}, change, lambda: self.autoscaling.delete_auto_scaling_group(
            AutoScalingGroupName=name, ForceDelete=True))


def fit_attribute(value):
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


NO_SUCH = {"UnknownOperationException", "UnknownOperation", "InvalidAction", "NotImplemented",
           "SerializationException"}
IN_WORDS = "does not offer|no operation .* here|[Tt]he emulator (does not )?(model|take)"
# Of what is made and not offered here: a call that makes it.
NOT_OFFERED = {
    "AWS::CloudFormation::Stack": ("cloudformation", "create_stack", {"StackName": "s"}),
    "AWS::DynamoDB::Table": ("dynamodb", "create_table", {
        "TableName": "table", "AttributeDefinitions": [],
        "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}),
    "AWS::EC2::InternetGateway": ("ec2", "create_internet_gateway", {}),
    "AWS::EC2::LaunchTemplate": ("ec2", "create_launch_template", {
        "LaunchTemplateName": "lt-name", "LaunchTemplateData": {}}),
    "AWS::EC2::Route": ("ec2", "create_route", {"RouteTableId": "r"}),
    "AWS::EC2::RouteTable": ("ec2", "create_route_table", {"VpcId": "v"}),
    "AWS::EC2::SecurityGroup": ("ec2", "create_security_group", {
        "GroupName": "g", "Description": "d"}),
    "AWS::EC2::Subnet": ("ec2", "create_subnet", {"VpcId": "v"}),
    "AWS::EC2::SubnetRouteTableAssociation": ("ec2", "associate_route_table",
                                              {"RouteTableId": "r"}),
    "AWS::EC2::VPC": ("ec2", "create_vpc", {}),
    "AWS::EC2::VPCGatewayAttachment": ("ec2", "attach_internet_gateway", {
        "InternetGatewayId": "i", "VpcId": "v"}),
    "AWS::IAM::InstanceProfile": ("iam", "create_instance_profile", {"InstanceProfileName": "i"}),
    "AWS::Lambda::EventInvokeConfig": ("lambda", "put_function_event_invoke_config", {
        "FunctionName": "f"}),
    "AWS::Lambda::Permission": ("lambda", "add_permission", {
        "FunctionName": "f", "StatementId": "s", "Action": "a", "Principal": "p"}),
    "Lambda's own": ("lambda", "create_function", {
        "FunctionName": "f", "Role": f"arn:aws:iam::{ACCOUNT}:role/r", "Code": {"ZipFile": b"x"}}),
    "AWS::S3::Bucket": ("s3", "create_bucket", {"Bucket": "bucket"}),
}
# What Terraform's resources are in CloudFormation; a policy or an attachment is a part of its role.
TERRAFORM = {
    "aws_autoscaling_group": "AWS::AutoScaling::AutoScalingGroup",
    "aws_cloudwatch_dashboard": "AWS::CloudWatch::Dashboard",
    "aws_cloudwatch_event_rule": "AWS::Events::Rule",
    "aws_cloudwatch_event_target": "AWS::Events::Rule",
    "aws_cloudwatch_log_group": "AWS::Logs::LogGroup",
    "aws_cloudwatch_log_metric_filter": "AWS::Logs::MetricFilter",
    "aws_cloudwatch_metric_alarm": "AWS::CloudWatch::Alarm",
    "aws_dynamodb_table": "AWS::DynamoDB::Table",
    "aws_ecs_capacity_provider": "AWS::ECS::CapacityProvider",
    "aws_ecs_cluster": "AWS::ECS::Cluster",
    "aws_ecs_cluster_capacity_providers": "AWS::ECS::ClusterCapacityProviderAssociations",
    "aws_ecs_service": "AWS::ECS::Service",
    "aws_ecs_task_definition": "AWS::ECS::TaskDefinition",
    "aws_iam_instance_profile": "AWS::IAM::InstanceProfile",
    "aws_iam_role": "AWS::IAM::Role",
    "aws_iam_role_policy": "AWS::IAM::Role",
    "aws_iam_role_policy_attachment": "AWS::IAM::Role",
    "aws_lambda_event_source_mapping": "AWS::Lambda::EventSourceMapping",
    "aws_lambda_function": "AWS::Lambda::Function",
    "aws_lambda_function_event_invoke_config": "AWS::Lambda::EventInvokeConfig",
    "aws_lambda_permission": "AWS::Lambda::Permission",
    "aws_launch_template": "AWS::EC2::LaunchTemplate",
    "aws_sqs_queue": "AWS::SQS::Queue",
}


def as_it_stands(name):
    return yaml_parse((FOLDER / name).read_text())


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.yaml")))
def test_what_a_template_makes_is_made_changed_and_destroyed(emulator, bootstrap, request, name):
    running = emulator(lambda_=bootstrap, env=["WAKE=false", "MODE=fixed"], no_workers=True,
                       task_start="100ms", task_stop="100ms", mapping_toggle="100ms")
    maker = Maker(running)
    template = (request.getfixturevalue(EXPANDED[name]) if name in EXPANDED
                else as_it_stands(name))
    made = {}

    def make(logical):
        if logical not in made:
            resource = template["Resources"][logical]
            properties = values.resolve(resource.get("Properties", {}))
            made[logical] = maker.make(resource["Type"], logical, properties)
        return made[logical]

    values = Strict(template, PARAMETERS.get(name, {}), make)
    wanted = {logical for logical, resource in template["Resources"].items()
              if values.holds(resource.get("Condition"))}
    for logical in template["Resources"]:
        if logical in wanted:
            make(logical)
    assert wanted and set(made) == wanted
    for one in made.values():
        one.change()
    for one in reversed(made.values()):
        one.destroy()
    assert NOTHING not in made


def test_every_kind_of_the_other_ways_to_deploy_is_among_them():
    kinds = set()
    for name in (path.name for path in FOLDER.glob("*.yaml")):
        kinds |= {resource["Type"].replace("Serverless", "Lambda")
                  for resource in as_it_stands(name)["Resources"].values()}
    terraform = set()
    for path in (ROOT / "deploy/terraform").rglob("*.tf"):
        terraform |= set(re.findall(r'^resource "(\w+)"', path.read_text(), re.MULTILINE))
    assert terraform == TERRAFORM.keys()
    assert set(TERRAFORM.values()) <= kinds


def test_what_no_template_makes_yet_is_refused_in_words_too(emulator, bootstrap):
    running = emulator(lambda_=bootstrap, env=["WAKE=false", "MODE=fixed"])
    for kind in NOT_OFFERED:
        Maker(running).refused(kind)
