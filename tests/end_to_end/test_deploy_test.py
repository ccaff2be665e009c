"""deploy/test: the scripts that make and remove test infrastructure, on moto and on the embedded
AWS; shellcheck has nothing to say, and cfn-lint neither."""

import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from support import ROOT, find_free_port, aws_clients

FOLDER = ROOT / "deploy/test"
TOOLS = pathlib.Path(sys.executable).parent


@pytest.fixture
def package(tmp_path, bootstrap):
    path = tmp_path / "bootstrap.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(bootstrap, "bootstrap")
    return path


@pytest.fixture
def script(run_program):
    def run(name, *arguments, stdin=None, **environment):
        path = f"{TOOLS}:{os.environ['PATH']}"
        return run_program([FOLDER / name, *arguments], env={"PATH": path, **environment},
                           stdin=stdin, timeout=110)

    return run


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_has_nothing_to_say():
    scripts = sorted(FOLDER.glob("*.sh"))
    assert scripts
    subprocess.run(["shellcheck", "-x", *scripts], check=True, cwd=ROOT)


def test_cfn_lint_has_nothing_to_say():
    subprocess.run([TOOLS / "cfn-lint", FOLDER / "infrastructure.yaml"], check=True)


def delete_route_tables(ec2):
    """What CloudFormation does and moto does not; it then refuses to delete their VPC."""
    for table in ec2.describe_route_tables()["RouteTables"]:
        if any(association["Main"] for association in table["Associations"]):
            continue
        for association in table["Associations"]:
            ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
        ec2.delete_route_table(RouteTableId=table["RouteTableId"])


@pytest.mark.timeout(600)
def test_deploys_to_moto_and_removes_it_twice(script, moto, package):
    credentials = {"AWS_ENDPOINT_URL": moto.endpoint, "AWS_DEFAULT_REGION": "us-east-1"}
    stub = package.parent / "scaler.yaml"
    # What moto can make of the scaler: its SAM template is deployed by tests/deployment.
    stub.write_text("Parameters: {Cluster: {Type: String}, Service: {Type: String},\n"
                    " QueueArn: {Type: String}, ScaleUpTarget: {Type: String},\n"
                    " ScaleDownThreshold: {Type: String}, Doorbell: {Type: String}}\n"
                    "Resources:\n  Role:\n    Type: AWS::SQS::Queue\n"
                    "    Properties:\n      QueueName: !Sub '${Service}-${ScaleUpTarget}'\n")

    deployed = script("deploy.sh", "--stack", "trial", "--zip", package, "--template", stub,
                      **credentials)

    assert deployed.code == 0, deployed.output()
    assert "ecs-scaler verify --function trial-scaler-scaler" in deployed.stdout()
    service, = moto.ecs.describe_services(cluster="trial", services=["trial-workers"])["services"]
    assert (service["status"], service["desiredCount"]) == ("ACTIVE", 0)
    queue = moto.sqs.get_queue_url(QueueName="trial-jobs")["QueueUrl"]
    redrive = moto.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"][
        "RedrivePolicy"]
    assert "trial-jobs-dlq" in redrive
    assert moto.sqs.get_queue_url(QueueName="trial-workers-2")

    refused = script("cleanup.sh", "--stack", "trial", stdin="no\n", **credentials)
    assert refused.code == 1 and "nothing was removed" in refused.stderr(), refused.output()

    delete_route_tables(moto.client("ec2"))
    removed = script("cleanup.sh", "--stack", "trial", stdin="yes\n", **credentials)
    assert removed.code == 0, removed.output()
    assert moto.client("cloudformation").describe_stacks()["Stacks"] == []
    again = script("cleanup.sh", "--stack", "trial", "--yes", **credentials)
    assert again.code == 0 and "does not exist" in again.stdout(), again.output()


@pytest.mark.timeout(600)
def test_deploys_to_the_embedded_aws_and_ends_it(script, run_program, ecs_scaler, package):
    stack = f"trial-{find_free_port()}"

    deployed = script("deploy.sh", "--stack", stack, "--emulator", "--zip", package,
                      ECS_SCALER=ecs_scaler)
    try:
        assert deployed.code == 0, deployed.output()
        endpoint = deployed.stdout().split("AWS_ENDPOINT_URL=")[1].split()[0]
        verified = run_program([ecs_scaler, "verify", "--function", "ecs-scaler", "--check",
                                "basic", "--poll", "200ms", "--patience", "40s"],
                               env={"AWS_ENDPOINT_URL": endpoint}, timeout=100)
        assert verified.code == 0, verified.output()
        assert aws_clients(endpoint).sqs.list_queues()["QueueUrls"]
    finally:
        ended = script("cleanup.sh", "--stack", stack, "--emulator", "--yes")
    assert ended.code == 0 and "ended" in ended.stdout(), ended.output()
    again = script("cleanup.sh", "--stack", stack, "--emulator", "--yes")
    assert again.code == 0 and "no embedded AWS" in again.stdout(), again.output()


@pytest.mark.parametrize("arguments, named", [
    (["--stack", "Bad_Name"], "'Bad_Name'"),
    (["--zip", "/nowhere.zip"], "/nowhere.zip does not exist"),
    (["--work-seconds", "x"], "'x' is no whole number"),
])
def test_deploy_says_what_is_wrong(script, arguments, named):
    process = script("deploy.sh", *arguments)

    assert process.code == 1 and named in process.stderr(), process.output()
