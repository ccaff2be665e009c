"""The command line: a wrong word is named with the nearest right one, help fits the terminal, and
the example at its end works."""

import contextlib
import os
import re
import shlex
import signal
import subprocess

import pytest

from support import program_environment

COMMANDS = ("demo", "once", "explain", "run", "decide", "config", "emulate", "iam", "trace",
            "simulate", "advise", "verify", "doctor")
EMULATE = ["emulate", "--cluster", "c", "--service", "s", "--queue", "q"]
# What the library that takes the words apart would say.
INTERNALS = re.compile(
    r"was not expected|were not expected|Run with --help|->|\{|\bOR\b|not in |bounded to|\bTEXT:|"
    r"does not exist: |required but|Could not convert|subcommand|Validator|INT\b|FLOAT\b|excludes")


def run(ecs_scaler, folder, arguments, columns=None):
    return subprocess.run([ecs_scaler, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False,
                          env=program_environment(folder, {"COLUMNS": columns}))


WRONG = [
    (["onec"], "ecs-scaler: 'onec' is no command; did you mean 'once'? (ecs-scaler --help)"),
    (["simulte"], "'simulate'"),
    (["--hepl"], "'--hepl' is no flag; did you mean '--help'?"),
    (["terminate"], "'terminate' is no command (ecs-scaler --help)"),
    ([], "which command?"),
    (["once", "--dry-rnu"],
     "ecs-scaler once: '--dry-rnu' is no flag of it; did you mean '--dry-run'?"),
    (["once", "--dry-rnu", "--outptu", "json"], "'--dry-rnu' is no flag of it"),
    (["once", "--outptu=json"], "'--outptu' is no flag of it; did you mean '--output'?"),
    (["once", "-n"], "'-n' is no flag of it (ecs-scaler once --help"),
    (["once", "now"], "'now' is a word too many"),
    (["run", "forget"], "did you mean '--forget'?"),
    (["once", "--output", "jsno"],
     "ecs-scaler once: --output: 'jsno' is none of text, json; did you mean 'json'?"),
    (["verify", "--output", "junti"], "did you mean 'junit'?"),
    (["verify", "--check", "basic,laod"], "--check: 'laod' is none of basic, "),
    (["simulate", "--start", "fargat"], "--start: 'fargat' is none of fargate, ec2, gpu; did you"),
    (["simulate", "--output", "cvs"], "did you mean 'csv'?"),
    (["simulate", "--scale", "0"], "--scale: '0' is not a number from 1e-09 to 1e+06"),
    (["simulate", "--work", "1ms"], "--work: '1ms' is not between 10 ms and "),
    (["advise", "--keep-zero", "--schedules"], "--schedules and --keep-zero exclude each other"),
    (["config", "--schema", "--markdown"], "--schema and --markdown exclude each other"),
    (["emulate"], "--cluster NAME is missing"),
    ([*EMULATE, "--port", "70000"], "--port: '70000' is not a whole number from 0 to 65535"),
    ([*EMULATE, "--env", "x"], "--env: 'x' is not K=V"),
    ([*EMULATE, "--task-start", "3s-2s"], "--task-start: '3s-2s' ends before it begins"),
    ([*EMULATE, "--lambda", "/nowhere"], "--lambda: there is no file '/nowhere'"),
    (["run", "--interval", "soon"], "--interval: 'soon' is not a duration such as 500ms"),
    (["run", "--listen", "0.0.0.0:1"], "--listen: '0.0.0.0:1' is not 127.0.0.1:PORT"),
    (["run", "--config"], "'--config' lacks its value"),
    (["run", "--config", "a", "--config", "b"], "--config is given more than once"),
    (["demo", "--messages", "1"], "--messages: '1' is not a whole number from 2 to 400"),
    (["decide", "--output", "json"], "'--output' is no flag of it"),
]


@pytest.mark.parametrize("arguments, told", WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_a_wrong_word_is_named_in_one_line(ecs_scaler, tmp_path, arguments, told):
    done = run(ecs_scaler, tmp_path, arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert done.stderr.startswith("ecs-scaler") and done.stderr.count("\n") == 1, done.stderr
    assert not INTERNALS.search(done.stderr), done.stderr


def test_a_rival_is_named_with_the_nearest(ecs_scaler, tmp_path):
    done = run(ecs_scaler, tmp_path, ["simulate", "--arrivals", "poisson:1", "--rival", "kda"])

    assert done.returncode == 3
    assert "'kda' is none of " in done.stderr and "did you mean 'keda'?" in done.stderr


def example_of(text):
    """The words of the example at a help's end, which a shell may take as it stands."""
    line = text.split("\nExample:\n")[1].replace("\\\n", "")
    assert line.count("\n") == 1, "one example, and nothing after it"
    return shlex.split(line)


@pytest.mark.parametrize("columns", ["60", "80", None])
@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_fits_the_terminal(ecs_scaler, tmp_path, command, columns):
    done = run(ecs_scaler, tmp_path, [*([command] if command else []), "--help"], columns)

    assert (done.returncode, done.stderr) == (0, "")
    width = int(columns or 80)
    too_wide = [line for line in done.stdout.splitlines()
                if len(line) > width and len(line.split()) > 1]
    assert too_wide == []
    assert max(len(line) for line in done.stdout.splitlines()) > width - 20, "it is not used"
    assert "\x1b" not in done.stdout
    assert not re.search(r"[ \t]$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("columns", ["0", "-5", "wide", "1000000"])
def test_columns_that_make_no_sense_are_80(ecs_scaler, tmp_path, columns):
    plain = run(ecs_scaler, tmp_path, ["run", "--help"])
    assert run(ecs_scaler, tmp_path, ["run", "--help"], columns).stdout == plain.stdout


def test_all_commands_stand_in_help_with_an_example(ecs_scaler, tmp_path):
    text = run(ecs_scaler, tmp_path, ["--help"]).stdout
    commands, examples = text.split("\nCommands:\n")[1].split("\nExamples:\n")

    assert tuple(re.findall(r"^  ([a-z]+) ", commands, re.MULTILINE)) == COMMANDS
    assert tuple(re.findall(r"^  ecs-scaler ([a-z]+)", examples, re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_the_example_of_a_help_is_understood(ecs_scaler, tmp_path, command):
    words = example_of(run(ecs_scaler, tmp_path, [command, "--help"], "40").stdout)
    assert words == example_of(run(ecs_scaler, tmp_path, [command, "--help"], "1000").stdout)
    assert words[:2] == ["ecs-scaler", command]
    arguments = words[1:words.index("<")] if "<" in words else words[1:]

    process = subprocess.Popen(
        [ecs_scaler, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=tmp_path,
        env=program_environment(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}))
    try:
        _, errors = process.communicate(timeout=2)
    except subprocess.TimeoutExpired:
        return  # It is at work.
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode in (0, 1, 3), errors
