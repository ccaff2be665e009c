"""Fixtures: the programs under test, processes, an emulator, a moto server.

The programs are those in SCALER_BIN_DIR (default build/dev/bin, the sanitized ones). Every process
is started in a group and with an environment of its own, and a test fails when a sanitizer had
something to say, whatever the test itself asserted.
"""

import os
import pathlib

import pytest

import rie
from fake_aws import FakeAws
from instance_fleet import GROUP, Fleet
from support import (ROOT, TARGET, Emulator, Job, MotoService, Process, aws_clients, find_free_port,
                     has_endpoint_line, open_url, program_environment, start_moto, wait_until)


def pytest_collection_modifyitems(items):
    """Files that take minutes begin first: what begins last holds up the end alone."""
    first = {item.path for item in items
             if item.get_closest_marker("slow") or item.get_closest_marker("long")}
    items.sort(key=lambda item: item.path not in first)


@pytest.fixture(scope="session")
def bin_dir():
    """The folder of the programs under test."""
    folder = pathlib.Path(os.environ.get("SCALER_BIN_DIR", ROOT / "build/dev/bin")).resolve()
    for program in ("bootstrap", "ecs-guard", "ecs-scaler"):
        if not (folder / program).is_file():
            pytest.fail(f"{folder / program} does not exist: run ./dev build first")
    return folder


@pytest.fixture(scope="session")
def release_bin_dir():
    """The folder of the release programs: for what is measured, and for what takes too long under
    sanitizers."""
    folder = os.environ.get("SCALER_RELEASE_BIN_DIR")
    if not folder:
        pytest.skip("SCALER_RELEASE_BIN_DIR does not name the folder of the release programs")
    return pathlib.Path(folder).resolve()


@pytest.fixture(scope="session")
def ecs_scaler(bin_dir):
    return bin_dir / "ecs-scaler"


@pytest.fixture(scope="session")
def bootstrap(bin_dir):
    return bin_dir / "bootstrap"


@pytest.fixture(scope="session")
def ecs_guard(bin_dir):
    return bin_dir / "ecs-guard"


@pytest.fixture
def free_port():
    return find_free_port()


@pytest.fixture
def start_process(tmp_path):
    """start_process(arguments, env=None, ready=None, stdin=None) -> Process, ended after the test.

    `env` is added to the hermetic environment; `ready(process)` is waited for, at most `timeout`
    seconds.
    """
    processes = []

    def start(arguments, env=None, ready=None, stdin=None, timeout=20):
        folder = tmp_path / f"process-{len(processes)}"
        folder.mkdir()
        process = Process(arguments, program_environment(folder, env), folder, stdin)
        processes.append(process)
        if ready is not None:
            wait_until(lambda: ready(process) or not process.running(), timeout, what="the start")
            if not ready(process):
                pytest.fail(f"{process.arguments} ended with {process.wait()}\n{process.output()}")
        return process

    yield start
    for process in reversed(processes):
        process.stop()
    reports = [report for process in processes for report in process.sanitizer_reports()]
    if reports:
        pytest.fail("a sanitizer complained:\n" + "\n".join(reports))


@pytest.fixture
def run_program(start_process):
    """run_program(arguments, env=None, stdin=None) -> the ended Process; `.code` is its result."""

    def run(arguments, env=None, stdin=None, timeout=60):
        process = start_process(arguments, env=env, stdin=stdin)
        process.code = process.wait(timeout)
        return process

    return run


@pytest.fixture
def start_rie(start_process):
    """start_rie(bootstrap, environment) -> invoke(event), under AWS's own emulator."""
    program = rie.find_or_build()
    return lambda bootstrap, environment: rie.start(program, bootstrap, environment, start_process)


def emulators_of(program, start_process):
    def start(cluster="test", service="worker", queue="jobs", env=(), lambda_=None, **options):
        arguments = [program, "emulate", "--port", "0", "--cluster", cluster,
                     "--service", service, "--queue", queue]
        if lambda_ is not None:
            arguments += ["--lambda", lambda_]
        for assignment in env:
            arguments += ["--env", assignment]
        for name, value in options.items():
            flag = f"--{name.replace('_', '-')}"
            arguments += [flag] if value is True else [flag, value]
        process = start_process(arguments, ready=has_endpoint_line)
        return Emulator(process, (cluster, service, queue))

    return start


@pytest.fixture
def emulator(start_process, ecs_scaler):
    """emulator(task_start="1s", env=["K=V"], lambda_=path) -> Emulator; options are the flags,
    True for those without a value."""
    return emulators_of(ecs_scaler, start_process)


@pytest.fixture
def release_emulator(start_process, release_bin_dir):
    """As emulator, of the release program: for thousands of tasks, as each is a process of its own,
    and a copy of a program under ASan takes ten times as long."""
    return emulators_of(release_bin_dir / "ecs-scaler", start_process)


@pytest.fixture
def start_job(emulator, bootstrap):
    """start_job(threshold_minutes=0.03, env=["K=V"], schedule="1s", ...) -> Job in quick times."""

    def start(threshold_minutes=0.03, env=(), **options):
        work = {} if options.get("no_workers") else {"work_time": "500ms"}
        flags = {"schedule": "1s", "task_start": "500ms", "task_stop": "200ms",
                 "mapping_toggle": "1s", **work, **options}
        running = emulator(lambda_=bootstrap, env=[
            f"SCALE_UP_TARGET={TARGET}", f"SCALE_DOWN_THRESHOLD={threshold_minutes}",
            "WAKE_RETURN_SECONDS=1", "BUSY_WINDOW=1", *env], **flags)
        # A message of a failed wake comes back after this time.
        running.aws.sqs.set_queue_attributes(QueueUrl=running.queue_url,
                                             Attributes={"VisibilityTimeout": "5"})
        return Job(running)

    return start


@pytest.fixture
def start_fleet(start_job):
    """start_fleet(env=["K=V"], instance_start="2s", ...) -> Fleet: a job on instances."""
    def start(env=(), **options):
        return Fleet(start_job(env=["BUSY_WINDOW=1", *env], **{
            "instances": GROUP, "instance_start": "1s", "task_start": "200ms", **options}))

    return start


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory):
    """A moto server of the session on a free port of loopback: its endpoint."""
    process, endpoint = start_moto(tmp_path_factory.mktemp("moto"))
    yield endpoint
    process.stop()


@pytest.fixture
def moto(moto_server):
    """An empty moto: `.endpoint` and boto3 clients."""
    open_url(moto_server + "/moto-api/reset", b"").close()
    clients = aws_clients(moto_server)
    clients.endpoint = moto_server
    return clients


@pytest.fixture
def moto_service(moto):
    return MotoService(moto)


@pytest.fixture
def make_fake_aws():
    """make_fake_aws("a", "b") -> FakeAws with these services and a queue for each."""
    made = []

    def make(*services):
        made.append(FakeAws(services or ("worker",)))
        return made[-1]

    yield make
    for aws in made:
        aws.close()


@pytest.fixture
def fake_aws(make_fake_aws):
    return make_fake_aws()


@pytest.fixture
def tree(tmp_path):
    """tree({"src/a/b.h": "text"}) writes the files below a new root and gives the root."""

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        return tmp_path

    return write
