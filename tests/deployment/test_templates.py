"""The three ways to deploy: packaged, expanded, linted, and equal in what they create."""

import json
import re

import hcl2
import pytest

import intrinsics
from deployment_settings import FURTHER
from support import REGION, ROOT

pytestmark = pytest.mark.timeout(600)  # osls is slow on a busy machine

FOLDERS = {
    "deploy/serverless": {"cluster": "main", "service": "worker", "queue": "jobs"},
    "examples/video-pipeline": {},
    "examples/batch": {},
    "examples/development": {},
}
TERRAFORM = ROOT / "deploy/terraform"
# What osls adds for the upload of the function.
OSLS_OWN = {"ServerlessDeploymentBucket", "ServerlessDeploymentBucketPolicy"}


@pytest.fixture(scope="session", params=FOLDERS)
def package(request, packaged):
    return packaged(request.param, FOLDERS[request.param])


def parameter_values(template):
    return {name: str(parameter["Default"]) for name, parameter in template["Parameters"].items()
            if "Default" in parameter}


def test_what_osls_packages_is_clean(package, cfn_lint):
    path, template = package

    assert cfn_lint(path) == ""
    values = parameter_values(template)
    assert values["Cluster"] and values["Service"] and values["QueueName"]


def test_sam_is_clean_before_and_after_its_expansion(sam_template, cfn_lint, tmp_path):
    expanded = tmp_path / "expanded.json"
    expanded.write_text(json.dumps(sam_template))

    assert cfn_lint(ROOT / "deploy/cloudformation/template.yaml") == ""
    assert cfn_lint(expanded) == ""


def test_the_linter_would_complain(sam_template, cfn_lint, tmp_path):
    broken = json.loads(json.dumps(sam_template))
    broken["Resources"]["TickQueue"]["Properties"]["VisibilityTimeuot"] = 1
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken))

    assert "VisibilityTimeuot" in cfn_lint(path)


def test_osls_and_sam_create_the_same(package, sam_template):
    _, template = package
    resources = {name: resource for name, resource in template["Resources"].items()
                 if name not in OSLS_OWN}
    expected = json.loads(json.dumps(sam_template["Resources"]))
    function, sam_function = (side.pop("EcsScalerLambdaFunction")
                              for side in (resources, expected))
    # Each uploads in its own way; SAM marks what it has made; osls cannot refer to a stack's name.
    for properties in (function["Properties"], sam_function["Properties"]):
        for name in ("Code", "Tags"):
            properties.pop(name, None)
    assert function["Properties"].pop("FunctionName").endswith("-scaler")
    assert sam_function["Properties"].pop("FunctionName") == {
        "Fn::Sub": "${AWS::StackName}-scaler"}

    assert resources == expected
    assert function["Properties"] == sam_function["Properties"]
    assert template["Outputs"].items() >= sam_template["Outputs"].items()
    assert set(template["Parameters"]) == set(sam_template["Parameters"])


def test_the_examples_carry_the_seeds_numbers(packaged):
    expected = {"video-pipeline": ("video-worker-service", "3", "5"),
                "batch": ("batch-processor-service", "10", "1"),
                "development": ("dev-worker-service", "1", "1")}
    for example, (service, target, threshold) in expected.items():
        values = parameter_values(packaged(f"examples/{example}")[1])
        assert (values["Service"], values["ScaleUpTarget"],
                values["ScaleDownThreshold"]) == (service, target, threshold)


def test_every_documented_parameter_reaches_the_stack(packaged):
    given = {"auto-scaling-group": "gpus", "capacity-provider": "gpu",
             "cluster": "c", "service": "s", "queue-arn": "arn:aws:sqs:us-east-1:123456789012:q",
             "scale-up-target": "7", "scale-down-threshold": "4", "mode": "backlog",
             "backlog-per-task": "5", "tasks-max": "9", "monitoring-rate": "rate(2 minutes)",
             "permissions-boundary": "arn:aws:iam::123456789012:policy/b", "subnet-ids": "subnet-1",
             "security-group-ids": "sg-1", "kms-key-arn": "arn:aws:kms:us-east-1:1:key/k",
             "reserved-concurrency": "70", "silence-alarm-seconds": "1200",
             "wake-return-seconds": "6", "https-proxy": "http://p:1", "no-proxy": "localhost",
             "use-fips-endpoint": "true", "use-dualstack-endpoint": "false",
             "wake": "false", "tick-seconds": "15", "doorbell": "true", "metrics": "emf",
             "log-level": "DEBUG", "log-retention-days": "30", "architecture": "x86_64",
             "monitoring": "true", "alarm-topic-arn": "arn:aws:sns:us-east-1:123456789012:t",
             "backlog-alarm-seconds": "60", "queue-visibility-timeout": "300"}

    values = parameter_values(packaged("deploy/serverless", given)[1])

    assert sorted(value for value in values.values() if value) == sorted(given.values())


def test_a_missing_parameter_is_named(osls):
    refused = osls("package", "deploy/serverless", {"cluster": "c", "queue": "q"}, check=False)

    assert refused.code != 0 and "ecsServiceName" in refused.text


@pytest.mark.parametrize("name, given", [
    ("OneQueue", {"queue": ""}), ("OneQueue", {"queue-arn": "arn:aws:sqs:us-east-1:1:q"}),
    ("BacklogNeedsItsNumbers", {"mode": "backlog", "backlog-per-task": "1"}),
    ("LatencyNeedsItsNumbers", {"mode": "latency", "target-latency": "9", "tasks-max": "2"}),
    ("OwnNeedsItsGroup", {"capacity": "own"})])
def test_osls_refuses_what_the_template_refuses(name, given, osls, sam_template):
    assertion, = sam_template["Rules"][name]["Assertions"]
    given = {"cluster": "main", "service": "worker", "queue": "jobs", **given}
    named = {"".join(word.capitalize() for word in key.split("-")): value
             for key, value in {**given, "queue-name": given["queue"]}.items()}
    assert intrinsics.Template(sam_template, "scaler", named).refusals() == [
        assertion["AssertDescription"]]

    refused = osls("package", "deploy/serverless",
                   {key: value for key, value in given.items() if value}, check=False)

    assert refused.code != 0 and assertion["AssertDescription"] in refused.text, refused.text


def test_the_queues_outlive_the_stack(package):
    _, template = package
    kept = {name for name, resource in template["Resources"].items()
            if resource.get("DeletionPolicy") == "Retain"}

    assert kept == {"JobQueue", "JobDeadLetterQueue"}
    for name in kept:
        assert template["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_lambdas_rules_for_queues_are_kept(sam_template):
    """Visibility of at least six function timeouts, five receives, concurrency of two or more."""
    resources = sam_template["Resources"]
    timeout = resources["EcsScalerLambdaFunction"]["Properties"]["Timeout"]
    assert resources["DoorbellQueue"]["Properties"]["VisibilityTimeout"] >= 6 * timeout
    assert sam_template["Parameters"]["QueueVisibilityTimeout"]["MinValue"] >= 6 * timeout
    assert resources["JobQueue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"] >= 5
    for name in ("WakeMapping", "TickMapping", "DoorbellMapping"):
        properties = resources[name]["Properties"]
        assert properties["ScalingConfig"] == {"MaximumConcurrency": 2}
        assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert properties["Enabled"] == (name != "WakeMapping")
        assert "MaximumBatchingWindowInSeconds" not in properties


def test_a_failed_tick_is_tried_once_more(sam_template):
    """Retention counts from sending, a tick waits for up to 59 s, and each try for its visibility
    timeout, which must not be shorter than the function's timeout."""
    resources = sam_template["Resources"]
    queue = resources["TickQueue"]["Properties"]
    visibility, retention = queue["VisibilityTimeout"], queue["MessageRetentionPeriod"]

    assert visibility >= resources["EcsScalerLambdaFunction"]["Properties"]["Timeout"]
    assert 59 + visibility < retention < 59 + 2 * visibility


@pytest.mark.parametrize("suffix, wakes", [("", True), (".fifo", False)])
def test_a_fifo_queue_does_not_wake(suffix, wakes, moto, deploy_sam):
    moto.sqs.create_queue(QueueName="theirs" + suffix,
                          Attributes={"FifoQueue": "true"} if suffix else {})
    arn = f"arn:aws:sqs:{REGION}:123456789012:theirs{suffix}"

    stack = deploy_sam("scaler", Cluster="main", Service="worker", QueueArn=arn)

    assert stack.environment["WAKE"] == str(wakes).lower()
    assert (stack.mapping(stack.environment["SQS_QUEUE_URL"]) is not None) == wakes
    assert any(s["Sid"] == "WakeMapping" for s in stack.policy["Statement"]) == wakes


# --- Terraform ----------------------------------------------------------------------------------

# CloudFormation's type -> (Terraform's, {property: argument}); nested names are joined by a dot.
TYPES = {
    "AWS::SQS::Queue": ("aws_sqs_queue", {
        "VisibilityTimeout": "visibility_timeout_seconds",
        "MessageRetentionPeriod": "message_retention_seconds",
        "SqsManagedSseEnabled": "sqs_managed_sse_enabled"}),
    "AWS::Lambda::Function": ("aws_lambda_function", {
        "Runtime": "runtime", "Handler": "handler", "MemorySize": "memory_size",
        "Timeout": "timeout"}),
    "AWS::Lambda::EventInvokeConfig": ("aws_lambda_function_event_invoke_config", {
        "Qualifier": "qualifier", "MaximumRetryAttempts": "maximum_retry_attempts",
        "MaximumEventAgeInSeconds": "maximum_event_age_in_seconds"}),
    "AWS::Lambda::EventSourceMapping": ("aws_lambda_event_source_mapping", {
        "Enabled": "enabled", "BatchSize": "batch_size",
        "FunctionResponseTypes": "function_response_types",
        "ScalingConfig.MaximumConcurrency": "scaling_config.maximum_concurrency"}),
    "AWS::Lambda::Permission": ("aws_lambda_permission", {
        "Action": "action", "Principal": "principal"}),
    "AWS::Events::Rule": ("aws_cloudwatch_event_rule", {
        "Description": "description", "State": "state"}),
    "AWS::Logs::LogGroup": ("aws_cloudwatch_log_group", {}),
    "AWS::IAM::Role": ("aws_iam_role", {}),
    "AWS::CloudWatch::Dashboard": ("aws_cloudwatch_dashboard", {}),
    "AWS::CloudWatch::Alarm": ("aws_cloudwatch_metric_alarm", {
        "AlarmDescription": "alarm_description", "Namespace": "namespace",
        "MetricName": "metric_name", "Statistic": "statistic", "Period": "period",
        "EvaluationPeriods": "evaluation_periods", "DatapointsToAlarm": "datapoints_to_alarm",
        "Threshold": "threshold", "ComparisonOperator": "comparison_operator",
        "TreatMissingData": "treat_missing_data"}),
}
# Our logical name -> Terraform's, where it is not plain.
NAMES = {"JobDeadLetterQueue": "job_dead_letter", "JobQueue": "job", "TickQueue": "tick",
         "DoorbellQueue": "doorbell", "WakeMapping": "wake", "TickMapping": "tick",
         "DoorbellMapping": "doorbell", "ErrorsAlarm": "errors", "BacklogAlarm": "backlog",
         "CapacityAlarm": "capacity", "DeadLetterAlarm": "dead_letters",
         "SilenceAlarm": "silence", "Schedule": "schedule", "SchedulePermission": "schedule"}
# Parts that are properties in CloudFormation and resources of their own in Terraform.
PARTS = {("aws_iam_role_policy", "scaler"), ("aws_cloudwatch_event_target", "schedule")}


def plain(value):
    """hcl2's quoted strings and one-element block lists as plain values."""
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()
                if key not in ("__is_block__", "__start_line__", "__end_line__")}
    return [plain(item) for item in value] if isinstance(value, list) else value


def terraform_resources():
    found = {}
    for path in sorted(TERRAFORM.glob("*.tf")):
        with open(path) as file:
            for block in plain(hcl2.load(file)).get("resource", []):
                (kind, named), = block.items()
                (name, arguments), = named.items()
                found[kind, name] = arguments
    return found


def statements_of(role):
    """Of the one policy of a role in a template, whatever its conditions say."""
    policy, = role["Properties"]["Policies"]
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement
            for statement in policy["PolicyDocument"]["Statement"]]


def look_up(mapping, path):
    for name in path.split("."):
        mapping = mapping[0] if isinstance(mapping, list) else mapping
        mapping = mapping.get(name) if isinstance(mapping, dict) else None
    return mapping


def test_terraform_creates_the_same(sam_template):
    found = terraform_resources()
    expected = {(TYPES[resource["Type"]][0], NAMES.get(name, "scaler")): resource
                for name, resource in sam_template["Resources"].items()}

    assert set(found) - PARTS == set(expected)
    for key, resource in expected.items():
        for theirs, ours in TYPES[resource["Type"]][1].items():
            value = look_up(resource["Properties"], theirs)
            if isinstance(value, dict):  # a parameter: it must be a variable here, too
                assert re.search(r"\bvar\.", str(look_up(found[key], ours))), (key, ours)
            else:
                assert look_up(found[key], ours) == value, (key, ours)
        conditional = "Condition" in resource
        assert conditional == ("count" in found[key]), key
    for queue in ("job", "job_dead_letter"):
        assert look_up(found["aws_sqs_queue", queue], "lifecycle.prevent_destroy") is True


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_terraform_has_the_same_parameters_and_outputs(sam_template):
    def names(kind):
        blocks = []
        for path in TERRAFORM.glob("*.tf"):
            with open(path) as file:
                blocks += plain(hcl2.load(file)).get(kind, [])
        return {name for block in blocks for name in block}

    # The stack's name, the archive and tags are what the other tools ask for in their own way; the
    # map holds what has no variable.
    own = {"name", "zip", "tags", "environment"}
    in_the_map = {setting.name for setting in FURTHER[1:]}
    assert names("variable") - own == {snake(n) for n in sam_template["Parameters"]} - in_the_map
    assert names("output") == {snake(name) for name in sam_template["Outputs"]}


def test_terraform_has_the_same_statements_in_the_same_order(sam_template):
    """What they hold is compared where terraform can evaluate it."""
    written = re.findall(r'\bsid = "(\w+)"', (TERRAFORM / "settings.tf").read_text())

    assert written == [s["Sid"] for s in statements_of(sam_template["Resources"]["ScalerRole"])]


def test_the_examples_give_what_the_module_asks():
    """As far as it can be seen without a provider."""
    inputs, needed = set(), set()
    for path in TERRAFORM.glob("*.tf"):
        with open(path) as file:
            for block in plain(hcl2.load(file)).get("variable", []):
                (name, arguments), = block.items()
                inputs.add(name)
                needed |= set() if "default" in arguments else {name}
    for folder in ("single", "several", "gpu", "managed-instances"):
        with open(TERRAFORM / "examples" / folder / "main.tf") as file:
            (module,), = [block.values() for block in plain(hcl2.load(file))["module"]]
        given = set(module) - {"source", "for_each"}
        assert module["source"] == "../.."
        assert needed <= given <= inputs, folder


def test_terraform_names_nothing_that_is_not_there():
    text = "\n".join(path.read_text() for path in sorted(TERRAFORM.glob("*.tf")))
    variables = set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    resources = set(re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE))
    values = {name for block in re.findall(r"^locals \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
              for name in re.findall(r"^  (\w+) += ", block, re.MULTILINE)}

    assert set(re.findall(r"\bvar\.(\w+)", text)) == variables
    assert set(re.findall(r"\blocal\.(\w+)", text)) <= values
    assert set(re.findall(r"(?<!data\.)\b(aws_\w+)\.(\w+)", text)) <= resources | {
        ("aws_caller_identity", "current"), ("aws_region", "current"), ("aws_partition", "current")}


def test_terraform_uses_no_keyword_as_a_name():
    """Terraform reads `if = 1`; the parser of checkov, and so of many a pipeline, does not."""
    for path in TERRAFORM.rglob("*.tf"):
        assert not re.search(r"[{,]\s*(?:if|for|in|else)\s*=[^=]", path.read_text()), path


def test_the_template_stays_within_cloudformations_limits(sam_template):
    body = (ROOT / "deploy/cloudformation/template.yaml").read_bytes()

    assert len(body) <= 51_200 and len(sam_template["Parameters"]) <= 200
