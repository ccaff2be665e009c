"""One function over services in three accounts and two regions of the embedded AWS, in shards. How
fast it is with 1,000 services, bench/one_function.py measures."""

import os
import random
import signal
import time

import pytest

from organisation import (ACCOUNTS, PLACES, POLICY, REGIONS, Organisation, fleet_variables,
                          reactions, role_of)
from support import wait_until

SERVICES, TICK = 120, 5


@pytest.fixture
def organisation(emulator, bootstrap):
    running = emulator(lambda_=bootstrap, no_workers=True, tick_queue="ticks",
                       doorbell_queue="doorbell", schedule="60s", task_start="100ms",
                       task_stop="100ms", mapping_toggle="100ms", env=fleet_variables(TICK))
    return Organisation(running)


def wait_for_counts(fleet, wanted, timeout, what):
    wait_until(lambda: wanted.items() <= fleet.desired().items(), timeout, interval=0.5, what=what)


def deny_roles(fleet):
    """The services of the function's own account are looked after all the same, and no order of
    theirs fails for it."""
    own = [name for name, (account, _) in fleet.places.items() if account == ACCOUNTS[0]]
    fleet.job.fault("AssumeRole", "denied")
    answer, failed = fleet.job.invoke({"source": "aws.events", "detail": {}})
    assert failed and "AssumeRole" in answer["errorMessage"], answer
    wait_until(lambda: fleet.looked_after() == len(own), timeout=40,
               what="a pass over the function's own account")
    assert {line["ShardFailed"] for line in fleet.lines("shard")} == {0}
    assert fleet.job.mapping("shards")["returned"] == 0
    fleet.job.heal()


def wake(fleet, names):
    """Some in every place and nobody else, then all the others at once."""
    awake = [name for place in PLACES for name in random.Random(18).sample(
        [name for name in names if fleet.places[name] == place], 5)]
    fleet.events()
    for name in awake:
        fleet.send(name)
    wait_for_counts(fleet, dict.fromkeys(awake, 1), 40, "a task for some in every place")
    waited = reactions(fleet.events())
    print(f"{len(waited)} reactions, the slowest after {max(waited.values()):.1f} s")
    assert all(count == 0 for name, count in fleet.desired().items() if name not in awake)
    rest = [name for name in names if name not in awake]
    for name in rest:
        fleet.send(name, 15)
    wait_for_counts(fleet, dict.fromkeys(rest, 2), 60, "two tasks for all others")
    return awake


def deploy(fleet, name):
    """A deployment resets the count, and ECS's event of it rings the doorbell."""
    fleet.set_desired(name, 0)
    began = time.monotonic()
    fleet.ring()
    wait_for_counts(fleet, {name: 1}, 30, "the count after the deployment")
    print(f"a count that a deployment reset was mended within {time.monotonic() - began:.1f} s")


def pause(fleet, run):
    """One command ends an incident: nothing is changed any more."""
    accounts = next(line for line in fleet_variables(TICK) if "FLEET_ACCOUNTS" in line)
    paused = run(["pause", "--all", "--fleet", "tags"], {
        "AWS_ENDPOINT_URL": fleet.endpoint, "AWS_REGION": REGIONS[0],
        "FLEET_ACCOUNTS": accounts.partition("=")[2]})
    calm, passes = fleet.desired(), len(fleet.lines("shard"))
    fleet.events()
    for name in fleet.arns:
        fleet.send(name, 40)
    wait_until(lambda: len(fleet.lines("shard")) >= passes + 2 * len(PLACES), timeout=60,
               what="two more passes over every place")
    changes = [event for event in fleet.events() if event["kind"] == "desired_changed"]
    assert (fleet.desired(), changes) == (calm, [])
    return paused


@pytest.fixture
def run(run_program, ecs_scaler):
    return lambda words, environment: run_program([ecs_scaler, *words], env=environment)


def test_an_organisation_is_looked_after_by_one_function(organisation, run):
    names = organisation.fill(SERVICES)
    organisation.job.emulator.call("rates", {"documented": True})
    deny_roles(organisation)
    wait_until(lambda: organisation.looked_after() == len(names), timeout=60,
               what="a pass over every service")
    assert {place for place, _, _ in organisation.whole_passes()} == {
        f"{'own' if account == ACCOUNTS[0] else role_of(account)} {region}"
        for account, region in PLACES}

    awake = wake(organisation, names)
    deploy(organisation, awake[0])
    # Before the command, which knows nothing of what the function sends at the same time.
    throttled = organisation.job.emulator.call("rates")["throttled"]
    assert sum(throttled.values()) <= SERVICES // 3, throttled
    paused = pause(organisation, run)

    assert paused.code == 0, paused.output()


@pytest.mark.slow  # The index of tags is asked once a minute.
def test_what_teams_do_to_their_tags_is_theirs_alone(organisation, run):
    names = organisation.fill(3 * len(PLACES))
    organisation.job.tick_the_clock()
    wait_until(lambda: organisation.looked_after() == len(names), timeout=60,
               what="a pass over every service")
    changed = time.monotonic()
    newcomer = organisation.add("newcomer", PLACES[5], tags={})
    leaver, wrong, greedy, *others = names
    organisation.send(newcomer)
    organisation.tag(newcomer, queue="jobs-newcomer", policy=POLICY)
    organisation.untag(leaver, "queue")
    organisation.tag(wrong, policy="mode=nonsense")
    organisation.tag(greedy, policy="mode=fixed scale_up_target=101")

    wait_for_counts(organisation, {newcomer: 1}, 90 - (time.monotonic() - changed),
                    "a task for the newcomer")
    print(f"a task for the newcomer after {time.monotonic() - changed:.1f} s")
    sandboxes = organisation.job.emulator.process.children()
    assert sandboxes
    for sandbox in sandboxes:  # None that had read the settings before they were wrong goes on.
        os.kill(sandbox, signal.SIGKILL)
    time.sleep(max(0, 65 - (time.monotonic() - changed)))  # Every index has told by now.
    for name in names:
        organisation.send(name, 15)
    wait_for_counts(organisation, dict.fromkeys([wrong, greedy, *others], 2), 40,
                    "two tasks, of two of them by their last good settings")
    assert organisation.desired(leaver) == 0
    told = {line["service"] for line in organisation.job.function_lines()
            if "last good settings" in line["message"]}
    assert told == {organisation.arns[wrong], organisation.arns[greedy]}

    paused = pause(organisation, run)

    assert paused.code == 1 and "nonsense" in paused.stderr()  # It holds, and tells of them.
