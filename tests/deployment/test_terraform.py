"""The Terraform modules as terraform reads, plans, applies and destroys them, at moto; with the
provider that terraform finds itself, or in a mirror that TF_CLI_CONFIG_FILE names."""

import json
import os
import re
import shutil
import subprocess
import zipfile

import pytest

from conftest import Stack
from support import REGION, ROOT, TEST_KEYS, start_moto
from test_deployed_settings import (EVERYTHING, UNASKED, advised, as_values, beyond, rows_to_deploy,
                                    variables_of)

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

MODULES = ROOT / "deploy/terraform"
ACCOUNT = "123456789012"
OTHERS_ROLE = "arn:aws:iam::222222222222:role/ecs-scaler"
FOLDERS = {str(path.parent.relative_to(MODULES)) for path in MODULES.rglob("main.tf")}
APPLIED = {".", "fleet", "fleet-policy", "controller", "account", "examples/single"}
PLANNED = {"examples/several", "examples/gpu"}


class Terraform:
    """A copy of a module that is initialized."""

    def __init__(self, program, folder, environment):
        self.program, self.folder, self.environment = program, folder, environment

    def run(self, *arguments, codes=(0,)):
        done = subprocess.run([self.program, *arguments, "-no-color"], cwd=self.folder,
                              env=self.environment, capture_output=True, text=True, timeout=700,
                              check=False)
        assert done.returncode in codes, done.stdout + done.stderr
        return done

    def give(self, variables):
        (self.folder / "terraform.tfvars.json").write_text(json.dumps(variables))

    def apply(self, variables, *flags):
        self.give(variables)
        self.run("apply", "-auto-approve", "-input=false", *flags)
        outputs = json.loads(self.run("output", "-json").stdout)
        return {name: output["value"] for name, output in outputs.items()}

    def plan(self, variables):
        """What would be done: {address: (actions, before, after)}, without what stays."""
        self.give(variables)
        self.run("plan", "-input=false", "-out=plan")
        changes = json.loads(self.run("show", "-json", "plan").stdout).get("resource_changes", [])
        return {one["address"]: (one["change"]["actions"], one["change"]["before"],
                                 one["change"]["after"]) for one in changes
                if one["mode"] == "managed" and one["change"]["actions"] != ["no-op"]}

    def destroy(self):
        self.run("destroy", "-auto-approve", "-input=false")
        assert json.loads(self.run("show", "-json").stdout).get("values") is None


@pytest.fixture
def terraform(tmp_path, terraform_program):
    """terraform(folder, at=moto, calls={"name": arguments}) -> Terraform, of what calls the module
    where there are calls. Skips where the provider cannot be had; whatever else terraform says of
    a module fails."""
    shutil.copytree(MODULES, tmp_path / "terraform")
    given = {name: os.environ[name] for name in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR")
             if name in os.environ}
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1",
                   "AWS_REGION": REGION, **TEST_KEYS, **given}

    def initialize(folder, at=None, calls=None):
        place = tmp_path / "terraform" / folder
        if at is not None:
            environment["AWS_ENDPOINT_URL"] = at.endpoint
        if calls is not None:
            (tmp_path / "calling").mkdir()
            place = place.rename(tmp_path / "calling/module").parent
            (place / "main.tf.json").write_text(json.dumps({"module": calls}))
        module = Terraform(terraform_program, place, environment)
        done = module.run("init", "-backend=false", "-input=false", codes=(0, 1))
        if done.returncode:
            reason = " ".join(re.sub(r"[│╷╵]", "", done.stderr).split())
            wanting = reason.find("Failed to query available provider packages")
            assert wanting >= 0, reason
            pytest.skip(f"terraform's AWS provider cannot be had: {reason[wanting:][:300]}")
        return module

    return initialize


@pytest.fixture(scope="module")
def moto_server(tmp_path_factory):
    """With AWS's own policies, which what is applied attaches."""
    process, endpoint = start_moto(tmp_path_factory.mktemp("moto"),
                                   {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"})
    yield endpoint
    process.stop()


@pytest.fixture
def code(tmp_path):
    path = tmp_path / "bootstrap.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bootstrap", "")
    return str(path)


def test_they_are_formatted(terraform_program):
    done = subprocess.run([terraform_program, "fmt", "-check", "-recursive", MODULES],
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("folder", sorted(FOLDERS - APPLIED - PLANNED))
def test_what_is_neither_applied_nor_planned_validates(folder, terraform):
    terraform(folder).run("validate")


FORGOTTEN = {"availability_zone_rebalancing", "kms_key_arn", "kms_key_id"}


def drift(changes):
    """{address: {name: (as it is, as it shall be)}}, without what moto tells otherwise than AWS: a
    redrive policy with other blanks, and nothing of FORGOTTEN."""
    def words(name, value):
        return json.loads(value) if name == "redrive_policy" and value else value

    found = {}
    for address, (actions, before, after) in changes.items():
        assert actions == ["update"], (address, actions)
        found[address] = {name: (before[name], value) for name, value in after.items()
                          if words(name, value) != words(name, before[name])
                          and name not in FORGOTTEN}
    return {address: members for address, members in found.items() if members}


def test_the_module_is_applied_changed_and_destroyed(terraform, moto, code, printed_policy,
                                                     accepted):
    module = terraform(".", moto)
    queue = moto.sqs.create_queue(QueueName="work")["QueueUrl"]
    names = {"name": "scaler", "cluster": "main", "service": "worker", "zip": code,
             "queue_arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:work"}

    outputs = module.apply(names)
    bare = Stack(moto, "scaler")
    assert set(bare.environment) == UNASKED
    assert outputs["function_arn"] == bare.configuration["FunctionArn"]
    assert bare.policy == printed_policy(bare.environment, "scaler-scaler")
    wake = bare.mapping(queue)
    assert wake["State"] == "Disabled"
    moto.lambda_.update_event_source_mapping(UUID=wake["UUID"], Enabled=True)  # as a pass does
    assert not drift(module.plan(names))

    everything = {**names, **EVERYTHING, "auto_scaling_group": "gpus"}
    module.apply(everything, "-refresh=false")
    full = Stack(moto, "scaler")
    assert beyond(full.environment) == variables_of(EVERYTHING)
    accepted(full.environment)
    assert not drift(module.plan(everything))

    module.destroy()
    assert moto.sqs.list_queues()["QueueUrls"] == [queue]
    left = [moto.lambda_.list_functions()["Functions"],
            moto.client("logs").describe_log_groups()["logGroups"],
            moto.client("events").list_rules()["Rules"], moto.client("iam").list_roles()["Roles"]]
    assert left == [[]] * 4


def test_what_advise_finds_can_be_applied(terraform, moto, code, accepted):
    rows = [advised(row) for row in rows_to_deploy()]
    ways = [{"tick_seconds": int(row["tick_seconds"]), "wake": row["wake"] == "true"}
            for row in rows_to_deploy()]
    moto.sqs.create_queue(QueueName="work")
    given = {"cluster": "main", "service": "worker", "zip": code, "source": "./module",
             "queue_arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:work"}
    calls = {f"row-{i}": {**given, "name": f"row-{i}", **as_values(policy), **way}
             for i, ((policy, _), way) in enumerate(zip(rows, ways, strict=True))}

    # The provider makes one function at a time and waits eight seconds for each to be active. More
    # than ten calls at once are too many for moto beside other tests: what is tried again is there.
    terraform(".", moto, calls=calls).apply({})

    for i, (_, wanted) in enumerate(rows):
        deployed = Stack(moto, f"row-{i}").environment
        assert as_values(deployed).items() >= wanted.items()
        accepted(deployed)


FLEET = {"fleet_groups": "gpus-*", "fleet_accounts": [
    {"regions": [REGION]},
    {"role": OTHERS_ROLE, "external_id": "jobs/1", "regions": ["eu-west-1"]}]}


def test_a_fleet_is_applied_and_destroyed(terraform, moto, code, printed_policy):
    module = terraform("fleet", moto)
    key = moto.client("kms").create_key()["KeyMetadata"]["Arn"]
    given = {"name": "fleet", "zip": code, "shards": 4, "wake": True, "metrics": "emf",
             "paused": True, "kms_key_arn": key, "reserved_concurrency": 9, **network(moto),
             **FLEET}

    module.apply(given)
    stack = Stack(moto, "fleet")
    granted = {**stack.policy, "Statement": [
        statement for statement in stack.policy["Statement"]
        if statement["Sid"] not in ("AttachToVpc", "NoInterfacesFromCode", "UseKey")]}
    assert len(granted["Statement"]) == len(stack.policy["Statement"]) - 3
    assert stack.configuration["VpcConfig"]["SubnetIds"] == given["subnet_ids"]
    for name in ("TICK_QUEUE_URL", "FLEET_SHARD_QUEUE_URL"):
        assert stack.queue(stack.environment[name])["KmsMasterKeyId"] == key
    assert stack.environment["PAUSED"] == "true"
    printed = printed_policy(stack.environment, "fleet-scaler", "--group", "gpus-*")
    assert granted == printed["caller"]
    assert json.loads(stack.environment["FLEET_ACCOUNTS"]) == FLEET["fleet_accounts"]
    assert not drift(module.plan(given))
    module.destroy()


def test_a_fleet_file_is_served_with_the_roles_that_it_names(terraform, moto, code,
                                                             printed_policy):
    module = terraform("fleet", moto)
    given = {"name": "fleet", "zip": code, "fleet_file": "s3://fleets/fleet.json", **FLEET}

    module.apply(given)

    stack = Stack(moto, "fleet")
    printed = printed_policy(stack.environment, "fleet-scaler", "--group", "gpus-*")["Statement"]
    added = [one for one in stack.policy["Statement"] if one not in printed]
    assert [(one["Action"], one["Resource"]) for one in added] == [
        (["sts:AssumeRole"], [OTHERS_ROLE])]


@pytest.fixture
def printed_of_fleet(run_program, ecs_scaler):
    """printed_of_fleet([{"regions": ..., "role": ...}], flag, ...) -> what `ecs-scaler iam` prints
    for a fleet by tags in these accounts."""
    def ask(accounts, *flags):
        process = run_program(
            [ecs_scaler, "iam", "--fleet", "tags", "--output", "json", *flags],
            env={"FLEET_ACCOUNTS": json.dumps(accounts), "FLEET_QUEUES": "jobs-*"})
        assert process.code == 0, process.output()
        return json.loads(process.stdout())

    return ask


def test_the_role_of_an_account_may_change_what_carries_no_tag(terraform, moto, run_program,
                                                               ecs_scaler):
    terraform("account", moto).apply({
        "scaler_role_arn": OTHERS_ROLE, "external_id": "jobs/1", "role_name": "theirs",
        "regions": "eu-west-1", "tagged": False})

    printed = run_program([ecs_scaler, "iam", "--fleet", "s3://fleets/fleet.json", "--output",
                           "json", "--region", "eu-west-1", "--account", ACCOUNT])
    assert printed.code == 0, printed.output()
    read, *others = json.loads(printed.stdout())["Statement"]
    assert read["Sid"] == "ReadFleet"
    assert policy_of(moto, "theirs")["Statement"] == others


def policy_of(moto, role):
    name, = moto.client("iam").list_role_policies(RoleName=role)["PolicyNames"]
    return moto.client("iam").get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]


@pytest.mark.parametrize("groups", ["", "gpus-*"], ids=["tasks", "instances"])
def test_the_role_of_an_account_is_applied_and_destroyed(groups, terraform, moto, printed_of_fleet):
    module = terraform("account", moto)
    caller, role = "arn:aws:iam::222222222222:role/caller", f"arn:aws:iam::{ACCOUNT}:role/theirs"
    given = {"scaler_role_arn": caller, "external_id": "jobs/1", "fleet_groups": groups,
             "role_name": "theirs", "regions": "eu-west-1", "fleet_queues": "jobs-*"}

    assert module.apply(given) == {"role_arn": role}

    printed = printed_of_fleet(
        [{"role": role, "external_id": "jobs/1", "regions": ["eu-west-1"]}], "--account",
        "222222222222", "--caller", caller, *(["--group", groups] if groups else []))
    expected, = printed["roles"]
    made = moto.client("iam").get_role(RoleName="theirs")["Role"]
    assert made["AssumeRolePolicyDocument"] == expected["trust_policy"]
    assert policy_of(moto, "theirs") == expected["policy"]
    assert not drift(module.plan(given))
    module.destroy()


@pytest.mark.parametrize("external_id, right", [
    ("x", False), ("xy", True), ("a" * 1224, True), ("a" * 1225, False), ("not this", False)],
    ids=("x", "xy", "1224", "1225", "space"))
def test_an_external_id_is_what_sts_takes(external_id, right, terraform_program, tmp_path):
    """Variables need no provider."""
    shutil.copy(MODULES / "account/variables.tf", tmp_path)
    given = {"scaler_role_arn": OTHERS_ROLE, "external_id": external_id}
    (tmp_path / "terraform.tfvars.json").write_text(json.dumps(given))

    done = subprocess.run([terraform_program, "console", "-no-color"], cwd=tmp_path, text=True,
                          input="var.external_id", capture_output=True, check=False)

    assert ("Invalid value for variable" in done.stderr) == (not right), done.stderr


def network(moto):
    """A subnet and a group that are there."""
    ec2 = moto.client("ec2")
    return {"subnet_ids": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "security_group_ids": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]]}


def test_a_controller_is_applied_and_destroyed(terraform, moto, printed_of_fleet):
    module = terraform("controller", moto)
    moto.ecs.create_cluster(clusterName="main")
    given = {"name": "controller", "image": "example/ecs-scaler:1", "cluster": "main",
             "fleet_queues": "jobs-*", **network(moto), **FLEET}

    outputs = module.apply(given)

    service, = moto.ecs.describe_services(cluster="main", services=["controller"])["services"]
    assert service["desiredCount"] == 2
    container, = moto.ecs.describe_task_definition(
        taskDefinition=service["taskDefinition"])["taskDefinition"]["containerDefinitions"]
    assert container["command"][:2] == ["run", "--fleet=tags"]
    assert container["healthCheck"]["command"][:3] == ["CMD", "/ecs-scaler", "health"]
    printed = printed_of_fleet(FLEET["fleet_accounts"], "--account", ACCOUNT, "--group",
                               "gpus-*", "--lease", f"dynamodb:{outputs['lease_table_name']}")
    assert policy_of(moto, outputs["task_role_arn"].rsplit("/", 1)[1]) == printed["caller"]
    assert not drift(module.plan(given))
    module.destroy()


@pytest.mark.parametrize("interval, seconds, right", [
    ("10m", 300, False), ("10m", 660, True), ("150s", 180, True), ("300s", 300, False)])
def test_an_alarm_that_would_ring_between_two_passes_is_refused(interval, seconds, right, terraform,
                                                                moto):
    module = terraform("controller", moto)
    module.give({"name": "c", "image": "i", "cluster": "main", "interval": interval,
                 "silence_alarm_seconds": seconds, **network(moto)})

    planned = module.run("plan", "-input=false", codes=(0,) if right else (1,))

    assert (f"interval is {interval}, and silence_alarm_seconds {seconds}"
            in " ".join(planned.stderr.split())) == (not right)


def test_an_example_is_applied_and_its_jobs_outlive_it(terraform, moto, code):
    module = terraform("examples/single", moto)
    given = {"cluster": "main", "service": "worker", "zip": code}

    url = module.apply(given)["job_queue_url"]

    stack = Stack(moto, "worker-scaler")
    assert stack.environment["SQS_QUEUE_URL"] == url
    assert stack.environment["MODE"] == "latency"
    assert not drift(module.plan(given))
    refused = module.run("destroy", "-auto-approve", "-input=false", codes=(1,)).stderr
    assert "aws_sqs_queue.job[0] has lifecycle.prevent_destroy" in " ".join(refused.split())


def test_each_of_several_services_has_its_own(terraform, moto, code):
    changes = terraform("examples/several", moto).plan({"zip": code})

    functions = {address: after for address, (_, _, after) in changes.items()
                 if address.endswith("aws_lambda_function.scaler")}
    assert {after["function_name"] for after in functions.values()} == {
        "thumbnails-scaler-scaler", "transcoding-scaler-scaler"}


def test_workers_on_gpus_are_planned(terraform, moto, code):
    """Applied by nobody here: moto wants `memory` beside a container's memoryReservation."""
    changes = terraform("examples/gpu", moto).plan({
        "name": "gpu", "zip": code, "image": "example/worker:1", **network(moto)})

    after = {address: change[2] for address, change in changes.items()}
    assert after["aws_autoscaling_group.gpu"]["min_size"] == 0
    assert after["aws_ecs_service.worker"]["desired_count"] in (None, 0)
    assert after["module.scaler.aws_lambda_function.scaler"]["function_name"] == "gpu-scaler"
