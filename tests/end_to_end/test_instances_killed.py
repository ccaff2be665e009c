"""Instances in real processes while the function dies at its calls to AWS, while Spot takes an
instance back, and while the zones are balanced: no task at work is stopped, and the group ends with
no instance."""

import collections
import json
import random
import time

import pytest
from instance_fleet import OWN
from support import wait_until

pytestmark = pytest.mark.timeout(400)
CHANGES = {"UpdateService", "SetDesiredCapacity", "TagResource", "UntagResource",
           "UpdateContainerInstancesState", "TerminateInstanceInAutoScalingGroup"}
BY_HAND = {"schedule": "0s"}
SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


def states(fleet):
    return [one["status"] for one in fleet.containers()]


def working(fleet):
    return fleet.job.status()["service"]["working"]


def processed(fleet):
    return fleet.job.status()["totals"]["processed"]


def there(fleet):
    """Instances that nobody ends yet."""
    return [one["InstanceId"] for one in fleet.group()["Instances"]
            if not one["LifecycleState"].startswith("Terminating")]


def launched(fleet):
    return sum(one["Description"].startswith("Launching") for one in
               fleet.groups.describe_scaling_activities(
                   AutoScalingGroupName="instances")["Activities"])


def wrongs(fleet, sent):
    """What must never be, once the work is done and nobody wants an instance."""
    status = fleet.job.status()
    totals, service = status["totals"], status["service"]
    found = {
        "a task at work was stopped": totals["killed_while_working"] > 0,
        "an instance ended under a task": service["lost_with_instance"] > 0,
        "a job was lost": totals["lost"] > 0 or totals["processed"] != sent,
        "a task is left": (service["desired"], service["running"]) != (0, 0),
        "an instance is left": there(fleet) or fleet.group()["DesiredCapacity"] > 0,
        "an instance stays drained": "DRAINING" in states(fleet),
    }
    return {what for what, is_so in found.items() if is_so}


def state_of(fleet):
    """What there is, for the message of a wait that was too long."""
    status = fleet.job.status()
    return json.dumps({
        "totals": status["totals"], "service": status["service"],
        "queue": fleet.job.emulator.depth(), "instances": states(fleet),
        "group": fleet.group()["DesiredCapacity"],
        "faults": fleet.job.emulator.call("faults")["faults"],
        "last": fleet.job.function_lines()[-3:]}, indent=1)


def invoke_until(fleet, condition, what, timeout=90, invoke=None):
    """One invocation after the other, whatever becomes of each."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"{what}: not in {timeout} s\n{state_of(fleet)}"
        (invoke or (lambda: fleet.job.invoke(SCHEDULED)))()
        time.sleep(0.05)


class Deaths:
    """The function dies once at each of these calls: before it has its effect, or after it."""

    def __init__(self, fleet, calls):
        self.job = fleet.job
        self.calls = calls
        for operation, about, effect in calls:
            self.job.fault(operation, "crash", count=1, about=about, effect=effect)

    def missed(self):
        struck = [fault["struck"] for fault in self.job.emulator.call("faults")["faults"]]
        return [call for call, times in zip(self.calls, struck, strict=True) if not times]


def before_and_after(operation, about=""):
    return [(operation, about, False), (operation, about, True)]


# Between two of its calls nothing in AWS tells how far the function came but what the earlier one
# changed: so who dies before a call and who dies after the one before it leave the same behind.
OUT = [*before_and_after("UpdateService"), *before_and_after("SetDesiredCapacity")]
IN = [*before_and_after("TagResource", '"idle '), ("TagResource", '"drained ', True),
      ("UpdateContainerInstancesState", "DRAINING", True),
      *before_and_after("TerminateInstanceInAutoScalingGroup")]
BACK = [*before_and_after("UpdateContainerInstancesState", "ACTIVE"),
        *before_and_after("UntagResource")]


def test_killed_at_each_change_on_the_way_out_and_in_it_harms_no_task(start_fleet):
    fleet = start_fleet([*OWN, "WAKE=false"], work_time="2s", **BY_HAND)
    deaths = Deaths(fleet, OUT + IN)
    fleet.job.emulator.send(3)

    invoke_until(fleet, lambda: processed(fleet) == 3, "the work")
    invoke_until(fleet, lambda: not wrongs(fleet, sent=3), "the end", timeout=80)

    assert deaths.missed() == []
    assert fleet.job.status()["lambda"]["errors"] == len(OUT + IN)


def test_killed_at_each_change_on_the_way_back_it_harms_no_task(start_fleet):
    """Messages come while instances are drained."""
    fleet = start_fleet([*OWN, "WAKE=false"], work_time="2s", **BY_HAND)
    fleet.job.emulator.send(3)
    invoke_until(fleet, lambda: processed(fleet) == 3, "the work")
    invoke_until(fleet, lambda: "DRAINING" in states(fleet), "a drained instance")
    deaths = Deaths(fleet, BACK)
    fleet.job.emulator.send(3)

    # On a slow machine the work is done before the function was invoked often enough to die at all.
    invoke_until(fleet, lambda: processed(fleet) == 6 and not deaths.missed(), "the work again")

    assert launched(fleet) == 3, "no instance more than there were"
    totals = fleet.job.status()["totals"]
    assert (totals["killed_while_working"], totals["lost"]) == (0, 0)
    assert fleet.job.status()["service"]["lost_with_instance"] == 0


def drain_as_if_long_ago(fleet):
    """What a pass leaves that drained all instances a minute ago."""
    ecs = fleet.aws.ecs
    for arn in ecs.list_container_instances(cluster="test")["containerInstanceArns"]:
        ecs.tag_resource(resourceArn=arn, tags=[
            {"key": "ecs-scaler:instance", "value": f"drained {int(time.time()) - 60}"}])
        ecs.update_container_instances_state(cluster="test", containerInstances=[arn],
                                             status="DRAINING")


def start_with_one_drained(start_fleet):
    """At the maximum of one instance nothing else could do the work that comes."""
    fleet = start_fleet([*OWN, "WAKE=false", "SCALE_UP_TARGET=1"],
                        instances="g5.xlarge:4096:15000:1:1", **BY_HAND)
    fleet.job.emulator.send(1)
    invoke_until(fleet, lambda: processed(fleet) == 1, "the work")
    invoke_until(fleet, lambda: fleet.job.status()["service"]["running"] == 0, "no task")
    drain_as_if_long_ago(fleet)
    return fleet


@pytest.mark.slow
def test_an_instance_whose_end_is_denied_comes_back_when_work_does(start_fleet):
    fleet = start_with_one_drained(start_fleet)
    fleet.job.fault("TerminateInstanceInAutoScalingGroup", "denied", count=1000)
    errors = fleet.job.status()["lambda"]["errors"]
    invoke_until(fleet, lambda: fleet.job.status()["lambda"]["errors"] > errors, "a failed pass")
    assert states(fleet) == ["DRAINING"]
    fleet.job.emulator.send(1)

    invoke_until(fleet, lambda: processed(fleet) == 2, "the work again")

    assert {"recalled", "undrained_first"} <= fleet.told()
    assert launched(fleet) == 1
    fleet.job.heal()
    invoke_until(fleet, lambda: not wrongs(fleet, sent=2), "the end", timeout=80)


def test_killed_at_each_change_of_a_recall_it_harms_no_task(start_fleet):
    fleet = start_with_one_drained(start_fleet)
    deaths = Deaths(fleet, [*before_and_after("TagResource", '"recalled '), *BACK])
    fleet.job.emulator.send(1)

    invoke_until(fleet, lambda: processed(fleet) == 2 and not deaths.missed(), "the work again")

    assert launched(fleet) == 1, "no instance but the one"
    assert fleet.job.status()["totals"]["killed_while_working"] == 0


def test_one_that_somebody_else_drained_is_not_put_back(start_fleet):
    fleet = start_with_one_drained(start_fleet)
    [container] = fleet.containers()
    fleet.aws.ecs.untag_resource(resourceArn=container["containerInstanceArn"],
                                 tagKeys=["ecs-scaler:instance"])
    fleet.job.emulator.send(1)

    invoke_until(fleet, lambda: {"drained_by_others", "above_maximum"} <= fleet.told(), "a word")

    assert states(fleet) == ["DRAINING"]
    fleet.aws.ecs.update_container_instances_state(
        cluster="test", containerInstances=[container["containerInstanceArn"]], status="ACTIVE")
    invoke_until(fleet, lambda: processed(fleet) == 2, "the work once it is given back")


class Killer:
    """Invokes the function, which in three of five times dies at a call to AWS: at any of them, by
    chance before or after it has its effect. Never at the same ones each time: who dies between two
    changes whenever they are due makes none, for ever. Who survives looks once more, for of a wait
    for no task only what two looks agree on counts, and a wait stands in the tag once a minute."""

    CALLS = 16  # More than an invocation makes.

    def __init__(self, fleet):
        self.job = fleet.job
        self.chance = random.Random(19)
        self.struck = collections.Counter()

    def invoke(self):
        if self.chance.random() < 0.4:
            self.job.tick_the_clock()
            self.job.tick_the_clock()
            return
        self.job.fault("*", "crash", count=1, after=self.chance.randrange(self.CALLS),
                       effect=self.chance.random() < 0.5)
        _, failed = self.job.invoke(SCHEDULED)
        [fault] = self.job.emulator.call("faults")["faults"]
        self.job.heal()
        assert failed or not fault["struck"]
        if fault["struck"]:
            self.struck[fault["last"]] += 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_any_call_it_harms_no_task_and_ends_with_no_instance(start_fleet):
    fleet = start_fleet([*OWN, "WAKE=false", "SCALE_UP_TARGET=1"], work_time="3s", **BY_HAND)
    killer = Killer(fleet)
    for sent in (2, 4):
        fleet.job.emulator.send(2)
        invoke_until(fleet, lambda: processed(fleet) == sent, "the work", 120, killer.invoke)
        invoke_until(fleet, lambda: "DRAINING" in states(fleet), "a drained instance", 120,
                     killer.invoke)
    invoke_until(fleet, lambda: not wrongs(fleet, sent=4), "the end", 120, killer.invoke)

    called = {name for name, callers in fleet.job.status()["api_calls"].items()
              if fleet.job.function_key in callers}
    assert CHANGES <= called
    assert called - CHANGES <= set(killer.struck), "of the changes those above die at each"


@pytest.mark.parametrize("hand, wrong", [
    ("terminate", {"a task at work was stopped", "an instance ended under a task",
                   "an instance is left", "a task is left", "a job was lost"}),
    ("drain", {"an instance stays drained", "an instance is left", "a task is left",
               "a job was lost"})])
def test_what_must_never_be_is_seen_where_another_hand_does_it(start_fleet, hand, wrong):
    fleet = start_fleet([*OWN, "WAKE=false"], work_time="60s", **BY_HAND)
    fleet.job.emulator.send(1)
    fleet.job.tick_the_clock()
    wait_until(lambda: working(fleet) == 1, what="work")

    for one in fleet.containers():
        if hand == "terminate":
            fleet.groups.terminate_instance_in_auto_scaling_group(
                InstanceId=one["ec2InstanceId"], ShouldDecrementDesiredCapacity=False)
        else:
            fleet.aws.ecs.update_container_instances_state(
                cluster="test", containerInstances=[one["containerInstanceArn"]],
                status="DRAINING")

    assert wrongs(fleet, sent=1) == wrong


def test_a_spot_notice_and_a_rebalance_stop_no_task_and_leave_no_instance(start_fleet):
    fleet = start_fleet(OWN, instances="g5.xlarge:4096:15000:1:4", work_time="2s",
                        workers_protect=True)
    job = fleet.job
    job.emulator.send(9)
    wait_until(lambda: working(fleet) == 3, what="three tasks at work")

    before = there(fleet)
    job.emulator.call("groups", {"group": "instances", "rebalance": True})
    assert there(fleet) == before, "all are protected"
    taken = fleet.containers()[0]
    job.emulator.call("groups", {"group": "instances", "reclaim": taken["ec2InstanceId"],
                                 "notice": 8})
    fleet.aws.ecs.update_container_instances_state(  # As the agent does at a notice.
        cluster="test", containerInstances=[taken["containerInstanceArn"]], status="DRAINING")

    job.wait_until_processed(9)
    wait_until(lambda: not wrongs(fleet, sent=9), 90, interval=0.2, what="the end")
    assert "drained_by_others" in fleet.told()
