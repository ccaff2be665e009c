"""The instances under the tasks, in real processes: `bootstrap` and `ecs-scaler` drive a group of
the embedded AWS, follow one that AWS drives, and refuse what they must not touch."""

import re
import urllib.request

import pytest
from instance_fleet import GROUP, OWN
from support import instant, wait_until

NO_SCHEDULE = {"schedule": "0s"}


def test_from_no_instance_to_tasks_and_back_to_none(start_fleet):
    fleet = start_fleet(OWN)
    job = fleet.job
    assert fleet.instances() == (0, 0)

    job.emulator.send(9)
    job.wait_until_processed(9)
    job.wait_until_asleep()
    fleet.wait_for_instances(0, 0)

    job.assert_nothing_lost(9)
    assert job.status()["lambda"]["errors"] == 0
    assert {"tasks_to_place", "launched", "idle", "draining", "ending"} <= fleet.told()
    calls = fleet.calls()
    assert calls["TerminateInstanceInAutoScalingGroup"] == 3
    last = fleet.records()[-1]["instances"]
    assert (last["group"], last["desired"], last["in_service"]) == ("instances", 0, 0)

    def left_alone():
        before = fleet.calls()
        job.tick_the_clock()
        return fleet.calls() == before

    wait_until(left_alone, what="rest, at which the group is not looked at")


def test_a_wake_asks_for_task_and_instance_in_one_invocation(start_fleet):
    fleet = start_fleet(OWN, **NO_SCHEDULE)
    fleet.job.tick_the_clock()  # It enables the mapping.
    fleet.job.wait_for_mapping("Enabled")

    fleet.job.emulator.send(1)
    fleet.job.wait_for_desired(3)
    wait_until(lambda: fleet.instances()[0] == 3, what="three instances")

    def actions():
        return [action for line in fleet.job.function_lines()
                if line["message"] == "pass" and line["trigger"] == "wake"
                for action in line["record"]["instances"]["actions"]]

    wait_until(actions, what="the record of the wake")
    assert actions() == [{"action": "set_desired", "desired": 3}]


@pytest.mark.parametrize("order", ["tasks_first", "instances_first"])
def test_either_order_of_a_scale_out_works_the_queue_off(start_fleet, order):
    fleet = start_fleet([*OWN, f"CAPACITY_ORDER={order}", "WAKE=false"])
    job = fleet.job

    job.emulator.send(6)
    job.wait_until_processed(6)

    job.assert_nothing_lost(6)
    told = {step["rule"] for record in fleet.records() for step in record["decision"]["steps"]
            if "instances come first" in step["note"]}
    assert bool(told) == (order == "instances_first")


@pytest.mark.slow
@pytest.mark.parametrize("operation, fault", [
    ("SetDesiredCapacity", "lost"), ("UpdateContainerInstancesState", "lost"),
    ("TerminateInstanceInAutoScalingGroup", "lost"), ("TagResource", "denied"),
    ("DescribeContainerInstances", "malformed"), ("Invocation", "crash")])
def test_whatever_is_lost_or_dies_no_job_is(start_fleet, operation, fault):
    fleet = start_fleet(OWN)
    job = fleet.job
    strike = job.harm if operation == "Invocation" else lambda *how, **more: job.fault(
        operation, *how, **more)
    strike(fault, count=8, probability=0.5)

    job.emulator.send(9)
    job.wait_until_processed(9, timeout=100)
    job.wait_until_asleep()
    fleet.wait_for_instances(0, 0, timeout=100)

    totals = job.status()["totals"]
    assert (totals["processed"], totals["killed_while_working"], totals["lost"]) == (9, 0, 0)


@pytest.mark.slow
def test_no_instance_ends_while_a_task_on_it_stops(start_fleet):
    fleet = start_fleet([*OWN, "SCALE_UP_TARGET=1", "INSTANCE_IDLE=0"], task_stop="35s")
    fleet.job.emulator.send(1)
    fleet.job.wait_until_processed(1)
    fleet.wait_for_instances(0, 0, timeout=100)

    stopped = max(instant(event) for event in fleet.job.emulator.call("events")["events"]
                  if event["kind"] == "task_stopped")
    ended = [activity["StartTime"] for activity in fleet.groups.describe_scaling_activities(
        AutoScalingGroupName="instances")["Activities"]
        if activity["Description"].startswith("Terminating")]
    assert ended and min(ended) >= stopped


def test_a_group_that_aws_drives_is_refused_and_the_tasks_are_scaled(start_fleet):
    fleet = start_fleet(OWN, instances_managed=True)

    fleet.job.emulator.send(3)
    fleet.job.wait_for_desired(3)
    fleet.job.tick_the_clock()
    fleet.job.tick_the_clock()

    warnings = [text for text in fleet.warnings() if "managed scaling on" in text]
    assert warnings and "the group is left alone" in warnings[0]
    assert len(warnings) < len(fleet.records()), "once an hour and process"
    assert not {"SetDesiredCapacity", "UpdateContainerInstancesState"} & set(fleet.calls())
    assert fleet.job.status()["lambda"]["errors"] == 0


def test_following_asks_for_the_first_instances_on_a_wake_and_is_silent_at_rest(start_fleet):
    fleet = start_fleet(["INSTANCE_TASKS=1", "SCALE_UP_TARGET=2"], instances_managed=True,
                        **NO_SCHEDULE)
    fleet.job.tick_the_clock()
    fleet.job.tick_the_clock()
    assert fleet.calls() == {}

    fleet.job.emulator.send(4)
    wait_until(lambda: fleet.job.tick_the_clock() and fleet.instances()[0] > 0, what="instances")

    assert fleet.instances()[0] == 2
    asked = fleet.calls()
    assert asked["SetDesiredCapacity"] == 1
    assert "ListContainerInstances" not in asked
    fleet.job.tick_the_clock()
    assert fleet.calls() == asked


def test_what_is_denied_of_instances_holds_no_task(start_fleet):
    fleet = start_fleet(OWN)
    fleet.job.fault("DescribeAutoScalingGroups", "denied")

    fleet.job.emulator.send(3)
    fleet.job.wait_for_desired(3)

    wait_until(lambda: fleet.job.status()["lambda"]["errors"] > 0, what="a failed invocation")
    assert fleet.instances() == (0, 0)
    fleet.job.heal()
    fleet.job.wait_until_processed(3)


# --- from the command line ----------------------------------------------------------------------


@pytest.fixture
def place(emulator):
    """An emulator without a function, and the variables of its service."""
    def start(**options):
        running = emulator(instances=GROUP, instance_start="1s", task_start="200ms",
                           task_stop="200ms", work_time="500ms", **options)
        return running, {
            "SQS_QUEUE_URL": running.queue_url, "ECS_CLUSTER_NAME": running.cluster,
            "ECS_SERVICE_NAME": running.service, "AWS_ENDPOINT_URL": running.endpoint,
            "SCALE_UP_TARGET": 2, "SCALE_DOWN_THRESHOLD": 0.03, "BUSY_WINDOW": 1,
            "CAPACITY": "own", "INSTANCE_IDLE": 1}

    return start


def desired_instances(running):
    return running.aws.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=["instances"])["AutoScalingGroups"][0]["DesiredCapacity"]


def test_a_controller_starts_and_ends_instances(start_process, run_program, ecs_scaler, place):
    running, environment = place()
    controller = start_process([ecs_scaler, "run", "--interval", "1s", "--listen", "127.0.0.1:0"],
                               env=environment,
                               ready=lambda process: "metrics_port" in process.output())
    running.send(3)
    wait_until(lambda: desired_instances(running) > 0, what="an instance")
    wait_until(lambda: running.call("status")["totals"]["processed"] == 3, what="the work")
    address = "127.0.0.1:" + re.search(r'"metrics_port":(\d+)', controller.output()).group(1)
    status = run_program([ecs_scaler, "status", "--listen", address], env=environment)
    assert re.search(r"on \d / \d instances", status.stdout()), status.output()
    page = urllib.request.urlopen(f"http://{address}/metrics").read().decode()
    assert "ecs_scaler_instances_desired{" in page
    wait_until(lambda: desired_instances(running) == 0, 60, what="the end of the instances")
    assert running.call("status")["totals"]["killed_while_working"] == 0


def test_of_two_controllers_on_one_group_neither_ends_an_instance(start_process, ecs_scaler, place):
    running, environment = place()
    ecs, sqs = running.aws.ecs, running.aws.sqs
    queue = sqs.create_queue(QueueName="other")["QueueUrl"]
    first = ecs.describe_services(cluster=running.cluster,
                                  services=[running.service])["services"][0]
    ecs.create_service(cluster=running.cluster, serviceName="other", desiredCount=0,
                       taskDefinition=first["taskDefinition"],
                       capacityProviderStrategy=first["capacityProviderStrategy"])
    other = {**environment, "SQS_QUEUE_URL": queue, "ECS_SERVICE_NAME": "other"}
    tag = [{"key": "ecs-scaler:state", "value": "v2"}]
    for name in (running.service, "other"):  # Each has been scaled before.
        arn = ecs.describe_services(cluster=running.cluster,
                                    services=[name])["services"][0]["serviceArn"]
        ecs.tag_resource(resourceArn=arn, tags=tag)
    controllers = [start_process([ecs_scaler, "run", "--interval", "1s"], env=env,
                                 ready=lambda process: process.output())
                   for env in (environment, other)]
    running.send(1)
    wait_until(lambda: running.call("status")["totals"]["processed"] == 1, what="the work")

    wait_until(lambda: "another process scales other" in controllers[0].output(), 60,
               what="a warning")
    wait_until(lambda: ecs.describe_services(cluster=running.cluster, services=[running.service])[
        "services"][0]["runningCount"] == 0, 60, what="no task")
    assert desired_instances(running) == 2
    states = {one["status"] for one in ecs.describe_container_instances(
        cluster=running.cluster, containerInstances=ecs.list_container_instances(
            cluster=running.cluster)["containerInstanceArns"])["containerInstances"]}
    assert states == {"ACTIVE"}


def test_explain_tells_the_groups_steps_and_changes_nothing(run_program, ecs_scaler, place):
    running, environment = place()
    running.send(3)

    process = run_program([ecs_scaler, "explain"], env=environment)

    assert process.code == 0, process.output()
    text = process.stdout()
    assert "capacity provider instances (group instances): desired 0, at most 3;" in text
    assert re.search(r"tasks_to_place +0  worker: 2 tasks wanted, 0 placed, 2 to place", text), text
    assert re.search(r"launched +1  1 instance more -> 1", text), text
    assert desired_instances(running) == 0


def test_explain_says_what_a_group_that_aws_drives_costs(run_program, ecs_scaler, place):
    _, environment = place(instances_managed=True)

    process = run_program([ecs_scaler, "explain"], env={**environment, "CAPACITY": "follow"})

    assert "2 instances, at least 15 min each, on every wake from none" in process.stdout()


@pytest.mark.parametrize("managed, words", [
    (True, "CAPACITY is own, but the group instances is left alone: its capacity provider has "
           "managed scaling on"),
    (False, None)])
def test_doctor_says_whether_the_group_would_be_driven(run_program, ecs_scaler, place, managed,
                                                       words):
    _, environment = place(**{"instances_managed": True} if managed else {})

    process = run_program([ecs_scaler, "doctor"], env=environment)

    assert (words in process.stdout()) if words else (
        "left alone" not in process.stdout()), process.output()
