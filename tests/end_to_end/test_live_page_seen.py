"""The live page as people meet it, in a real browser at a running controller and at the embedded
AWS: narrow and wide, dark and light, by the keyboard alone. The screens are in build/dev/screens.
"""

import itertools
import json

import pytest

from fake_aws import FakeAws
from live_browser import LiveBrowser
from page_checks import PIECES, contrast, faint, touching
from support import ROOT, wait_until

SCREENS = ROOT / "build/dev/screens"
SERVICES = ["api", "billing-of-everything-that-was-ever-ordered", "broken", "crawler", "idle",
            "mail", "video"]
WICKED = "<img src=x onerror=document.title='owned'>"
SEEN = "(() => { const page = window, doc = document;" + PIECES + """
return { pieces: pieces(), wide: doc.documentElement.scrollWidth,
  back: rgba(getComputedStyle(doc.body).backgroundColor),
  lines: [...doc.querySelectorAll("#legend .key")]
    .map((key) => rgba(getComputedStyle(key).backgroundColor)),
}; })()"""
# The name that a screen reader says of whatever can be reached.
NAMES = """[...document.querySelectorAll("a, button, input, [tabindex='0']")]
  .filter((element) => element.checkVisibility())
  .map((element) => [element.tagName, (element.getAttribute("aria-label")
    ?? element.labels?.[0]?.textContent ?? element.textContent).trim(), element.tabIndex])"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = LiveBrowser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def aws():
    server = FakeAws(SERVICES)
    server.queues |= {"api": (95, 5, 0), "video": (3, 1, 2), "broken": (7, 0, 0)}
    server.before = refuse_broken
    yield server
    server.close()


def refuse_broken(operation, body):
    if operation == "UpdateService" and body["service"].endswith("broken"):
        return 400, {"__type": "AccessDeniedException", "message": WICKED}
    return None


@pytest.fixture
def url(start_process, ecs_scaler, aws, tmp_path):
    """Where a controller of these services has its page."""
    fleet = tmp_path / "fleet.json"
    fleet.write_text(json.dumps({
        "defaults": {"mode": "backlog", "backlog_per_task": 10, "tasks_max": 20},
        "services": [{"cluster": "main", "service": name, "queues": [aws.queue_url(name)]}
                     for name in SERVICES]}))
    process = start_process([ecs_scaler, "run", "--config", fleet, "--interval", "300ms",
                             "--listen", "127.0.0.1:0"], env={"AWS_ENDPOINT_URL": aws.url},
                            ready=lambda one: "controller started" in one.stdout())
    started = next(json.loads(line) for line in process.stdout().splitlines()
                   if "controller started" in line)
    wait_until(lambda: aws.services["api"] == 10, what="a scale-out")
    return f"http://127.0.0.1:{started['metrics_port']}"


def open_fleet(browser, url):
    browser.console.clear()
    browser.requests.clear()
    browser.open(url + "/")
    browser.until(f"document.querySelectorAll('#rows tr').length === {len(SERVICES)}")
    browser.until("document.querySelector('.state[data-state=failed]') !== null")


def open_service(browser, name):
    browser.eval(f"location.hash = '#/service/' + encodeURIComponent('main/{name}')")
    browser.until("document.querySelectorAll('#charts canvas').length > 2")
    browser.until("document.querySelectorAll('#moment-told li').length > 0")


def shown(browser):
    return browser.eval("[...document.querySelectorAll('#rows a')].map((link) => link.textContent)")


@pytest.mark.parametrize("width, dark", [*itertools.product((1400, 360), (False, True))])
def test_every_text_can_be_read(browser, url, width, dark):
    browser.sized(width, 900, dark)
    open_fleet(browser, url)
    for part in ("fleet", "service"):
        if part == "service":
            open_service(browser, "api")
        browser.picture(SCREENS / f"live-{part}-{width}-{'dark' if dark else 'light'}.png")
        seen = browser.eval(SEEN)
        assert list(touching(seen["pieces"])) == [], part
        assert list(faint(seen["pieces"])) == [], part
        assert seen["wide"] <= width, part
        assert len(seen["pieces"]) > 20
        for color in seen["lines"]:
            assert contrast(color, seen["back"]) >= 3, color
    assert browser.console == []


def test_a_scale_out_is_seen_without_being_asked_for(browser, url, aws):
    browser.sized(1400)
    open_fleet(browser, url)
    browser.eval("window.stillThisPage = true")
    row = ("[...document.querySelectorAll('#rows tr')]"
           ".find((row) => row.textContent.includes('main/mail'))")
    assert browser.eval(f"{row}.querySelector('.state').textContent") == "asleep"

    aws.queues["mail"] = (42, 0, 0)

    browser.until(f"{row}.textContent.includes('5 / 5')", seconds=10)
    assert browser.eval("window.stillThisPage")
    assert "1 of" not in browser.eval("document.getElementById('count').textContent")


def filter_by(browser, text):
    browser.eval("{ const filter = document.getElementById('filter');"
                 f"filter.value = '{text}'; filter.dispatchEvent(new Event('input')); }}")


def test_the_table_sorts_and_filters(browser, url):
    browser.sized(1400)
    open_fleet(browser, url)
    assert shown(browser)[0] == "main/broken", "the gravest first"
    browser.eval("document.querySelector('[data-key=service] button').click()")
    browser.until("document.querySelector('[data-key=service]').ariaSort === 'ascending'")
    assert shown(browser) == [f"main/{name}" for name in SERVICES]
    browser.eval("document.querySelector('[data-key=service] button').click()")
    assert shown(browser) == [f"main/{name}" for name in reversed(SERVICES)]
    browser.eval("document.querySelector('[data-key=tasks] button').click()")
    assert shown(browser)[0] == "main/api"
    assert browser.eval("document.querySelectorAll('[aria-sort]').length") == 1
    filter_by(browser, "AccessDenied")
    assert shown(browser) == ["main/broken"]
    filter_by(browser, "")
    browser.eval("document.querySelector('[data-choose=asleep]').click()")
    assert "main/idle" in shown(browser) and "main/api" not in shown(browser)
    assert browser.eval("document.querySelector('[data-choose=asleep]').ariaPressed") == "true"


def test_a_service_tells_its_decision_at_any_moment_and_zooms(browser, url, aws):
    browser.sized(1400)
    open_fleet(browser, url)
    open_service(browser, "api")
    aws.queues["api"] = (150, 0, 0)
    browser.until("view.points.some((point) => point.desired === 15)")

    browser.eval("document.querySelector('#changes button').click()")

    told = browser.eval("document.getElementById('moment-panel').textContent")
    assert "150 visible" in told and "→ 15" in told, told
    assert "10 → 15" in browser.eval("document.getElementById('changes').textContent")
    whole = browser.eval("document.getElementById('range').textContent")
    browser.until("view.points.at(-1).until - view.points[0].from > 6000")
    browser.eval("document.querySelector('[data-key=\"+\"]').click()")
    zoomed = browser.eval("charts.seen()[1] - charts.seen()[0]")
    browser.until("charts.charts.every(({ graph }) => "
                  f"graph.xAxisRange()[1] - graph.xAxisRange()[0] <= {zoomed} + 1)")
    browser.eval("document.querySelector('[data-key=\"0\"]').click()")
    assert browser.eval("charts.window") is None
    assert whole
    box = browser.eval("(({ left, top, width, height }) => ({ left, top, width, height }))"
                       "(document.querySelector('#charts .plot').getBoundingClientRect())")
    middle = box["top"] + box["height"] / 2
    browser.drag((box["left"] + box["width"] * 0.3, middle),
                 (box["left"] + box["width"] * 0.6, middle))
    browser.until("charts.window !== null")
    browser.until("charts.charts.every(({ graph }) => graph.xAxisRange()[0] > charts.whole[0])")
    browser.eval("document.querySelector('[data-key=\"0\"]').click()")
    line = "document.querySelector('#legend [data-line=running]')"
    browser.eval(f"{line}.click()")
    assert browser.eval(f"{line}.ariaPressed") == "false"
    assert browser.console == []


def test_the_keyboard_is_enough(browser, url):
    browser.sized(1400)
    open_fleet(browser, url)
    reached = []
    for _ in range(60):
        browser.press("Tab")
        reached.append(browser.eval(
            "document.activeElement.textContent.trim() || document.activeElement.id"))
        if reached[-1] == "main/api":
            break
    assert reached[0] == "Skip to the services" and reached[-1] == "main/api", reached
    assert "filter" in reached and "Messages" in reached
    assert reached.index("filter") < reached.index("Messages") < reached.index("main/api")

    browser.press("Enter")
    browser.until("document.activeElement.id === 'service-name'")
    browser.until("view.points.length > 0")
    browser.eval("document.getElementById('moment').focus()")
    browser.press("Home")
    browser.until("document.getElementById('moment').value === '0'")
    assert "visible" in browser.eval("document.getElementById('moment').ariaValueText")
    browser.until("view.points.at(-1).until - view.points[0].from > 6000")
    browser.eval("document.getElementById('charts').focus()")
    browser.press("+")
    browser.until("charts.window !== null")
    browser.press("0")
    browser.until("charts.window === null")
    browser.press("Escape")
    browser.until("!document.getElementById('fleet').hidden")
    browser.until("document.activeElement.textContent === 'main/api'")


def test_everything_that_can_be_reached_has_a_name(browser, url):
    browser.sized(1400)
    open_fleet(browser, url)
    names = browser.eval(NAMES)
    open_service(browser, "api")
    for tag, name, order in names + browser.eval(NAMES):
        assert name, tag
        assert order <= 0, "the order in which it stands"
    assert browser.eval("[...document.querySelectorAll('#charts [role=img]')].every("
                        "(plot) => plot.getAttribute('aria-label').length > 4)")
    assert browser.eval("document.getElementById('live').getAttribute('role')") == "status"


def test_what_comes_from_outside_is_only_text(browser, url):
    browser.sized(1400)
    open_fleet(browser, url)
    browser.until(f"document.getElementById('rows').textContent.includes({json.dumps(WICKED)})")
    open_service(browser, "broken")
    browser.until(f"document.getElementById('service').textContent.includes({json.dumps(WICKED)})")
    assert browser.eval("document.images.length") == 0
    assert "owned" not in browser.eval("document.title")
    assert browser.console == []


def test_nothing_is_asked_of_anybody_else(browser, url):
    browser.sized(1400)
    open_fleet(browser, url)
    open_service(browser, "api")
    assert {asked.split("?")[0] for asked in browser.requests} == {
        f"{url}/", f"{url}/api/fleet", f"{url}/events", f"{url}/api/service"}


def test_a_lost_controller_is_told_and_found_again(browser, start_process, ecs_scaler, aws,
                                                   free_port):
    def start():
        return start_process(
            [ecs_scaler, "run", "--interval", "300ms", "--listen", f"127.0.0.1:{free_port}"],
            env={"SQS_QUEUE_URL": aws.queue_url("api"), "ECS_CLUSTER_NAME": "main",
                 "ECS_SERVICE_NAME": "api", "AWS_ENDPOINT_URL": aws.url},
            ready=lambda one: "controller started" in one.stdout())
    first = start()
    browser.sized(1400)
    browser.open(f"http://127.0.0.1:{free_port}/")
    browser.until("document.querySelectorAll('#rows tr').length === 1")

    first.stop()
    browser.until("document.getElementById('live').className === 'lost'")
    start()
    browser.until("document.getElementById('live').className === ''", seconds=30)


def test_the_embedded_aws_has_the_same_page(browser, start_job):
    job = start_job(env=["MODE=backlog", "BACKLOG_PER_TASK=2", "TASKS_MAX=4"])
    job.emulator.send(6)
    browser.console.clear()
    browser.sized(1400)
    browser.open(job.emulator.endpoint + "/")
    browser.until("document.querySelectorAll('#rows tr').length === 1")
    assert browser.eval("document.getElementById('shows').textContent") == "embedded AWS"
    browser.eval("document.querySelector('#rows a').click()")
    browser.until("document.getElementById('moment-told').textContent.includes('per task')")
    browser.picture(SCREENS / "live-emulate-1400-light.png")
    assert browser.console == []
