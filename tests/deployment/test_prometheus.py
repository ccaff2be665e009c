"""The Grafana dashboard and the alert rules at a real Prometheus that scrapes a controller: every
query is answered, and each alert fires when it should and no other does.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
import yaml

import prometheus
from support import ROOT, open_url, wait_until

SCRAPED = int(os.environ.get("SCALER_SCRAPED", "60"))  # seconds
pytestmark = pytest.mark.timeout(240 + SCRAPED)

RULES = ROOT / "deploy/prometheus/alerts.yml"
UNIT_TESTS = ROOT / "tests/deployment/alerts_test.yml"
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())
ALERTS = {rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"]
          for rule in group["rules"]}


@pytest.fixture(scope="session")
def promtool():
    return prometheus.programs() / "promtool"


def told(*command, folder):
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                           timeout=60)
    return ended.returncode, ended.stdout + ended.stderr


def test_promtool_reads_the_rules(promtool, tmp_path):
    code, text = told(promtool, "check", "rules", RULES, folder=tmp_path)
    assert code == 0, text

    hurried = tmp_path / "hurried.yml"
    hurried.write_text(prometheus.hurried(RULES.read_text()))
    code, text = told(promtool, "check", "rules", hurried, folder=tmp_path)
    assert code == 0, text


def test_the_rules_pass_their_unit_tests(promtool, tmp_path):
    shutil.copy(RULES, tmp_path)
    shutil.copy(UNIT_TESTS, tmp_path)
    code, text = told(promtool, "test", "rules", UNIT_TESTS.name, folder=tmp_path)
    assert code == 0, text


def test_a_unit_test_would_notice_a_wrong_rule(promtool, tmp_path):
    shutil.copy(UNIT_TESTS, tmp_path)
    for sound, broken in (("> 180", "> 18000"), (" unless ecs_scaler_last", " and ecs_scaler_last"),
                          ("lease_held) == 0", "lease_held) == 2"), ("<= 0.5", "< 0.5")):
        text = RULES.read_text()
        assert sound in text
        (tmp_path / RULES.name).write_text(text.replace(sound, broken))
        assert told(promtool, "test", "rules", UNIT_TESTS.name, folder=tmp_path)[0] != 0, broken


def test_every_alert_fires_in_one_unit_test_and_is_silent_in_another():
    cases = [case for test in yaml.safe_load(UNIT_TESTS.read_text())["tests"]
             for case in test["alert_rule_test"]]
    for expected in (True, False):
        assert {case["alertname"] for case in cases
                if bool(case["exp_alerts"]) == expected} == set(ALERTS)


def test_every_alert_says_what_is_wrong_and_the_documents_what_to_do():
    page = (ROOT / "docs/operations.md").read_text()
    for name, rule in ALERTS.items():
        assert rule["annotations"]["summary"] and rule["labels"]["severity"], name
        assert f"`{name}`" in page, name


# --- the dashboard's form -----------------------------------------------------------------------


def dashboard_queries():
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def variable_queries():
    return [variable["query"]["query"] for variable in DASHBOARD["templating"]["list"]
            if variable["type"] == "query"]


def test_the_panels_lie_beside_each_other():
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_the_dashboard_names_no_data_source_of_its_own_and_knows_its_variables():
    known = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD))) - {"__rate_interval", "__all"}
    assert used == known
    sources = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]}
    assert sources == {"${datasource}"}


# --- a running controller -----------------------------------------------------------------------


class Site:
    """An embedded AWS, and a controller of its service with file and lease."""

    def __init__(self, running, moto, table, folder, start_process, program):
        self.aws, self.moto, self.table, self.folder = running, moto, table, folder
        self.start_process, self.program = start_process, program
        self.file = folder / "fleet.yaml"
        self.policy = {"mode": "backlog", "backlog_per_task": 1, "tasks_max": 4,
                       "shortage_after": 1}

    def write_file(self, text=None):
        self.file.write_text(text or json.dumps({"services": [{
            "cluster": self.aws.cluster, "service": self.aws.service, "policy": self.policy,
            "queues": [self.aws.queue_url]}]}))

    def start(self, interval="200ms"):
        self.write_file()
        self.controller = self.start_process(
            [self.program, "run", "--config", self.file, "--interval", interval, "--listen",
             "127.0.0.1:0", "--lease", f"dynamodb:{self.table}"],
            env={"AWS_ENDPOINT_URL": self.aws.endpoint,
                 "AWS_ENDPOINT_URL_DYNAMODB": self.moto.endpoint},
            ready=lambda one: "controller started" in one.stdout())
        self.port = next(json.loads(line) for line in self.controller.stdout().splitlines()
                         if "controller started" in line)["metrics_port"]

    def page(self):
        with open_url(f"http://127.0.0.1:{self.port}/metrics") as answer:
            return answer.read().decode()


@pytest.fixture
def site(emulator, moto, tmp_path, start_process, ecs_scaler):
    """site(task_start=...) -> Site that is not started yet"""
    table = "locks"
    tables = moto.client("dynamodb")
    tables.create_table(TableName=table, BillingMode="PAY_PER_REQUEST",
                        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])

    def make(**options):
        work = {} if options.get("no_workers") else {"work_time": "300ms"}
        flags = {"task_start": "100ms", "task_stop": "100ms", **work, **options}
        return Site(emulator(**flags), moto, table, tmp_path, start_process, ecs_scaler)

    return make


@pytest.fixture
def scrape(start_process, tmp_path):
    """scrape(site) -> prometheus.Server with hurried rules"""
    return lambda site: prometheus.Server(start_process, tmp_path, site.port,
                                          prometheus.hurried(RULES.read_text()))


def metrics_of(text):
    """The names of series in queries, without what histograms put behind them."""
    names = re.findall(r"\b(?:ecs_scaler|process)_\w+", text)
    return {re.sub(r"(duration_seconds)_(bucket|sum|count)$", r"\1", name) for name in names}


def test_every_query_is_answered_by_what_was_scraped(site, scrape):
    running = site()
    running.start()
    running.aws.send(4)
    server = scrape(running)
    server.wait_until_calm()
    begin = time.monotonic()
    page = running.page()
    declared = set(re.findall(r"^# TYPE (\S+)", page, re.MULTILINE))
    queries = [*dashboard_queries(), *variable_queries()]
    assert metrics_of(" ".join([*queries, *(rule["expr"] for rule in ALERTS.values())])) <= declared
    documented = metrics_of((ROOT / "docs/operations.md").read_text()) | metrics_of(
        (ROOT / "docs/triggers.md").read_text())
    assert {name for name in documented if not name.endswith("_")} <= declared

    wait_until(lambda: time.monotonic() - begin > SCRAPED, timeout=2 * SCRAPED, interval=1,
               what="the end of the scraping")

    for query in dashboard_queries():
        asked = query.replace("$__rate_interval", "10s")
        asked = re.sub(r"\$(job|cluster|service)\b", ".*", asked)
        assert server.query(asked), query
    for query in variable_queries():
        series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", query).groups()
        series = re.sub(r"\$\w+", ".*", series)
        assert server.get(f"label/{label}/values", **{"match[]": series}), query
    assert server.value(f"count_over_time(up[{SCRAPED}s])") > 0.8 * SCRAPED
    assert server.value(f"min_over_time(up[{SCRAPED}s])") == 1
    assert server.value("sum(ecs_scaler_scale_outs_total)") >= 1
    assert server.firing() == set()


def fault(kind, operation):
    return lambda running: running.aws.call("faults", {"operation": operation, "fault": kind,
                                                       "count": 100000})


def leave_messages(running):
    running.aws.send(3)


def spoil_file(running):
    running.write_file("services: [nonsense")


def remove_table(running):
    running.moto.client("dynamodb").delete_table(TableName=running.table)


def kill(running):
    running.controller.popen.send_signal(signal.SIGKILL)


CASES = {
    "denied": ({}, fault("denied", "GetQueueAttributes"),
               {"EcsScalerServiceFailing", "EcsScalerCallsDenied", "EcsScalerServicesUnread"}),
    "workers that take nothing": ({"no_workers": True}, leave_messages,
                                  {"EcsScalerBacklogNotServed"}),
    "tasks that do not start": ({"task_start": "1h"}, leave_messages,
                                {"EcsScalerBacklogNotServed", "EcsScalerCapacityShort"}),
    "killed": ({}, kill, {"EcsScalerGone"}),
    "a bad file": ({}, spoil_file, {"EcsScalerReloadFailed"}),
    "a lease that is gone": ({}, remove_table, {"EcsScalerLeaseLost"}),
}


@pytest.mark.parametrize("options, harm, expected", CASES.values(), ids=CASES)
def test_alerts_fire_when_they_should_and_no_others(options, harm, expected, site, scrape):
    running = site(**options)
    running.start()
    server = scrape(running)
    server.wait_until_calm()

    harm(running)

    assert server.alerts_until_all_fire(expected) == expected


def test_a_controller_that_ends_no_more_passes_is_told(site, scrape):
    running = site()
    running.start(interval="10m")

    expected = {"EcsScalerPassesStopped", "EcsScalerServiceFailing"}
    server = scrape(running)
    server.wait_until_calm(*expected)
    assert server.alerts_until_all_fire(expected) == expected
