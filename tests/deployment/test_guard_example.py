"""examples/guard: what stands there is what ecs-guard and `ecs-scaler iam --guard` say."""

import json
import re

import pytest
import yaml

from support import ROOT

FOLDER = ROOT / "examples/guard"


class Template(yaml.SafeLoader):
    """CloudFormation's short forms as {"Sub": text}, {"Ref": name}, ..."""


Template.add_multi_constructor("!", lambda loader, suffix, node: {
    suffix: loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode)
    else loader.construct_sequence(node)})


@pytest.fixture(scope="module")
def template():
    return yaml.load((FOLDER / "task-definition.yaml").read_text(), Template)


@pytest.fixture
def policy(run_program, ecs_scaler):
    """As the program prints it."""
    process = run_program([ecs_scaler, "iam", "--guard", "--output", "json"], env={
        "SQS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs",
        "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "worker"})
    assert process.code == 0, process.output()
    return json.loads(process.stdout())["Statement"]


def test_the_task_role_may_what_iam_prints(template, policy):
    document = template["Resources"]["TaskRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    assert [(s["Sid"], s["Action"]) for s in document["Statement"]] == \
           [(s["Sid"], s["Action"]) for s in policy]
    assert document["Statement"][0]["Resource"]["Sub"].endswith(":task/${Cluster}/*")

    terraform = (FOLDER / "task.tf").read_text()
    for statement in policy:
        block = terraform[terraform.index(f'"{statement["Sid"]}"'):].split("resources", 1)[0]
        assert re.findall(r'"(\w+:\w+)"', block) == statement["Action"]


def test_one_value_is_the_stop_timeout_of_both_containers_and_the_guards_plan(template):
    guard, worker = template["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    assert guard["StopTimeout"] == worker["StopTimeout"] == {"Ref": "StopTimeout"}
    assert guard["Command"][-2:] == ["--stop-timeout", {"Sub": "${StopTimeout}s"}]
    assert worker["DependsOn"] == [{"ContainerName": "guard", "Condition": "HEALTHY"}]


def test_the_template_is_clean(cfn_lint):
    assert cfn_lint(FOLDER / "task-definition.yaml") == ""


@pytest.mark.parametrize("name", ["Containerfile", "guard.Containerfile", "task-definition.yaml",
                                  "task.tf"])
def test_every_flag_is_one_of_the_guards(name, run_program, ecs_guard):
    known = set(re.findall(r"^  --([a-z-]+)", run_program([ecs_guard, "--help"]).stdout(),
                           re.MULTILINE))
    lines = (FOLDER / name).read_text().splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    flags = set(re.findall(r"[\[\" ,]--([a-z-]+)", text)) - {"chmod", "no-cache-dir"}
    assert flags <= known, flags - known


def test_the_worker_finds_the_guard_where_it_listens(template, run_program, ecs_guard):
    port = re.search(r"serve: (\d+)", run_program([ecs_guard, "--help"]).stdout())[1]
    worker = template["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"][1]
    values = {entry["Name"]: entry["Value"] for entry in worker["Environment"]}
    assert values["AWS_ENDPOINT_URL_SQS"] == f"http://127.0.0.1:{port}"
    assert values["SQS_QUEUE_URL"]["Sub"].startswith(f"http://127.0.0.1:{port}/https/sqs.")
