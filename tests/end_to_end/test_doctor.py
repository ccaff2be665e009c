"""`ecs-scaler doctor` on moto, an AWS that others wrote, and on the embedded AWS."""

import json

import pytest


@pytest.fixture
def doctor(run_program, ecs_scaler):
    def run(*flags, **environment):
        process = run_program([ecs_scaler, "doctor", "--output", "json", *flags], env=environment)
        assert process.stdout(), process.output()
        return process.code, json.loads(process.stdout())

    return run


def subjects(report, severity):
    return {finding["subject"] for finding in report["findings"]
            if finding["severity"] == severity}


def test_tells_what_is_wrong_on_moto_and_changes_nothing(moto_service, doctor):
    moto_service.moto.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs", ResourceId="service/main/worker",
        ScalableDimension="ecs:service:DesiredCount", MinCapacity=0, MaxCapacity=4)
    moto_service.moto.ecs.tag_resource(
        resourceArn=moto_service.describe()["serviceArn"],
        tags=[{"key": "ecs-scaler:state", "value": "v77 from the future"}])
    before = moto_service.describe()

    code, report = doctor(**moto_service.environment)

    assert code == 1 and report["healthy"] is False
    assert "other scaler" in subjects(report, "problem"), report
    assert subjects(report, "risk") >= {"queue", "state"}, report  # No dead-letter queue.
    assert moto_service.describe() == before


def test_names_what_does_not_exist_on_moto(moto_service, doctor):
    code, report = doctor(**{**moto_service.environment, "ECS_SERVICE_NAME": "missing",
                             "SQS_QUEUE_URL": moto_service.queue_url + "-missing"})

    assert code == 1
    assert subjects(report, "problem") >= {"queue", "service"}, report


def test_a_deployment_on_the_embedded_aws_has_no_problem_but_its_visibility(emulator, bootstrap,
                                                                            doctor):
    running = emulator(lambda_=bootstrap)

    _, report = doctor("--function", "ecs-scaler", AWS_ENDPOINT_URL=running.endpoint)

    seen = {finding["seen"] for finding in report["findings"]}
    assert any("less than 6 times the function's timeout" in text for text in seen), report
    assert not subjects(report, "problem"), report


def test_the_function_that_a_flag_names_goes_before_what_a_shell_has_left(emulator, bootstrap,
                                                                          doctor):
    running = emulator(lambda_=bootstrap)
    left = {"SQS_QUEUE_URL": running.queue_url + "-of-yesterday",
            "AWS_ENDPOINT_URL": running.endpoint}

    _, by_flag = doctor("--function", "ecs-scaler", **left)
    _, by_variables = doctor(**left, ECS_SCALER_FUNCTION="ecs-scaler")

    assert "queue" not in subjects(by_flag, "problem"), by_flag
    assert "queue" in subjects(by_variables, "problem"), by_variables


def test_ends_with_0_on_a_fresh_embedded_aws(emulator, doctor):
    running = emulator()

    code, report = doctor("--queue-url", running.queue_url, "--cluster", running.cluster,
                          "--service", running.service, AWS_ENDPOINT_URL=running.endpoint)

    assert (code, subjects(report, "problem")) == (0, set()), report


def test_finds_the_other_scaler_on_the_embedded_aws(emulator, doctor):
    running = emulator()
    running.aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs", ResourceId=f"service/{running.cluster}/{running.service}",
        ScalableDimension="ecs:service:DesiredCount", MinCapacity=0, MaxCapacity=4)

    code, report = doctor("--queue-url", running.queue_url, "--cluster", running.cluster,
                          "--service", running.service, AWS_ENDPOINT_URL=running.endpoint)

    assert (code, subjects(report, "problem")) == (1, {"other scaler"}), report


def test_tells_of_other_hands_and_of_messages_that_nobody_works_on(emulator, doctor):
    running = emulator()
    service = running.aws.ecs.update_service(
        cluster=running.cluster, service=running.service,
        availabilityZoneRebalancing="ENABLED")["service"]
    running.aws.ecs.tag_resource(resourceArn=service["serviceArn"],
                                 tags=[{"key": "copilot-application", "value": "shop"}])
    running.send(2)
    running.aws.sqs.receive_message(QueueUrl=running.queue_url)
    flags = ("--queue-url", running.queue_url, "--cluster", running.cluster,
             "--service", running.service)

    _, report = doctor(*flags, AWS_ENDPOINT_URL=running.endpoint)
    _, protected = doctor(*flags, AWS_ENDPOINT_URL=running.endpoint, SCALE_IN_WHEN="protected")

    seen = {finding["seen"]: finding for finding in report["findings"]}
    rebalancing = "availability-zone rebalancing is on, and SCALE_IN_WHEN is idle"
    assert seen[rebalancing]["severity"] == "risk", report
    assert seen["its tag copilot-application=shop says that Copilot manages it"]["page"] == \
        "docs/infrastructure-tools.md#copilot"
    assert "1 message is in flight, and no task runs" in seen, report
    assert rebalancing not in {finding["seen"] for finding in protected["findings"]}, protected


def test_names_the_action_that_is_denied(emulator, doctor):
    running = emulator()
    running.call("faults", {"operation": "DescribeServices", "fault": "denied", "count": 100})

    code, report = doctor("--queue-url", running.queue_url, "--cluster", running.cluster,
                          "--service", running.service, AWS_ENDPOINT_URL=running.endpoint)

    assert code == 1
    advice = [finding["advice"] for finding in report["findings"]
              if finding["subject"] == "permissions"]
    assert any("ecs:DescribeServices" in text for text in advice), report


@pytest.mark.parametrize("environment, named", [
    ({}, "neither --queue-url nor SQS_QUEUE_URL"),
    ({"AWS_REGION": None, "SQS_QUEUE_URL": "http://127.0.0.1:1/000000000000/jobs",
      "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "worker"}, "AWS_REGION"),
])
def test_says_what_it_must_be_told(run_program, ecs_scaler, environment, named):
    process = run_program([ecs_scaler, "doctor"], env=environment)

    assert process.code == 3 and named in process.stderr(), process.output()


def test_a_fleet_that_names_all_places_is_asked_for_without_a_region(emulator, run_program,
                                                                     ecs_scaler, tmp_path):
    """Who asked was not told, and no account was compared, where AWS_REGION was not set."""
    running = emulator()
    (tmp_path / "fleet.yaml").write_text(
        "services: [{cluster: 'arn:aws:ecs:us-east-1:000000000000:cluster/test', service: worker,"
        " queues: ['arn:aws:sqs:us-east-1:000000000000:jobs']}]")

    process = run_program([ecs_scaler, "doctor", "--config", tmp_path / "fleet.yaml"],
                          env={"AWS_ENDPOINT_URL": running.endpoint, "AWS_REGION": None})

    assert process.code == 0, process.output()
    assert process.stdout().startswith("Asked as arn:aws:"), process.output()
