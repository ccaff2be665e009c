"""Traces that nobody has tuned anything to: arrivals of services of many kinds, made from a seed.

Each is a list of counts, one for each interval, and says how long a message takes. They are unlike
those of bench/traces on purpose: shallow and deep waves, nightly batches, bursts, a few messages a
day, weekends off, growth, heavy tails, and works from half a second to half an hour.
"""

import dataclasses
import datetime
import math
import random

MONDAY = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
DAY = 86_400


@dataclasses.dataclass(frozen=True)
class Kind:
    """How many messages a second come at a moment, and what one takes."""

    name: str
    work: float  # seconds
    days: float
    rate: object  # of (seconds since Monday, a source of chance): messages a second
    interval: int = 300
    spread: float = 0  # of a factor for each interval, log-normal


def wave(mean, depth, peak_hour=14):
    """A day's wave around the mean; a depth of 1 falls to nothing."""
    def rate(second, _):
        phase = 2 * math.pi * (second / DAY - peak_hour / 24)
        return mean * (1 + depth * math.cos(phase))
    return rate


def steady(mean):
    return lambda _second, _chance: mean


def at_hours(rate_then, hours, otherwise=0.0):
    """A rate at certain hours of each day, another at all others."""
    return lambda second, _: rate_then if (second % DAY) // 3600 in hours else otherwise


def bursts(each, every, interval, otherwise=0.0):
    """So many messages within one interval, at about every so many seconds."""
    def rate(_, chance):
        return otherwise + (each / interval if chance.random() < interval / every else 0)
    return rate


def weekends_off(of_working_days, on_weekends=0.0):
    def rate(second, chance):
        return on_weekends if second // DAY % 7 >= 5 else of_working_days(second, chance)
    return rate


def growing(of_begin, times, days):
    """From day to day more, to so many times as much at the end."""
    def rate(second, chance):
        return of_begin(second, chance) * times ** (second / DAY / days)
    return rate


def once(count, at_day, interval, otherwise):
    """One huge burst."""
    def rate(second, _):
        return otherwise + (count / interval if int(second) == int(at_day * DAY) else 0)
    return rate


def heavy_tailed(mean, shape):
    """Each interval's rate from a Pareto distribution."""
    return lambda _, chance: mean * (shape - 1) / shape * chance.paretovariate(shape)


def together(*rates):
    return lambda second, chance: sum(rate(second, chance) for rate in rates)


KINDS = [
    Kind("shallow wave", 20, 3, wave(0.06, 0.3)),
    Kind("deep wave", 20, 3, wave(0.05, 1.0)),
    Kind("deep wave, quick jobs", 0.5, 3, wave(0.1, 1.0)),
    Kind("wave at night, long jobs", 300, 4, wave(0.008, 0.9, 3)),
    Kind("nightly batch", 30, 6, at_hours(0.25, {2})),
    Kind("nightly batch over a trickle", 8, 6, at_hours(0.3, {1, 2}, 0.001)),
    Kind("nightly batch of half-hour jobs", 1800, 6, at_hours(0.004, {23, 0})),
    Kind("burst each hour", 10, 3, bursts(60, 3600, 60), 60),
    Kind("burst each two hours", 45, 4, bursts(40, 7200, 60), 60),
    Kind("burst each hour over steady", 5, 3, bursts(150, 3600, 60, 0.03), 60),
    Kind("burst each six hours, long jobs", 600, 9, bursts(12, 21_600, 300)),
    Kind("five messages a day", 20, 21, steady(5 / DAY)),
    Kind("thirty messages a day", 60, 9, steady(30 / DAY)),
    Kind("a message an hour, half-hour jobs", 1800, 9, steady(1 / 3600)),
    Kind("three an hour, quick jobs", 1, 6, steady(3 / 3600)),
    Kind("weekends off", 20, 14, weekends_off(wave(0.01, 0.8))),
    Kind("office hours, a little at weekends", 12, 14,
         weekends_off(at_hours(0.015, set(range(8, 18)), 0.0005), 0.001)),
    Kind("steady", 20, 1.5, steady(0.2)),
    Kind("steady with noise", 6, 1.5, steady(0.2), spread=0.6),
    Kind("steady, quick jobs", 0.5, 1, steady(0.6)),
    Kind("one huge burst", 4, 3, once(3000, 1.2, 300, 0.01)),
    Kind("growing fourfold", 20, 6, growing(wave(0.02, 0.7), 4, 6)),
    Kind("shrinking to a third", 20, 6, growing(wave(0.06, 0.7), 1 / 3, 6)),
    Kind("heavy tail", 15, 3, heavy_tailed(0.06, 1.4)),
    Kind("heavy tail, thin", 90, 6, heavy_tailed(0.004, 1.3)),
    Kind("wave with bursts", 25, 3, together(wave(0.04, 0.8), bursts(60, 14_400, 300))),
]


def count_of(mean, chance):
    """Poisson-distributed."""
    if mean > 500:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    count, product, limit = 0, chance.random(), math.exp(-mean)
    while product > limit:
        count += 1
        product *= chance.random()
    return count


def rows_of(kind, seed=8):
    """(instant, count) of each interval."""
    chance = random.Random(f"{kind.name} {seed}")
    rows = []
    for second in range(0, round(kind.days * DAY), kind.interval):
        factor = math.exp(chance.gauss(-kind.spread ** 2 / 2, kind.spread)) if kind.spread else 1
        mean = kind.rate(second, chance) * kind.interval * factor
        rows.append((MONDAY + datetime.timedelta(seconds=second), count_of(mean, chance)))
    return rows
