"""tools/cost.py: its model, and that docs/cost.md holds what it prints."""

import pathlib
import subprocess
import sys

import pytest

import cost

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_document_holds_what_the_program_prints():
    printed = subprocess.run([sys.executable, ROOT / "tools/cost.py"], check=True,
                             capture_output=True, text=True).stdout

    assert printed in (ROOT / "docs/cost.md").read_text()


@pytest.mark.parametrize("pollers", [1, 2, 5])
def test_idle_pollers_call_three_times_a_minute_each(pollers):
    assert cost.receives_per_minute(pollers, []) == pytest.approx(3 * pollers, rel=0.01)


def test_ticks_make_pollers_call_more_often_but_never_more_than_once_more_each():
    ticks = cost.tick_seconds_of_minute(6)

    receives = cost.receives_per_minute(5, ticks)

    assert ticks == [6, 12, 18, 24, 30, 36, 42, 48, 54]
    assert 15 < receives < 15 + len(ticks)


def test_the_sum_by_hand_for_the_schedule_alone():
    row = cost.month("x", 1, 0, 30)

    assert row["lambda"] == pytest.approx(43_200 * 0.2e-6 + 43_200 * 0.03 * 0.125 * 16.6667e-6)
    assert row["sqs"] == pytest.approx(43_200 * 0.4e-6)
    assert row["total"] == pytest.approx(row["lambda"] + row["sqs"] + 0.0216)
    assert row["free"] == 0


def test_the_document_holds_what_fleets_cost():
    text = (ROOT / "docs/cost.md").read_text()
    command = next(line for line in text.splitlines() if "cost.py --fleet" in line)
    printed = subprocess.run([sys.executable, ROOT / "tools/cost.py", *command.split()[2:]],
                             check=True, capture_output=True, text=True).stdout

    assert printed in text
    assert all(f"| {services} |" in printed for services in ("40", "1,000", "10,000"))


def test_a_fleet_of_one_by_hand():
    row = cost.fleet_of(1, 60, "function")

    assert row["looks"] == 1
    assert row["sqs"] == pytest.approx(43_200 * 0.4e-6)
    assert row["logs"] == pytest.approx(43_200 * 1e-6 * 0.5)  # A line and the platform's own.


def test_ecs_rate_bounds_how_often_a_large_fleet_is_looked_at():
    assert cost.fleet_of(2_000, 10, "controller")["looks"] == pytest.approx(6)
    assert cost.fleet_of(10_000, 10, "controller")["looks"] == pytest.approx(60 / 50)
    assert cost.fleet_of(10_000, 60, "function")["looks"] == pytest.approx(0.7)
    assert cost.look_seconds(1_000, 60) == 0  # All within the burst.


def test_a_service_is_cheaper_the_more_share_a_deployment():
    few, many = (cost.fleet_of(services, 10, "controller") for services in (40, 1_000))

    assert many["total"] / 1_000 < few["total"] / 40
    assert few["runs"] == many["runs"] == cost.fargate("x86")
