"""The HTML report in a real browser: charts are there, zoom works, the console stays empty."""

import re

import pytest

from browser import open_page, told

# Runs in the page: reports in an element's text what happened.
DRIVER = """{
const problems = [];
addEventListener("error", (event) => problems.push(String(event.message)));
const out = {};
const range = () => document.getElementById("range").textContent;
const charts = document.getElementById("charts");
const graph = () => over.charts[1].graph;
function point(type, share) {
  const canvas = graph().mouseEventElement_, box = canvas.getBoundingClientRect();
  const area = graph().getArea();
  canvas.dispatchEvent(new MouseEvent(type, { bubbles: true,
    clientX: box.left + area.x + share * area.w, clientY: box.top + area.y + area.h / 2 }));
}
function painted(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, i) => i % 4 === 3 && value > 0).length;
}
const press = (key) => charts.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
out.charts = [...document.querySelectorAll("[data-chart]")].map((chart) => chart.dataset.chart);
out.lines = over.charts.map((chart) => chart.series.length);
out.points = over.charts.map((chart) => chart.rows.length);
out.painted = over.charts.map((chart) => painted(chart.graph.hidden_));
out.whole = range();
point("mousemove", 0.5);
out.tip = document.getElementById("tip").textContent;
point("mousedown", 0.25); point("mousemove", 0.4); point("mouseup", 0.5);
out.zoomed = range();
point("dblclick", 0.5);
out.reset = range();
press("+"); out.plus = range();
press("ArrowRight"); out.right = range();
press("0"); out.all = range();
document.getElementById("split").click();
out.split = document.querySelectorAll("[data-chart=backlog]").length;
document.getElementById("split").click();
const shown = document.querySelectorAll("#legend button[aria-pressed=true]").length;
document.querySelector("#legend button").click();
out.hidden = shown - document.querySelectorAll("#legend button[aria-pressed=true]").length;
const moment = document.getElementById("moment");
moment.value = 500;
moment.dispatchEvent(new Event("input"));
out.moment = document.getElementById("moment-panel").textContent;
out.waits = document.querySelectorAll("#waits path.series").length;
out.rows = document.querySelectorAll("#summary tbody tr").length;
out.dots = document.querySelectorAll("#plane circle").length;
out.requests = performance.getEntriesByType("resource").length;
out.problems = problems;
const result = document.createElement("pre");
result.id = "result";
result.textContent = JSON.stringify(out);
document.body.append(result);
}"""


def drive(path, folder):
    document, console = open_page(path, folder, DRIVER)
    return told(document, console), console


@pytest.fixture(scope="session")
def ecs_scaler(release_bin_dir):
    return release_bin_dir / "ecs-scaler"


@pytest.fixture
def page(run_program, ecs_scaler, tmp_path):
    """The report of one policy and two rivals on two hours of arrivals."""
    policy = tmp_path / "<b>own & only.json"
    policy.write_text('{"mode":"backlog","backlog_per_task":2,"tasks_max":20}')
    path = tmp_path / "report.html"
    done = run_program([ecs_scaler, "simulate", "--arrivals", "poisson:0.2", "--length", "2h",
                        "--policy", policy, "--rival", "keda", "--rival", "target-tracking",
                        "--html", path])
    assert done.code == 0, done.output()
    return path


def test_the_charts_are_there_and_zoom(page, tmp_path):
    seen, console = drive(page, tmp_path)
    assert console == []
    assert seen["problems"] == []
    assert seen["charts"] == ["arrivals", "backlog", "tasks", "waiting"]
    assert seen["lines"] == [1, 3, 2 * 3, 3], "of three policies: tasks are desired and running"
    assert min(seen["points"]) > 100 and min(seen["painted"]) > 1000, seen
    assert seen["rows"] == 3 and seen["dots"] == 3
    assert "own & only" in seen["tip"] and "arrivals a minute" in seen["tip"]
    assert seen["zoomed"] != seen["whole"] and seen["reset"] == seen["whole"]
    assert len({seen["whole"], seen["plus"], seen["right"]}) == 3 and seen["all"] == seen["whole"]
    assert seen["split"] == 3, "side by side: one chart a policy"
    assert seen["hidden"] == 1
    assert seen["waits"] == 2, "the distribution of what is shown"


def test_every_moment_tells_the_rule(page, tmp_path):
    seen, _ = drive(page, tmp_path)
    assert re.search(r"messages?; .*per task -> \d+", seen["tip"]), seen["tip"]
    assert "UTC" in seen["moment"] and "KEDA with HPA" in seen["moment"]


def test_the_page_asks_for_nothing(page, tmp_path):
    seen, _ = drive(page, tmp_path)
    assert seen["requests"] == 0


def test_names_from_files_are_only_text(page, tmp_path):
    document, _ = open_page(page, tmp_path)
    assert "<b>own" not in re.sub(r'<script type="application/json".*?</script>', "", document)
    assert "&lt;b&gt;own &amp; only" in document
