"""deploy/Containerfile and deploy/compose.yaml without a container engine, which is not at hand
everywhere: their commands run on this machine, with the paths of their images made to fit."""

import json
import os
import re
import shutil
import stat
import sys

import pytest
import yaml

from support import ROOT, Emulator, find_free_port, has_endpoint_line, wait_until

pytestmark = pytest.mark.long
CONTAINERFILE = ROOT / "deploy/Containerfile"
COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())


def stages():
    """{name: [(word, rest)]} of the Containerfile."""
    text = re.sub(r"^#.*\n", "", CONTAINERFILE.read_text(), flags=re.M).replace("\\\n", " ")
    found, name = {}, ""
    for line in filter(None, text.splitlines()):
        word, rest = line.split(" ", 1)
        if word == "FROM":
            base, name = re.fullmatch(r"(\S+) AS (\w+)", rest).groups()
            found[name] = [("FROM", base)]
        else:
            found[name].append((word, rest))
    return found


def command_of(stage, arguments=None):
    lines = dict(stages()[stage])
    return json.loads(lines["ENTRYPOINT"]) + (arguments or json.loads(lines["CMD"]))


@pytest.fixture
def start_as_image(start_process, bin_dir):
    """start_as_image(command) -> Emulator: what an image would run, here."""

    def start(command, **more):
        places = {"/ecs-scaler": f"{bin_dir}/ecs-scaler", "/bootstrap": f"{bin_dir}/bootstrap",
                  "python /worker": f"{sys.executable} {ROOT}/examples/workers/python",
                  "0.0.0.0": "127.0.0.1", **more}
        for place, here in places.items():
            place = rf"(^|=){re.escape(place)}"
            command = [re.sub(place, rf"\g<1>{here}", str(word)) for word in command]
        port = str(find_free_port())
        command = [port if word == "4566" else word for word in command]
        process = start_process([*command, "--task-start=100ms"], ready=has_endpoint_line)
        return Emulator(process, ("main", "worker", "jobs"))

    return start


def test_the_stages_copy_what_a_build_makes():
    made = {"build/release/bin/ecs-scaler", "build/release/bin/bootstrap", "dist/LICENSES.txt"}
    for lines in stages().values():
        for word, rest in lines:
            if word == "COPY" and "--from=" not in rest:
                source = [part for part in rest.split() if not part.startswith("--")][0]
                assert source in made or (ROOT / source).exists()
    assert list(stages())[-1] == "controller"  # What is built when nobody says what.


@pytest.mark.parametrize("stage", ["emulator", "rehearsal"])
def test_what_the_image_runs_works_off_a_message(start_as_image, stage):
    running = start_as_image([*command_of(stage), "--schedule=1s"])
    running.send(1)
    wait_until(lambda: running.call("status")["totals"]["processed"] == 1, 60, what="the work")


def test_the_composed_services_work_off_twenty_jobs(start_as_image, run_program, tmp_path):
    services = COMPOSE["services"]
    assert services["aws"]["ports"] == ["127.0.0.1:4566:4566"]
    assert all(service["build"]["target"] in stages() for service in services.values())
    command = command_of(services["aws"]["build"]["target"], services["aws"]["command"])
    running = start_as_image(command, **{"/tmp/state": str(tmp_path / "state"),
                                         "--schedule=10s": "--schedule=1s"})
    jobs = services["jobs"]
    environment = {**jobs["environment"], "AWS_ENDPOINT_URL": running.endpoint}
    sent = run_program([sys.executable, *jobs["entrypoint"][1:]], env=environment)
    assert sent.code == 0, sent.output()
    wait_until(lambda: running.call("status")["totals"]["processed"] == 20, 100, what="the work")
    assert running.call("status")["totals"]["lost"] == 0


def test_an_image_of_the_programs_alone_works(start_as_image, release_bin_dir, tmp_path):
    """`FROM scratch`: no shell, no libraries, no /tmp, no /proc."""
    if os.geteuid() != 0:
        pytest.skip("an empty root folder needs root")
    root = tmp_path / "root"
    (root / "dev").mkdir(parents=True)
    os.mknod(root / "dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))  # Engines bring it.
    for program in ("ecs-scaler", "bootstrap"):
        shutil.copy(release_bin_dir / program, root / program)
    chroot = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin")
    running = start_as_image([chroot, "--userspec=65532:65532", root, *command_of("emulator"),
                              "--schedule=1s", "--work-time=100ms"],
                             **{"/ecs-scaler": "/ecs-scaler", "/bootstrap": "/bootstrap"})
    running.send(1)
    wait_until(lambda: running.call("status")["totals"]["processed"] == 1, 60, what="the work")
