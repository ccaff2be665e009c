"""The command line: help fits the terminal, and the example at its end works; the manual page and
the completions of shells are made of the same tables. Wrong words: test_wrong_words.py."""

import contextlib
import datetime
import os
import re
import shlex
import shutil
import signal
import subprocess

import pytest
from fake_aws import FakeAws
from support import ignoring_children, program_environment

COMMANDS = ("demo", "once", "explain", "run", "status", "health", "pause", "resume", "decide",
            "config", "emulate",
            "iam", "trace", "simulate", "advise", "verify", "doctor", "completions", "man")


def run(ecs_scaler, folder, arguments, columns=None):
    return subprocess.run([ecs_scaler, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False,
                          env=program_environment(folder, {"COLUMNS": columns}))


def test_a_rival_is_named_with_the_nearest(ecs_scaler, tmp_path):
    done = run(ecs_scaler, tmp_path, ["simulate", "--arrivals", "poisson:1", "--rival", "kda"])

    assert done.returncode == 2
    assert "'kda' is none of " in done.stderr and "did you mean 'keda'?" in done.stderr


def example_of(text):
    """The words of the example at a help's end, which a shell may take as it stands."""
    line = text.split("\nExample:\n")[1].replace("\\\n", "")
    assert line.count("\n") == 1, "one example, and nothing after it"
    return shlex.split(line)


@pytest.mark.parametrize("columns", ["40", "80", "120", None])
@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_fits_the_terminal(ecs_scaler, tmp_path, command, columns):
    done = run(ecs_scaler, tmp_path, [*([command] if command else []), "--help"], columns)

    assert (done.returncode, done.stderr) == (0, "")
    width = int(columns or 80)
    too_wide = [line for line in done.stdout.splitlines()
                if len(line) > width and len(line.split()) > 1]
    assert too_wide == []
    unbroken = run(ecs_scaler, tmp_path, [*([command] if command else []), "--help"], "1000").stdout
    longest = max(map(len, unbroken.splitlines()))
    assert max(map(len, done.stdout.splitlines())) > min(width, longest) - 20, "it is not used"
    assert "\x1b" not in done.stdout
    assert not re.search(r"[ \t]$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("columns", ["0", "-5", "wide", "1000000"])
def test_columns_that_make_no_sense_are_80(ecs_scaler, tmp_path, columns):
    plain = run(ecs_scaler, tmp_path, ["run", "--help"])
    assert run(ecs_scaler, tmp_path, ["run", "--help"], columns).stdout == plain.stdout


def test_all_commands_stand_in_help_with_an_example(ecs_scaler, tmp_path):
    text = run(ecs_scaler, tmp_path, ["--help"]).stdout
    commands, rest = text.split("\nCommands:\n")[1].split("\nWords:\n")
    examples = rest.split("\nExamples:\n")[1]

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


def test_the_version_tells_commit_and_libraries(ecs_scaler, tmp_path):
    first, second = run(ecs_scaler, tmp_path, ["--version"]).stdout.splitlines()

    commit = r"([0-9a-f]{12}(-dirty)?|unknown)"
    assert re.fullmatch(rf"ecs-scaler \d+\.\d+\.\d+ \(commit {commit}\)", first)
    for library in ("OpenSSL", "Boost", "{fmt}", "Abseil", "yaml-cpp", "CLI11"):
        assert re.search(rf"{re.escape(library)} [0-9]", second), second


def flags_of(help_text):
    return set(re.findall(r"^  (--[a-z-]+)", help_text, re.MULTILINE))


@pytest.fixture(scope="module")
def flags(ecs_scaler, tmp_path_factory):
    """{command: its flags, as help has them}"""
    folder = tmp_path_factory.mktemp("help")
    return {command: flags_of(run(ecs_scaler, folder, [command, "--help"]).stdout)
            for command in COMMANDS}


def test_the_manual_page_has_all_commands_and_flags(ecs_scaler, tmp_path, flags):
    page = run(ecs_scaler, tmp_path, ["man"]).stdout
    (tmp_path / "ecs-scaler.1").write_text(page)
    plain = page.replace("\\-", "-")

    for command in COMMANDS:
        section = plain.split(f"\n.SS {command}\n")[1].split("\n.S")[0]
        assert set(re.findall(r"^\\fB(--[a-z-]+)", section, re.MULTILINE)) == flags[command]
    if shutil.which("man") is None:
        pytest.skip("man is not here, which would read the page")
    read = subprocess.run(["man", "--warnings", "-l", tmp_path / "ecs-scaler.1"],
                          capture_output=True, text=True, check=False,
                          env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
    assert (read.returncode, read.stderr) == (0, "")
    assert "ENVIRONMENT" in read.stdout and "--dry-run" in read.stdout


ASKED = {
    # What is typed, and what a shell must offer.
    ("ecs-scaler", "adv"): {"advise"},
    ("ecs-scaler", "once", "--dr"): {"--dry-run"},
    ("ecs-scaler", "simulate", "--start", "g"): {"gpu"},
    ("ecs-scaler", "verify", "--check", "tri"): {"triggers"},
    ("ecs-scaler", "simulate", "--rival", "python-s"): {"python-schedule"},
    ("ecs-scaler", "completions", "z"): {"zsh"},
    ("ecs-scaler", "config", "fleet.y"): {"fleet.yaml"},
    ("ecs-scaler", "config", "--config", "fleet.y"): {"fleet.yaml"},
    ("ecs-scaler", "run", "--config", "fleet.y"): {"fleet.yaml"},
    ("ecs-scaler", "run", "--fleet", "t"): {"tags"},
    ("ecs-scaler", "run", "--fleet", "fleet.y"): {"fleet.yaml"},
    ("ecs-scaler", "config", "--diff", ""): {"tags", "fleet.yaml"},
    ("ecs-scaler", "health", "--listen", ""): set(),
}
# What bash makes of --flag=value.
TAKEN_APART = {
    ("ecs-scaler", "once", "--output", "=", "j"): {"json"},
    ("ecs-scaler", "once", "--output", "="): {"text", "json"},
    ("ecs-scaler", "run", "--config", "=", "fleet.y"): {"fleet.yaml"},
}
BASH = """source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ecs_scaler
printf '%s\\n' "${COMPREPLY[@]}" """


def completed(shell, script, words, folder):
    if shell == "bash":
        command = ["bash", "-c", BASH, "bash", script, *words]
    else:
        command = ["fish", "--no-config", "-c", f"source {script}; complete -C '{' '.join(words)}'"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60,
                          check=False, env={**os.environ, "HOME": str(folder)})
    assert done.stderr == "", done.stderr
    return {line.split("\t")[0] for line in done.stdout.splitlines()}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_of_the_tables(ecs_scaler, tmp_path, flags, shell):
    text = run(ecs_scaler, tmp_path, ["completions", shell]).stdout
    dashes = "--" if shell != "fish" else "-l "
    for command in COMMANDS:
        for flag in flags[command]:
            assert dashes + flag[2:] in text, (command, flag)
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here, which would read them")
    script = tmp_path / f"ecs-scaler.{shell}"
    script.write_text(text)
    (tmp_path / "fleet.yaml").touch()
    subprocess.run([shell, "-n", script], check=True, capture_output=True)
    if shell == "zsh":
        done = subprocess.run(
            ["zsh", "-f", "-c", "autoload -Uz compinit; compinit -u -D; source $1; "
             "print $_comps[ecs-scaler]; whence -w _ecs_scaler", "zsh", script],
            capture_output=True, text=True, check=True, env={**os.environ, "HOME": str(tmp_path)})
        assert done.stdout == "_ecs_scaler\n_ecs_scaler: function\n" and done.stderr == ""
        return  # Its line editor would need a terminal to be asked.
    for words, offered in (ASKED | (TAKEN_APART if shell == "bash" else {})).items():
        found = completed(shell, script, words, tmp_path) - {script.name, ""}
        assert found == offered, words


def test_a_pause_is_as_long_as_it_says_by_the_clock_of_aws(ecs_scaler, tmp_path):
    aws = FakeAws(["worker"])
    aws.ahead = 3600
    now = datetime.datetime.now(datetime.UTC)
    done = subprocess.run(
        [ecs_scaler, "pause", "worker", "--for", "10m"], capture_output=True, text=True, timeout=60,
        check=False, env=program_environment(tmp_path, {
            "SQS_QUEUE_URL": aws.queue_url("worker"), "ECS_CLUSTER_NAME": "main",
            "ECS_SERVICE_NAME": "worker", "AWS_ENDPOINT_URL": aws.url}))
    aws.close()

    assert done.returncode == 0, done.stderr
    (tag,) = aws.tags["worker"]
    length = datetime.datetime.fromisoformat(tag["value"]) - now
    assert 69 <= length.total_seconds() / 60 <= 72
    assert tag["value"] in done.stdout


def test_what_a_child_says_is_heard_also_where_the_starter_ignores_children(ecs_scaler, tmp_path):
    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n"
                                     "credential_process = sh -c 'echo log in >&2; exit 3'\n")
    done = subprocess.run(
        [*ignoring_children(), ecs_scaler, "once"], capture_output=True, text=True, timeout=60,
        check=False, env=program_environment(tmp_path, {
            "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
            "AWS_CONFIG_FILE": str(tmp_path / "config"), "ECS_CLUSTER_NAME": "main",
            "SQS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
            "ECS_SERVICE_NAME": "worker", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}))

    assert "sh ended with status 3: log in" in done.stderr
