"""Fixtures: osls, the packages of the release programs, packaged and deployed stacks."""

import ast
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import types
import zipfile

import pytest

from support import REGION, ROOT

OSLS = re.search(r"^OSLS=(\S+)", (ROOT / "tools/setup.sh").read_text(), re.MULTILINE).group(1)
TEMPLATE = ROOT / "deploy/cloudformation/template.yaml"


@pytest.fixture(scope="session")
def release_build(release_bin_dir):
    """The build folder of the release programs."""
    return release_bin_dir.parent


@pytest.fixture(scope="session")
def make_packages(release_build):
    """make_packages(folder): runs tools/package.py for every architecture that was built."""
    arm64 = release_build.parent / "arm64"
    builds = {"x86_64": release_build}
    if (arm64 / "bin/bootstrap").is_file():
        builds["arm64"] = arm64

    def make(folder):
        arguments = [f"{arch}={build}" for arch, build in builds.items()]
        subprocess.run([sys.executable, ROOT / "tools/package.py", "--version", "0.2.0", "--out",
                        folder, *arguments], check=True, capture_output=True)
        return folder

    make.architectures = list(builds)
    return make


@pytest.fixture(scope="session")
def dist(make_packages, tmp_path_factory):
    """What ./dev package makes."""
    return make_packages(tmp_path_factory.mktemp("packages") / "dist")


@pytest.fixture(scope="session")
def osls_program():
    program = pathlib.Path(os.environ.get(
        "SCALER_OSLS", ROOT / f".venv/osls-{OSLS}/node_modules/.bin/osls"))
    if program.exists():
        return program
    return pytest.skip(f"osls {OSLS} is not here: ./dev setup test installs it where npm is")


@pytest.fixture(scope="session")
def deploy_tree(dist, tmp_path_factory):
    """A copy of what a deployment needs of the project, with the packages in dist/."""
    tree = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "deploy", tree / "deploy")
    shutil.copytree(ROOT / "examples", tree / "examples")
    shutil.copytree(dist, tree / "dist")
    return tree


@pytest.fixture(scope="session")
def osls(osls_program, deploy_tree):
    """osls("package", folder, {"cluster": "main"}, env={}) runs it there with nothing of the
    machine but what `env` gives; its output. Without credentials it calls nobody. Fails
    the test when it fails, unless check=False.
    """
    home = deploy_tree / "home"
    home.mkdir()

    def run(verb, folder, parameters=(), *flags, env=(), check=True):
        arguments = [f"--param={name}={value}" for name, value in dict(parameters).items()]
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "CI": "1", **dict(env)}
        done = subprocess.run([osls_program, verb, *arguments, *flags], cwd=deploy_tree / folder,
                              env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=500, check=False)
        if check and done.returncode != 0:
            pytest.fail(f"osls {verb} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return types.SimpleNamespace(code=done.returncode, text=done.stdout + done.stderr)

    return run


@pytest.fixture(scope="session")
def packaged(osls, tmp_path_factory):
    """packaged(folder, parameters) -> (the path of the template that osls makes, its content)."""
    made = {}

    def package(folder, parameters=()):
        key = (folder, *dict(parameters).items())
        if key not in made:
            out = tmp_path_factory.mktemp("osls")
            osls("package", folder, parameters, "--package", str(out))
            made[key] = out / "cloudformation-template-update-stack.json"
        return made[key], json.loads(made[key].read_text())

    return package


@pytest.fixture(scope="session")
def cfn_lint():
    """cfn_lint(path): its complaints."""

    def lint(*paths):
        program = pathlib.Path(sys.executable).parent / "cfn-lint"
        done = subprocess.run([program, "--regions", REGION, "--", *map(str, paths)],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0 or done.stdout.strip(), done.stderr
        return done.stdout.strip()

    return lint


def expand_sam(code, path=TEMPLATE):
    """A SAM template as CloudFormation gets it; `code` is an S3 URI."""
    from samtranslator.translator.transform import transform
    from samtranslator.yaml_helper import yaml_parse

    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    template = yaml_parse(path.read_text())
    template["Resources"]["EcsScalerLambdaFunction"]["Properties"]["CodeUri"] = code
    return transform(template, {}, types.SimpleNamespace(load=lambda: {}))


@pytest.fixture(scope="session")
def sam_template():
    return expand_sam("s3://code/bootstrap.zip")


@pytest.fixture(scope="session")
def fleet_template():
    return expand_sam("s3://code/bootstrap.zip", TEMPLATE.with_name("fleet.yaml"))


@pytest.fixture
def deploy_sam(moto, sam_template, tmp_path):
    """deploy_sam(name, Cluster="main", ...) creates the stack in moto; the Stack."""

    def deploy(name, archive=None, template=sam_template, **parameters):
        s3, cloudformation = moto.client("s3"), moto.client("cloudformation")
        if archive is None:
            archive = tmp_path / "empty.zip"
            zipfile.ZipFile(archive, "w").close()
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="bootstrap.zip", Body=pathlib.Path(archive).read_bytes())
        cloudformation.create_stack(
            StackName=name, TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": str(value)}
                        for key, value in parameters.items()])
        return Stack(moto, name)

    return deploy


class Stack:
    """A deployed stack, read back through the API and never from its template."""

    def __init__(self, moto, name):
        self.moto, self.name, self.function_name = moto, name, f"{name}-scaler"
        self.configuration = moto.lambda_.get_function_configuration(
            FunctionName=self.function_name)
        self.environment = self.configuration["Environment"]["Variables"]

    def mapping(self, queue_url):
        """The function's mapping on a queue as it now is; None without one."""
        arn = self.queue(queue_url)["QueueArn"]
        mappings = self.moto.lambda_.list_event_source_mappings(FunctionName=self.function_name)
        found = [mapping for mapping in mappings["EventSourceMappings"]
                 if mapping["EventSourceArn"] == arn]
        assert len(found) <= 1
        return found[0] if found else None

    def queue(self, url):
        answer = self.moto.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return answer["Attributes"]

    @property
    def rule(self):
        """The one rule whose target is the function."""
        events = self.moto.client("events")
        names = events.list_rule_names_by_target(TargetArn=self.configuration["FunctionArn"])
        name, = names["RuleNames"]
        return events.describe_rule(Name=name)

    @property
    def role_name(self):
        return self.configuration["Role"].split("/")[-1]

    @property
    def policy(self):
        """The one policy that the function's role has."""
        iam = self.moto.client("iam")
        name, = iam.list_role_policies(RoleName=self.role_name)["PolicyNames"]
        assert not iam.list_attached_role_policies(RoleName=self.role_name)["AttachedPolicies"]
        document = iam.get_role_policy(RoleName=self.role_name, PolicyName=name)["PolicyDocument"]
        if isinstance(document, str):  # moto keeps it as Python text, and what is left out as None
            document = ast.literal_eval(document)
        kept = [statement for statement in document["Statement"] if statement is not None]
        return {**document, "Statement": kept}


@pytest.fixture
def accepted(run_program, ecs_scaler):
    """accepted(environment): the program reads these variables without a complaint."""
    def check(environment):
        process = run_program([ecs_scaler, "config"], env=environment)
        assert process.code == 0, process.output()

    return check


@pytest.fixture
def printed_policy(run_program, ecs_scaler):
    """printed_policy(environment, function name, flag, ...) -> what `ecs-scaler iam` prints."""

    def print_policy(environment, function_name, *flags):
        process = run_program([ecs_scaler, "iam", "--output", "json", "--function-name",
                               function_name, *flags], env=environment)
        assert process.code == 0, process.output()
        return json.loads(process.stdout())

    return print_policy


@pytest.fixture
def terraform_program():
    return shutil.which("terraform") or pytest.skip(
        "terraform is not on PATH, and Debian has no package of it")


@pytest.fixture
def terraform_settings(tmp_path, terraform_program):
    """terraform_settings(variables) -> what deploy/terraform makes of them: the function's
    environment, what is missing in it, its role's policy, the dashboard's widgets. Without a
    provider; the queues' ARNs and URLs are as they would be.
    """
    module = ROOT / "deploy/terraform"

    def evaluate(variables, check=True):
        for name in ("variables.tf", "policy.tf", "dashboard.tf"):
            shutil.copy(module / name, tmp_path)
        text = (module / "settings.tf").read_text()
        text = re.sub(r"one\(aws_sqs_queue\.(\w+)\[\*\]\.url\)", r"local.\1_url", text)
        (tmp_path / "settings.tf").write_text(text)
        locals_ = json.dumps({"locals": terraform_stand_ins(variables)})
        (tmp_path / "stand_ins.tf.json").write_text(locals_)
        given = {"name": "scaler", "cluster": "main", "service": "worker", "zip": "x", **variables}
        (tmp_path / "terraform.tfvars.json").write_text(json.dumps(given))
        asked = ("jsonencode({environment = local.environment, policy = jsondecode(local.policy),"
                 " widgets = local.widgets, missing = local.missing})\n")
        done = subprocess.run([terraform_program, "console"], cwd=tmp_path, capture_output=True,
                              text=True, input=asked, check=False,
                              env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
        if not check:
            return done.stdout + done.stderr
        assert done.returncode == 0, done.stderr
        return json.loads(json.loads(done.stdout.strip().splitlines()[-1]))

    return evaluate


def terraform_stand_ins(variables):
    """What main.tf and the provider would say of the queues and the account."""
    account = f"{REGION}:123456789012"
    urls = f"https://sqs.{REGION}.amazonaws.com/123456789012"
    ticks, doorbell = variables.get("tick_seconds", 10) != 0, variables.get("doorbell", False)
    return {"partition": "aws", "region": REGION, "account": "123456789012", "queue_name": "work",
            "job_queue_arn": f"arn:aws:sqs:{account}:work", "job_queue_url": f"{urls}/work",
            "tick_queue_arn": f"arn:aws:sqs:{account}:scaler-ticks",
            "tick_url": f"{urls}/scaler-ticks" if ticks else None,
            "doorbell_arn": f"arn:aws:sqs:{account}:scaler-doorbell",
            "doorbell_url": f"{urls}/scaler-doorbell" if doorbell else None}


def pytest_collection_modifyitems(items):
    """Packaging and deploying take minutes: ./dev test --all."""
    here = pathlib.Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)
