"""tests/insights.py: the queries mean what CloudWatch documents, and nothing is guessed."""

import json

import pytest

import insights

LINES = [json.dumps({"timestamp": f"2026-11-29T03:2{n}:19.420Z", "level": level, "message": "pass",
                     "record": {"queues": [{"visible": n}], "outcome": outcome}})
         for n, level, outcome in ((1, "INFO", "held"), (2, "INFO", "applied"),
                                   (3, "ERROR", "held"))]


@pytest.mark.parametrize("condition, found", [
    ('level = "INFO"', [1, 2]), ('record.outcome != "held"', [2]),
    ("record.queues.0.visible > 1", [2, 3]), ('level in ["WARN", "ERROR"]', [3]),
    ('level = "INFO" and record.outcome = "held"', [1]),
    ('level = "ERROR" or record.outcome = "applied"', [2, 3]),
    ("ispresent(record.outcome)", [1, 2, 3]), ("not ispresent(nothing)", [1, 2, 3]),
    ('nothing != "x"', []), ("@message like /applied/", [2]),
    ("action", [])])
def test_filters(condition, found):
    rows = insights.run(f"filter {condition} | fields record.queues.0.visible as n", LINES)

    assert [row["n"] for row in rows] == found


def test_columns_order_and_limit():
    rows = insights.run("SOURCE '/a/b' | fields @timestamp, coalesce(nothing, level) as level, "
                        "nothing | sort @timestamp desc | limit 2", LINES)

    assert rows == [{"@timestamp": "2026-11-29T03:23:19.420Z", "level": "ERROR"},
                    {"@timestamp": "2026-11-29T03:22:19.420Z", "level": "INFO"}]


def test_parse_takes_what_its_pattern_names():
    rows = insights.run('parse @message /"outcome":."(?<how>[a-z]+)"/ | fields how', LINES)

    assert [row["how"] for row in rows] == ["held", "applied", "held"]


def test_stats_are_per_bin_and_group():
    assert insights.run("stats max(record.queues.0.visible) as most, count(*) as n by bin(1h)",
                        LINES) == [{"bin": "2026-11-29T03:00:00Z", "most": 3, "n": 3}]
    assert insights.run("stats count(*) as n by level", LINES) == [
        {"level": "INFO", "n": 2}, {"level": "ERROR", "n": 1}]


@pytest.mark.parametrize("query", [
    "dedup level", "fields strlen(level)", "filter level =", "fields level extra",
    "filter level % 2", "parse @message '*x' as y", "SOURCE logs"])
def test_what_is_not_of_the_part_is_an_error(query):
    with pytest.raises((ValueError, KeyError)):
        insights.run(query, LINES)


@pytest.mark.parametrize("pattern, found", [
    ('{ $.level = "INFO" }', [1, 2]), ('{ $.level != "INFO" }', [3]),
    ('{ $.level = "INFO" && $.record.outcome = "app*" }', [2]),
    ('{ $.record.queues.0.visible = "3" }', [3]), ('{ $.message = "pas" }', []),
    ('{ $.nothing != "x" }', [])])
def test_what_a_metric_filter_counts(pattern, found):
    counted = [json.loads(line) for line in LINES if insights.matches(pattern, line)]

    assert [line["record"]["queues"][0]["visible"] for line in counted] == found
