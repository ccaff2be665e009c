"""Region, account and endpoint are those of the names that the user gave: who is asked for what,
and for which region each call is signed. Two fake AWSes stand for the SQS of two regions."""

import json

import botocore.endpoint_provider
import botocore.loaders
import pytest

from fake_aws import ACCOUNT, FakeAws
from lambda_host import RuntimeApi
from support import TEST_KEYS, wait_until

NEAR, FAR = "us-east-1", "eu-west-1"
POLICY = {"mode": "backlog", "backlog_per_task": 1, "tasks_max": 50}
SCHEDULE = {"source": "aws.events", "detail": {}}


def queue_at(aws, region, name="jobs"):
    """A URL whose host is that fake, and whose path says the region."""
    return f"{aws.url}/queue/{region}/{ACCOUNT}/{name}"


def aws_url(region, name="jobs"):
    return f"https://sqs.{region}.amazonaws.com/{ACCOUNT}/{name}"


def service_arn(region, name="worker", account=ACCOUNT):
    return f"arn:aws:ecs:{region}:{account}:service/main/{name}"


@pytest.fixture
def regions():
    """SQS in the near region, SQS in the far region, and the ECS of both."""
    fakes = [FakeAws(), FakeAws(), FakeAws(("worker", "other"))]
    for fake in fakes[:2]:
        fake.queues = {"jobs": (0, 0, 0)}
    yield fakes
    for fake in fakes:
        fake.close()


@pytest.fixture
def fake_aws(fake_aws):
    fake_aws.queues["jobs"] = (3, 0, 0)
    return fake_aws


def scopes(aws):
    return {(operation, scope) for operation, scope, _ in aws.signed}


def write_fleet(path, *services):
    path.write_text(json.dumps({"defaults": POLICY, "services": [
        {"cluster": "main", "service": service, "queues": [queue]}
        for service, queue in services]}))
    return path


def test_two_regions_in_one_run(start_process, ecs_scaler, regions, tmp_path):
    near, far, ecs = regions
    far.queues["jobs"] = (3, 0, 0)
    fleet = write_fleet(tmp_path / "fleet.json", ("worker", queue_at(far, FAR)),
                        (service_arn(FAR, "other"), queue_at(near, NEAR)))

    start_process([ecs_scaler, "run", "--config", fleet, "--interval", "200ms"],
                  env={"AWS_REGION": NEAR, "AWS_ENDPOINT_URL_ECS": ecs.url})
    wait_until(lambda: ecs.services["worker"] == 3 and len(near.signed) > 2, what="the scale-out")

    assert ecs.services["other"] == 0
    assert scopes(near) == {("GetQueueAttributes", f"{NEAR}/sqs")}
    assert scopes(far) == {("GetQueueAttributes", f"{FAR}/sqs")}
    for operation, scope, body in ecs.signed:
        far_service = "other" in json.dumps(body)
        assert scope == (f"{FAR}/ecs" if far_service else f"{NEAR}/ecs"), (operation, body)
    assert {"DescribeServices", "UpdateService"} <= {operation for operation, _, _ in ecs.signed}


@pytest.mark.parametrize("command", [["once"], ["explain"]])
@pytest.mark.parametrize("queue, region", [
    (aws_url(FAR), FAR),
    (f"https://{FAR}.queue.amazonaws.com/{ACCOUNT}/jobs", FAR),
    (f"https://queue.amazonaws.com/{ACCOUNT}/jobs", "us-east-1"),
    (f"https://vpce-1-2.sqs.{FAR}.vpce.amazonaws.com/{ACCOUNT}/jobs", FAR),
    (f"arn:aws:sqs:{FAR}:{ACCOUNT}:jobs", FAR),
])
def test_an_endpoint_variable_wins_and_the_queues_region_signs(run_program, ecs_scaler, fake_aws,
                                                              command, queue, region):
    process = run_program([ecs_scaler, *command], env={
        "AWS_REGION": "us-west-2", "AWS_ENDPOINT_URL": fake_aws.url, "SQS_QUEUE_URL": queue,
        "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "worker"})

    assert process.code == 0, process.output()
    assert ("GetQueueAttributes", f"{region}/sqs") in scopes(fake_aws)
    assert ("DescribeServices", "us-west-2/ecs") in scopes(fake_aws)


def test_no_default_region_is_needed_where_all_names_say_theirs(run_program, ecs_scaler, fake_aws):
    process = run_program([ecs_scaler, "once"], env={
        "AWS_REGION": None, "AWS_ENDPOINT_URL": fake_aws.url, "SQS_QUEUE_URL": aws_url(FAR),
        "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": service_arn(NEAR)})

    assert process.code == 0, process.output()
    assert {scope for _, scope in scopes(fake_aws)} == {f"{FAR}/sqs", f"{NEAR}/ecs"}


def test_the_function_does_the_same(start_process, bootstrap, fake_aws):
    api = RuntimeApi()
    start_process([bootstrap], env={
        **TEST_KEYS, "AWS_REGION": NEAR, "AWS_ENDPOINT_URL": fake_aws.url,
        "AWS_LAMBDA_RUNTIME_API": api.address, "SQS_QUEUE_URL": aws_url(FAR),
        "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "worker"})
    try:
        api.invoke(SCHEDULE, f"arn:aws:lambda:{NEAR}:{ACCOUNT}:function:scaler", timeout=30)
    finally:
        api.shutdown()

    assert fake_aws.services["worker"] > 0
    assert {scope for _, scope in scopes(fake_aws)} == {f"{FAR}/sqs", f"{NEAR}/ecs"}


def test_doctor_asks_where_the_names_say(run_program, ecs_scaler, fake_aws):
    run_program([ecs_scaler, "doctor", "--queue-url", aws_url(FAR), "--cluster", "main",
                 "--service", service_arn("eu-west-2")],
                env={"AWS_REGION": None, "AWS_ENDPOINT_URL": fake_aws.url})

    assert ("GetQueueAttributes", f"{FAR}/sqs") in scopes(fake_aws)
    assert ("DescribeServices", "eu-west-2/ecs") in scopes(fake_aws)
    assert "eu-west-2/sts" in {scope for _, scope in scopes(fake_aws)}
    assert ("DescribeScalableTargets", "eu-west-2/application-autoscaling") in scopes(fake_aws)


CONTRADICTIONS = [
    ({"SQS_QUEUE_URL": f"https://sqs.{FAR}.amazonaws.com.cn/{ACCOUNT}/jobs"},
     "eu-west-1 is one of the partition aws, whose domain is amazonaws.com"),
    ({"SQS_QUEUE_URL": f"https://s3.{FAR}.amazonaws.com/{ACCOUNT}/jobs"}, "is no host of SQS"),
    ({"SQS_QUEUE_URL": f"arn:aws:sqs:cn-north-1:{ACCOUNT}:jobs"}, "partition aws-cn, not of aws"),
    ({"SQS_QUEUE_URL": f"https://sqs.cn-north-1.amazonaws.com.cn/{ACCOUNT}/jobs"},
     "no credentials are good for both"),
    ({"ECS_CLUSTER_NAME": "other", "ECS_SERVICE_NAME": service_arn(NEAR)}, "another cluster"),
    ({"ECS_CLUSTER_NAME": f"arn:aws:ecs:{FAR}:{ACCOUNT}:cluster/main",
      "ECS_SERVICE_NAME": service_arn(NEAR)}, "another region"),
    ({"ECS_CLUSTER_NAME": f"arn:aws:ecs:{NEAR}:210987654321:cluster/main",
      "ECS_SERVICE_NAME": service_arn(NEAR)}, "another account"),
    ({"AWS_ENDPOINT_URL_SQS": "https://sqs.us-east-1.amazonaws.com"},
     "AWS_ENDPOINT_URL_SQS: sqs.us-east-1.amazonaws.com is the endpoint of us-east-1"),
    ({"AWS_USE_FIPS_ENDPOINT": "true"}, "no FIPS endpoint of SQS is known in eu-west-1"),
    ({"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"}, "are both true"),
    ({"AWS_USE_FIPS_ENDPOINT": "1"}, "AWS_USE_FIPS_ENDPOINT: '1' is neither true nor false"),
]


@pytest.mark.parametrize("change, complaint", CONTRADICTIONS)
def test_contradictions_are_refused_by_name(run_program, start_process, ecs_scaler, bootstrap,
                                            change, complaint):
    environment = {"AWS_REGION": NEAR, "SQS_QUEUE_URL": aws_url(FAR), "ECS_CLUSTER_NAME": "main",
                   "ECS_SERVICE_NAME": "worker", **change}
    for command in (["config"], ["once"], ["explain"], ["run"], ["doctor"]):
        process = run_program([ecs_scaler, *command], env=environment)
        assert process.code == 3, (command, process.output())
        assert complaint in process.stderr(), process.output()
        assert process.stderr().count("\n") == 1, process.output()
    api = RuntimeApi()
    function = start_process([bootstrap],
                             env={**environment, "AWS_LAMBDA_RUNTIME_API": api.address})
    assert function.wait() == 1
    api.shutdown()
    assert complaint in function.stdout()


def test_config_says_where_everything_is(run_program, ecs_scaler, tmp_path):
    fleet = tmp_path / "fleet.json"
    vpc_host = "https://vpce-1.sqs.eu-west-2.vpce.amazonaws.com"
    vpc = vpc_host + "/210987654321/large"
    fleet.write_text(json.dumps({"defaults": POLICY, "services": [
        {"cluster": "main", "service": "worker", "queues": [aws_url(FAR), vpc]},
        {"cluster": "main", "service": service_arn("eu-west-2", "other"), "queues": [vpc]}]}))

    process = run_program([ecs_scaler, "config", fleet], env={"AWS_REGION": NEAR})

    assert process.code == 0, process.output()
    assert process.stdout() == f"""main/worker: 2 queues
  service                  {NEAR}, the credentials' account, https://ecs.us-east-1.amazonaws.com
  queue jobs               eu-west-1, account {ACCOUNT}, https://sqs.eu-west-1.amazonaws.com
  queue large              eu-west-2, account 210987654321, {vpc_host}
main/{service_arn("eu-west-2", "other")}: 1 queue
  service                  eu-west-2, account {ACCOUNT}, https://ecs.eu-west-2.amazonaws.com
  queue large              eu-west-2, account 210987654321, {vpc_host}
"""
    without = run_program([ecs_scaler, "config", fleet], env={"AWS_REGION": None})
    assert without.code == 0, without.output()
    assert "the credentials' account, region: none, for AWS_REGION is not set" in without.stdout()


LOADER = botocore.loaders.Loader()
PARTITIONS = LOADER.load_data("partitions")
REGIONS = [(partition["id"], region) for partition in PARTITIONS["partitions"]
           for region in partition["regions"] if not region.endswith("-global")]


def botocore_endpoint(service, region, kind):
    rules = LOADER.load_service_model(service, "endpoint-rule-set-1")
    return botocore.endpoint_provider.EndpointProvider(rules, PARTITIONS).resolve_endpoint(
        Region=region, UseFIPS=kind == "FIPS", UseDualStack=kind == "DUALSTACK").url


def has_fips_endpoint(service, region):
    """By the list of what is there; the rules above make a name up for any region."""
    for partition in LOADER.load_data("endpoints")["partitions"]:
        endpoint = partition["services"].get(service, {}).get("endpoints", {}).get(region, {})
        if any(variant["tags"] == ["fips"] for variant in endpoint.get("variants", [])):
            return True
    return False


def config_of_regions(run_program, ecs_scaler, tmp_path, regions, kind):
    fleet = tmp_path / "fleet.json"
    fleet.write_text(json.dumps({"services": [
        {"cluster": "c", "service": f"arn:{partition}:ecs:{region}:{ACCOUNT}:service/c/s",
         "queues": [f"arn:{partition}:sqs:{region}:{ACCOUNT}:q"]}
        for partition, region in regions]}))
    return run_program([ecs_scaler, "config", fleet], env={f"AWS_USE_{kind}_ENDPOINT": "true"})


@pytest.mark.parametrize("kind", ["NO", "DUALSTACK", "FIPS"])
def test_the_endpoints_are_those_of_botocore(run_program, ecs_scaler, tmp_path, kind):
    regions = [(partition, region) for partition, region in REGIONS
               if kind != "FIPS" or all(has_fips_endpoint(service, region)
                                        for service in ("ecs", "sqs"))]

    process = config_of_regions(run_program, ecs_scaler, tmp_path, regions, kind)

    assert process.code == 0, process.output()
    told = [line.rsplit(" ", 1)[1] for line in process.stdout().splitlines() if line[0] == " "]
    assert told == [botocore_endpoint(service, region, kind)
                    for _, region in regions for service in ("ecs", "sqs")]
    assert len(regions) >= (6 if kind == "FIPS" else 40)


def test_a_fips_endpoint_that_is_not_there_is_refused(run_program, ecs_scaler, tmp_path):
    for partition, region in REGIONS:
        missing = [name for service, name in (("ecs", "ECS"), ("sqs", "SQS"))
                   if not has_fips_endpoint(service, region)]
        process = config_of_regions(run_program, ecs_scaler, tmp_path, [(partition, region)],
                                    "FIPS")
        assert process.code == (3 if missing else 0), (region, process.output())
        assert all(f"no FIPS endpoint of {name} is known in {region}" in process.stderr()
                   for name in missing), process.output()
