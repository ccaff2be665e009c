"""simulate and advise: every input is answered, or refused with one line that names the fault."""

import csv
import datetime
import io
import json
import re

import pytest

import advised_blocks

POLICY = {"mode": "backlog", "backlog_per_task": 2, "tasks_max": 20}


@pytest.fixture(scope="session")
def ecs_scaler(release_bin_dir):
    return release_bin_dir / "ecs-scaler"


@pytest.fixture
def files(tmp_path):
    """A policy file and a day of a trace."""
    policy = tmp_path / "own.json"
    policy.write_text(json.dumps(POLICY))
    trace = tmp_path / "trace.csv"
    rows = [f"2026-11-{23 + hour // 24} {hour % 24:02}:00,{60 + 50 * (hour % 3)}"
            for hour in range(18)]
    trace.write_text("timestamp,value\n" + "\n".join(rows) + "\n")
    return policy, trace


def test_a_trace_gives_text_json_csv_and_a_page(run_program, ecs_scaler, files, tmp_path):
    policy, trace = files
    arguments = [ecs_scaler, "simulate", "--trace", trace, "--policy", policy, "--rival", "keda"]
    text = run_program(arguments)
    assert text.code == 0, text.output()
    assert re.search(r"^own .* 0$", text.stdout(), re.MULTILINE), text.stdout()
    assert "KEDA with HPA" in text.stdout() and "Fargate pricing" in text.stdout()

    page = tmp_path / "out.html"
    answer = json.loads(run_program([*arguments, "--output", "json", "--html", page]).stdout())
    own = answer["policies"][0]
    assert own["policy"] == "own" and own["sent_messages"] == 18 * 110
    assert own["lost_messages"] == 0 and own["unfinished_messages"] == 0
    assert 0 <= own["wait_p50_seconds"] <= own["wait_p95_seconds"] <= own["wait_max_seconds"]
    assert own["task_hours"] > 18 * 110 * 20 / 3600, "no less than the work itself"
    assert "</html>" in page.read_text()

    rows = list(csv.DictReader(io.StringIO(run_program([*arguments, "--output", "csv"]).stdout())))
    assert float(rows[0]["wait_p95_seconds"]) == pytest.approx(own["wait_p95_seconds"], abs=1e-3)


def test_a_page_takes_no_inputs_place(run_program, ecs_scaler, files):
    policy, trace = files
    for command, flag, page in (("simulate", "--policy", trace), ("simulate", "--policy", policy),
                                ("advise", "--policy", policy)):
        before = page.read_text()
        refused = run_program([ecs_scaler, command, "--trace", trace, flag, policy,
                               "--html", page.parent / "." / page.name])
        assert refused.code == 2 and "is read: the page would take its place" in refused.stderr()
        assert page.read_text() == before


def test_a_files_name_moves_no_cursor(run_program, ecs_scaler, files, tmp_path):
    policy, trace = (path.rename(tmp_path / f"\x1b[2J{path.name}") for path in files)
    shown = run_program([ecs_scaler, "simulate", "--trace", trace, "--policy", policy])
    assert shown.code == 0, shown.output()
    assert "\x1b" not in shown.stdout() and r"\x1b[2Jown" in shown.stdout()
    assert r"\x1b[2Jtrace.csv" in shown.stdout()


def test_one_seed_one_answer(run_program, ecs_scaler, files):
    policy, trace = files
    arguments = [ecs_scaler, "simulate", "--trace", trace, "--policy", policy, "--output", "csv"]
    first, second, other = (run_program([*arguments, "--seed", seed]).stdout()
                            for seed in (7, 7, 8))
    assert first == second != other


def test_triggers_of_a_policy_file_matter(run_program, ecs_scaler, files, tmp_path):
    policy, trace = files
    quick = tmp_path / "quick.json"
    quick.write_text(json.dumps({"policy": POLICY, "tick_seconds": 10, "wake": True}))
    done = run_program([ecs_scaler, "simulate", "--trace", trace, "--policy", policy,
                        "--policy", quick, "--output", "json"])
    slow, fast = json.loads(done.stdout())["policies"]
    assert fast["wait_p95_seconds"] < slow["wait_p95_seconds"]


def test_instances_are_told_with_their_hours_and_their_price(run_program, ecs_scaler):
    arguments = [ecs_scaler, "simulate", "--arrivals", "bursts:2", "--length", "12h", "--work",
                 "5m", "--instance-start", "3m-4m", "--task-start", "5s-10s", "--image-pull", "30s",
                 "--tasks-per-instance", "2", "--instance-price", "g4dn.xlarge"]
    text = run_program(arguments)
    assert text.code == 0, text.output()
    assert "instance-hours" in text.stdout() and "Price of an instance" in text.stdout()

    answer = json.loads(run_program([*arguments, "--output", "json"]).stdout())
    own, managed, minute, five, warm = answer["policies"]
    assert own["price"] < minute["price"], "their fee decides"
    assert own["instance_hours"] < five["instance_hours"]
    assert five["instance_hours"] < managed["instance_hours"] < warm["instance_hours"]
    assert own["price"] == pytest.approx(0.526 * own["instance_hours"])
    assert minute["price"] == pytest.approx(1.12 * 0.526 * minute["instance_hours"])
    assert own["wait_p50_seconds"] > 3 * 60 + 5 + 30, "instance, image and task start after it"
    assert own["instance_idle_p95_seconds"] < 150
    rows = list(csv.DictReader(io.StringIO(run_program([*arguments, "--output", "csv"]).stdout())))
    assert float(rows[0]["instance_hours"]) == pytest.approx(own["instance_hours"], abs=1e-3)


# (arguments, what the one line on stderr must tell, exit code)
BAD = [
    (["--rival", "keda"], "--trace FILE or --arrivals", 2),
    (["--trace", "bad", "--arrivals", "poisson:1"], "--trace FILE or --arrivals", 2),
    (["--arrivals", "poisson:-1", "--rival", "keda"], "'-1'", 2),
    (["--arrivals", "often", "--rival", "keda"], "'often' is none of", 2),
    (["--arrivals", "poisson:1", "--rival", "nobody"], "'nobody' is none of target-tracking", 2),
    (["--arrivals", "poisson:1", "--rival", "keda", "--objective", "fast"], "'fast' is not", 2),
    (["--arrivals", "poisson:1", "--rival", "keda", "--price", "m5.large"], "'m5.large'", 2),
    (["--arrivals", "poisson:1", "--price", "g5.xlrage"], "did you mean 'g5.xlarge'?", 2),
    (["--trace", "missing.csv", "--rival", "keda"], "simulate: there is no file 'missing.csv'", 3),
    (["--trace", ".", "--rival", "keda"], "simulate: '.' is a folder", 3),
    (["--trace", "empty", "--rival", "keda"], "empty: it is empty", 3),
    (["--trace", "bad", "--rival", "keda"], "bad: line 2: '-3'", 3),
    (["--trace", "huge", "--rival", "keda"], "--scale", 3),
    (["--arrivals", "poisson:1", "--policy", "bad"], "bad: ", 3),
    (["--arrivals", "poisson:1", "--rival", "keda", "--prices", "bad"], "bad: not JSON", 3),
    (["--arrivals", "poisson:1", "--policy", "utf16.json"], "json: not JSON: it is UTF-16", 3),
    (["--arrivals", "poisson:1", "--policy", "marked.json"], "backlog_per_task", 3),
    (["--arrivals", "poisson:1", "--policy", "typo.json"], "did you mean 'tasks_max'", 3),
    (["--arrivals", "poisson:1", "--policy", "nothing.json"], "backlog_per_task", 3),
    (["--arrivals", "poisson:1", "--rival", "warm-pool"], "needs --instance-start", 2),
    (["--arrivals", "poisson:1", "--instances", "warm-pool"], "needs --instance-start", 2),
    (["--arrivals", "poisson:1", "--guard-linger", "5s"], "needs --workers-guarded", 2),
    (["--arrivals", "poisson:1", "--instance-start", "4m-3m"], "'4m-3m'", 2),
    (["--arrivals", "poisson:1", "--instance-start", "3m", "--instances", "me"], "'me'", 2),
    (["--arrivals", "poisson:1", "--rival", "keda", "--work", "soon"], "'soon'", 2),
    (["--arrivals", "poisson:1", "--rival", "keda", "--tasks-max", "0"], "tasks-max", 2),
]


@pytest.mark.parametrize("arguments, told, code", BAD, ids=[" ".join(row[0])[:60] for row in BAD])
def test_bad_input_is_named(run_program, ecs_scaler, tmp_path, arguments, told, code):
    (tmp_path / "empty").write_text("")
    (tmp_path / "bad").write_text("2026-11-23 12:00,1\n2026-11-23 12:01,-3\n")
    (tmp_path / "huge").write_text("2026-11-23 12:00,1e9\n2026-11-23 12:01,1e9\n")
    (tmp_path / "typo.json").write_text('{"mode":"backlog","backlog_per_task":1,"task_max":3}')
    (tmp_path / "nothing.json").write_text('{"mode":"backlog"}')
    (tmp_path / "marked.json").write_text('{"mode":"backlog"}', "utf-8-sig")
    (tmp_path / "utf16.json").write_text('{"mode":"backlog"}', "utf-16")
    names = [str(tmp_path / word) if (tmp_path / word).exists() and word != "." else word
             for word in arguments]
    done = run_program([ecs_scaler, "simulate", *names])
    assert done.code == code, done.output()
    assert told in done.stderr(), done.output()
    if code == 3:
        assert done.stderr().count("\n") == 1 and done.stdout() == ""


@pytest.mark.parametrize("text", [
    "2026-11-23 12:00,5\n",
    "2026-11-23 12:00,0\n2026-11-23 12:05,0\n",
    "2026-11-23 12:00,nan\n2026-11-23 12:05,7\n2026-11-23 12:05,7\n2026-11-23 12:10,\n",
    "2026-10-25 02:30,5\n2026-10-25 02:00,4\n2026-10-25 02:30,6\n2026-10-25 06:30,6\n",
    "1795435200;3\n1795435260;4\n",
], ids=["one line", "all zero", "gaps and copies", "an hour twice", "unix times"])
def test_odd_traces_are_answered(run_program, ecs_scaler, files, tmp_path, text):
    trace = tmp_path / "odd.csv"
    trace.write_text(text)
    done = run_program([ecs_scaler, "simulate", "--trace", trace, "--policy", files[0],
                        "--output", "json"])
    assert done.code == 0, done.output()
    assert json.loads(done.stdout())["policies"][0]["lost_messages"] == 0


def pass_line(minute, visible, in_flight, desired):
    at = f"2026-11-23T{12 + minute // 60:02}:{minute % 60:02}:00Z"
    return json.dumps({"level": "INFO", "message": "pass", "record": {
        "at": at, "cluster": "c", "service_name": "s",
        "queues": [{"visible": visible, "in_flight": in_flight, "delayed": 0}],
        "service": {"desired": desired, "running": desired, "pending": 0, "status": "ACTIVE",
                    "deploying": False},
        "outcome": "held", "errors": []}})


def test_a_journal_is_replayed_and_compared_decision_by_decision(run_program, ecs_scaler, files,
                                                                 tmp_path):
    journal = tmp_path / "journal.log"
    journal.write_text("START RequestId\n" + "\n".join(
        pass_line(minute, 30 if 5 <= minute < 10 else 0, 1 if minute < 10 else 0, 1)
        for minute in range(20)) + "\n")
    done = run_program([ecs_scaler, "simulate", "--trace", journal, "--policy", files[0],
                        "--output", "json"])
    assert done.code == 0, done.output()
    backtest = json.loads(done.stdout())["backtest"][0]
    assert backtest["passes"] == 20 and backtest["more"] == 5
    difference = backtest["differences"][0]
    assert difference["at"] == "2026-11-23T12:05:00Z"
    assert (difference["really"], difference["would"]) == (1, 16)
    assert difference["because"]


def test_advice_meets_its_objective_and_can_be_pasted(run_program, ecs_scaler, files, tmp_path):
    policy, trace = files
    done = run_program([ecs_scaler, "advise", "--trace", trace, "--objective", "p95 wait < 50s",
                        "--policy", policy, "--workers-protect", "--trials", "70", "--output",
                        "json"])
    assert done.code == 0, done.output()
    advice = json.loads(done.stdout())
    assert advice["met_where_chosen"] is True and advice["tried"] == 70
    assert advice["ended"] == "70 policies were tried; that is as many as were allowed"
    names = [answer["policy"] for answer in advice["last_third"]]
    assert names[0] == "advised" and names[-1] == "present: own"
    assert names[1:-1] == [f"runner-up {i}" for i in range(1, len(names) - 1)]
    assert "MODE=latency\n" in advice["environment"]
    assert re.search(r"the p95 wait goes from .+ to .+ and the cost from \$.+ to \$.+ a month, "
                     r"\$.+ of it for the scaler itself", advice["sentence"])
    advised_blocks.check(advice, run_program, ecs_scaler, tmp_path)

    pasted = tmp_path / "pasted.json"
    pasted.write_text(json.dumps(advice["settings"]))
    again = run_program([ecs_scaler, "simulate", "--trace", trace, "--policy", pasted,
                         "--workers-protect", "--output", "json"])
    assert again.code == 0, again.output()


def test_a_trace_alone_is_compared_with_everybody(run_program, ecs_scaler, files):
    done = run_program([ecs_scaler, "simulate", "--trace", files[1], "--output", "json"])
    assert done.code == 0, done.output()
    answer = json.loads(done.stdout())
    names = [policy["policy"] for policy in answer["policies"]]
    assert names[0] == "plain settings" and len(names) == 7 and "KEDA with HPA" in names
    assert answer["sentence"].endswith(".") and "'p95 wait < 60s'" in answer["sentence"]


def test_policies_of_one_file_name_are_told_apart(run_program, ecs_scaler, files, tmp_path):
    paths = [tmp_path / folder / "policy.json" for folder in ("now", "then")]
    for tasks, path in enumerate(paths, 5):
        path.parent.mkdir()
        path.write_text(json.dumps({**POLICY, "tasks_max": tasks}))

    def simulated(*policies):
        given = [word for policy in policies for word in ("--policy", policy)]
        return run_program([ecs_scaler, "simulate", "--trace", files[1], "--output", "json",
                            *given])

    told = json.loads(simulated(*paths).stdout())["policies"]
    assert [one["policy"] for one in told] == [str(path.with_suffix("")) for path in paths]
    alone = json.loads(simulated(paths[0]).stdout())
    assert alone["policies"][0]["policy"] == "policy"
    assert re.match(r"policy (meets|misses) 'p95 wait < 60s': p95 wait ", alone["sentence"])
    twice = simulated(paths[0], paths[0])
    assert twice.code == 2
    assert twice.stderr() == f"ecs-scaler simulate: --policy: '{paths[0]}' is given twice\n"


def test_the_present_is_a_file_or_a_rival(run_program, ecs_scaler, files):
    done = run_program([ecs_scaler, "advise", "--trace", files[1], "--policy", "kedaa"])
    assert done.code == 3
    assert "--policy: 'kedaa' is neither a file nor one of target-tracking," in done.stderr()
    assert done.stderr().endswith("; did you mean 'keda'?\n")


def test_the_present_may_be_a_rival(run_program, ecs_scaler, files):
    done = run_program([ecs_scaler, "advise", "--trace", files[1], "--trials", "10",
                        "--workers-protect", "--policy", "target-tracking"])
    assert done.code == 0, done.output()
    lines = done.stdout().splitlines()
    assert lines[0].startswith("With the advised settings in place of AWS target tracking, the ")
    assert lines[2].startswith("--- Environment: "), "what to copy comes before all else"
    assert "present: AWS target tracking" in done.stdout()
    assert "\n  The history is only 18 h long: what other days of a week bring" in done.stdout()
    runner_up = re.search(r"^  runner-up 1: (.*)$", done.stdout(), re.MULTILINE)
    assert not runner_up or runner_up[1].startswith("as advised but for ")


def test_a_month_is_the_price_at_this_pace_and_the_scaler(run_program, ecs_scaler):
    done = run_program([ecs_scaler, "simulate", "--arrivals", "constant:0.05", "--length", "2d",
                        "--output", "json"])
    plain, target_tracking = json.loads(done.stdout())["policies"][:2]
    assert plain["own_month"] == pytest.approx(0.99, abs=0.01), "as docs/cost.md has it"
    assert target_tracking["own_month"] == 0
    for policy in (plain, target_tracking):
        tasks = policy["month"] - policy["own_month"]
        assert tasks == pytest.approx(policy["price"] * 730 / 48, rel=0.02)


def test_an_objective_that_cannot_be_met_is_said_to_be_so(run_program, ecs_scaler, files):
    done = run_program([ecs_scaler, "advise", "--trace", files[1], "--objective",
                        "max wait < 10ms", "--trials", "10"])
    assert done.code == 1, done.output()
    assert "No policy of 10 meets 'max wait < 10ms'. The nearest:" in done.stdout()


def test_advice_needs_messages_in_both_parts(run_program, ecs_scaler, tmp_path):
    trace = tmp_path / "late.csv"
    trace.write_text("2026-11-23 12:00,0\n2026-11-23 12:05,0\n2026-11-23 12:10,90\n")
    done = run_program([ecs_scaler, "advise", "--trace", trace])
    assert done.code == 3 and "advice needs both" in done.stderr()


def test_no_objective_is_longer_than_what_it_is_chosen_on(run_program, ecs_scaler):
    def advised(limit):
        return run_program([ecs_scaler, "advise", "--arrivals", "poisson:0.01", "--length", "3h",
                            "--objective", f"p95 wait < {limit}", "--trials", "4"])

    assert advised("3h").code == 0
    done = advised("4h")
    assert done.code == 3
    assert ("'p95 wait < 4h': nobody can wait so long in the 3 h that the choice is made on"
            in done.stderr())


def test_learned_schedules_take_fewer_tasks_where_days_are_alike(run_program, ecs_scaler, tmp_path):
    begin = datetime.datetime(2026, 10, 5, tzinfo=datetime.timezone.utc)  # a Monday
    hours = [begin + datetime.timedelta(hours=hour) for hour in range(9 * 24)]
    trace = tmp_path / "office.csv"
    trace.write_text("".join(
        f"{at.isoformat()},{1440 if at.weekday() < 5 and 9 <= at.hour < 17 else 20}\n"
        for at in hours))

    def advised(*more):
        done = run_program([ecs_scaler, "advise", "--trace", trace, "--start", "gpu", "--work",
                            "20s", "--workers-protect", "--tasks-max", "50", "--price",
                            "g5.xlarge", "--objective", "p99 wait < 60s", "--trials", "96",
                            "--output", "json", *more], timeout=300)
        assert done.code == 0, done.output()
        return json.loads(done.stdout())

    constant, learned = advised(), advised("--schedules")
    assert "schedules" not in constant["settings"]["policy"]
    assert learned["settings"]["policy"]["schedules"] == [
        {"cron": "50 8 * * 1-5", "duration": 29400, "tasks_min": 7}]
    advised_blocks.check(learned, run_program, ecs_scaler, tmp_path)
    # What was chosen just below 60 s may lie just above it in days that it has not seen.
    assert learned["last_third"][0]["wait_p99_seconds"] < 63
    schedules, none = learned["last_third"][0], constant["last_third"][0]
    # By little: under managed scaling instances linger for a quarter of an hour after their tasks.
    assert schedules["task_hours"] < 0.97 * none["task_hours"]
    assert schedules["price"] < 0.97 * none["price"]
