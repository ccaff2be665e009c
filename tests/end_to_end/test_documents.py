"""Types what the documents say, page by page, into a shell in a scratch copy of the project.

tools/doc_blocks.py tells how a page marks a command that is not run, and which AWS it meets. What a
console shows is compared, too. Ports are others than the page's, so that two runs do not meet.
"""

import datetime
import os
import pathlib
import re
import shlex
import sys

import pytest

import doc_blocks
from support import REGION, ROOT, Process, find_free_port, program_environment

PAGES = [page for page in doc_blocks.pages(ROOT) if page.run]
SECONDS = 200
PORT = re.compile(r"(?<=127\.0\.0\.1:)\d{4,5}|(?<=--port )[1-9]\d{3,4}")
FUNCTION = "ecs-scaler"  # what the emulator calls the function that it hosts
pytestmark = [pytest.mark.timeout(SECONDS + 60), pytest.mark.long]


@pytest.fixture
def built(bin_dir):
    """The folder of the programs that are typed: those of a release, as readers have them."""
    return pathlib.Path(os.environ.get("SCALER_RELEASE_BIN_DIR", bin_dir)).resolve()


@pytest.fixture
def clone(tmp_path, built):
    """A folder that looks like a clone in which the programs have been built."""
    folder = tmp_path / "clone"
    (folder / "build/release").mkdir(parents=True)
    (folder / "build/release/bin").symlink_to(built)
    for path in ROOT.iterdir():
        if path.name not in ("build", "dist", ".git", ".venv"):
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture
def programs(tmp_path, built):
    """The PATH: ours, and an AWS CLI that asks AWS_ENDPOINT_URL for every service; version 1 asks
    AWS itself for SQS."""
    tools = pathlib.Path(sys.executable).parent
    folder = tmp_path / "programs"
    folder.mkdir()
    aws = folder / "aws"
    aws.write_text(f"""#!/bin/sh
: "${{AWS_ENDPOINT_URL:?no account is asked}}"
exec {shlex.quote(str(tools / "aws"))} --endpoint-url "$AWS_ENDPOINT_URL" "$@"
""")
    aws.chmod(0o755)
    return f"{folder}:{built}:{tools}:/usr/local/bin:/usr/bin:/bin"


@pytest.fixture
def world(request, emulator, bootstrap):
    """world(page) -> the variables by which its commands reach the AWS that it names."""

    def moto():
        service = request.getfixturevalue("moto_service")
        service.moto.client("cloudwatch").put_metric_data(
            Namespace="AWS/SQS", MetricData=history_of("jobs"))
        return {"AWS_ENDPOINT_URL": service.environment["AWS_ENDPOINT_URL"]}

    def emulated(cluster, service, queue):
        running = emulator(cluster, service, queue, lambda_=bootstrap, env=[
            "SCALE_UP_TARGET=2", "SCALE_DOWN_THRESHOLD=0.05", "BUSY_WINDOW=2",
            "WAKE_RETURN_SECONDS=2"], schedule="2s", task_start="1s", task_stop="500ms",
            work_time="500ms", mapping_toggle="1s", function_timeout="5s")
        return {"AWS_ENDPOINT_URL": running.endpoint}

    makers = {"moto": moto, "emulator": emulated}

    def make(page):
        if not page.world:
            return {"AWS_REGION": None}
        return {"AWS_DEFAULT_REGION": REGION, **makers[page.world[0]](*page.world[1:])}

    return make


def history_of(queue):
    """Two days of a busy queue, as CloudWatch keeps them."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
    return [{"MetricName": "NumberOfMessagesSent", "Value": 3.0 if hour % 24 > 7 else 0.0,
             "Dimensions": [{"Name": "QueueName", "Value": queue}],
             "Timestamp": now - datetime.timedelta(hours=hour)} for hour in range(1, 49)]


def script_of(page, text_of):
    """One shell types all blocks; `@ LINE` in its output says which it has begun."""
    lines = ["set -euo pipefail"]
    for block in page.run:
        lines.append(f"echo @ {block.line}")
        for number, command in enumerate(block.commands):
            out = f"$SCRATCH/{block.line}.{number}"
            typed = f"{{\n{text_of(command.text)}\n}} >{out} 2>&1"
            if block.background:
                lines.append(f"{typed} &\nuntil [ -s {out} ]; do kill -0 $!; sleep 0.05; done")
            elif block.code:
                lines.append(f"code=0; {typed} || code=$?\n[ $code = {block.code} ]")
            else:
                lines.append(typed)
    return "\n".join(lines) + "\n"


def outputs(page, folder):
    """What each block printed, for the report of a failure."""
    return "\n".join(f"{page.path.name}:{path.name}: {path.read_text(errors='replace')[-2000:]}"
                     for path in sorted(folder.iterdir(), key=lambda path: float(path.name)))


def shown(expected, printed):
    """Whether a console shows what was printed, `...` being anything."""
    pattern = ".*?".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.path.relative_to(ROOT)) for page in PAGES])
def test_what_the_page_says_can_be_typed(page, clone, programs, world, tmp_path):
    ports = {}

    def text_of(text):
        text = PORT.sub(lambda port: str(ports.setdefault(port[0], find_free_port())), text)
        return text.replace("my-scaler-scaler", FUNCTION)

    scratch = tmp_path / "outputs"
    scratch.mkdir()
    script = tmp_path / "script"
    script.write_text(script_of(page, text_of))
    environment = program_environment(tmp_path, {
        "PATH": programs, "SCRATCH": scratch, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "100",
        "HTTPS_PROXY": "http://127.0.0.1:9",  # Nothing listens there: no account is reached.
        **world(page)})
    process = Process(["bash", script], environment, clone)
    try:
        code = process.wait(SECONDS)
    finally:
        process.stop()
    assert code == 0, f"{process.output()}\n{outputs(page, scratch)}"
    for block in page.run:
        for number, command in enumerate(block.commands):
            printed = (scratch / f"{block.line}.{number}").read_text()
            if command.output:
                expected = text_of(command.output)
                assert shown(expected, printed), (f"{page.path.name}:{block.line} shows\n{expected}"
                                                  f"\nand prints\n{printed}")


def test_most_pages_have_a_command_that_is_run():
    names = {str(page.path.relative_to(ROOT)) for page in PAGES}
    assert {"README.md", "IMPLEMENTATION.md", "docs/tutorial.md", "docs/migration.md"} <= names


@pytest.mark.parametrize("expected, printed, same", [
    ("a 1\n", "a 1\n", True), ("a 1\n", "a 2\n", False), ("a 1\n", "a 1\nb\n", False),
    ("a\n...\nz\n", "a\nb\nc\nz\n", True), ("a ...\n", "b 1\n", False), ("a.b\n", "axb\n", False)])
def test_a_console_is_compared_with_what_was_printed(expected, printed, same):
    assert bool(shown(expected, printed)) == same
