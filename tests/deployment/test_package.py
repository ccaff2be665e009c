"""What ./dev package makes: reproducible, complete, and it runs."""

import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import zipfile

import pytest

from lambda_host import RuntimeApi
from support import ROOT

pytestmark = pytest.mark.timeout(900)  # All packages are made twice.

SCHEDULE = {"version": "0", "source": "aws.events", "detail-type": "Scheduled Event",
            "resources": ["arn:aws:events:us-east-1:123456789012:rule/minute"], "detail": {}}


@pytest.fixture
def moved():
    """The umask, the time zone and the language of another machine."""
    before, mask = dict(os.environ), os.umask(0o077)
    os.environ.update(TZ="Asia/Tokyo", LC_ALL="C")
    yield
    os.umask(mask)
    os.environ.clear()
    os.environ.update(before)


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_programs_give_the_same_bytes(dist, make_packages, moved, tmp_path):
    assert digests(make_packages(tmp_path / "again")) == digests(dist)


def test_every_file_has_its_checksum(dist):
    checked = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=dist,
                             capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout
    assert len(checked.stdout.splitlines()) == len(list(dist.iterdir())) - 1


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_the_zip_is_what_lambda_takes(dist, make_packages, architecture):
    if architecture not in make_packages.architectures:
        pytest.skip("the arm64 program was not built: its compiler could not be installed")
    with zipfile.ZipFile(dist / f"bootstrap-{architecture}.zip") as archive:
        entry, = archive.infolist()
        program = archive.read(entry)

    assert entry.filename == "bootstrap" and entry.external_attr >> 16 == 0o100755
    machine = int.from_bytes(program[18:20], "little")
    assert machine == {"x86_64": 62, "arm64": 183}[architecture]
    assert b"/src/" + b"programs/bootstrap/main.cc" not in program, "a path of the build machine"


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_the_template_of_an_architecture_takes_its_zip(dist, make_packages, architecture):
    if architecture not in make_packages.architectures:
        pytest.skip("the arm64 program was not built: its compiler could not be installed")
    template = (dist / f"template-{architecture}.yaml").read_text()

    uri, = re.findall(r"CodeUri: (.*)", template)
    assert (dist / uri).is_file() and uri == f"bootstrap-{architecture}.zip"
    allowed, = re.findall(r"AllowedValues: \[((?:arm64|x86_64)[^]]*)\]", template)
    assert allowed == architecture


def test_the_bill_of_materials_names_what_is_linked_in(dist):
    for path in dist.glob("*.cdx.json"):
        bill = json.loads(path.read_text())
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
        main = bill["metadata"]["component"]
        digest = hashlib.sha256((dist / main["name"]).read_bytes()).hexdigest()
        assert main["hashes"] == [{"alg": "SHA-256", "content": digest}]
        components = {component["name"]: component for component in bill["components"]}
        names = " ".join(components)
        for part in ("libssl-dev", "boost", "libc6-dev", "libstdc++", "libgcc", "libfmt-dev",
                     "ca-certificates"):
            assert part in names, (path.name, part)
        assert ("libcli11-dev" in components) == path.name.startswith("ecs-scaler")
        installed = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "ca-certificates"],
                                   capture_output=True, text=True, check=True).stdout
        assert components["ca-certificates"]["version"] == installed
        references = {component["bom-ref"] for component in bill["components"]}
        assert set(bill["dependencies"][0]["dependsOn"]) == references


def test_the_licences_are_complete(dist):
    text = (dist / "LICENSES.txt").read_text()

    for path in dist.glob("*.cdx.json"):
        for component in json.loads(path.read_text())["components"]:
            assert f"{component['name']} {component['version']}\n" in text
    assert (ROOT / "LICENSE").read_text().strip() in text
    assert "Apache License" in text and "Boost Software License" in text


def test_the_arm64_program_answers_an_invocation(make_packages, dist, emulator, start_process,
                                                 tmp_path):
    """Under qemu, against our Runtime API and the embedded AWS: 0 -> 2 tasks."""
    qemu = shutil.which("qemu-aarch64-static")
    if "arm64" not in make_packages.architectures or qemu is None:
        pytest.skip("the arm64 program or qemu-aarch64-static is not here")
    with zipfile.ZipFile(dist / "bootstrap-arm64.zip") as archive:
        program = pathlib.Path(archive.extract("bootstrap", tmp_path))
    program.chmod(0o755)
    world, api = emulator(task_start="1s"), RuntimeApi()
    world.send(1)
    start_process([qemu, program], env={
        "AWS_LAMBDA_RUNTIME_API": api.address, "AWS_ENDPOINT_URL": world.endpoint,
        "SQS_QUEUE_URL": world.queue_url, "ECS_CLUSTER_NAME": world.cluster,
        "ECS_SERVICE_NAME": world.service, "SCALE_UP_TARGET": 2})

    answer = api.invoke(SCHEDULE, "arn:aws:lambda:us-east-1:123456789012:function:f", timeout=60)

    assert answer["body"]["action_taken"] == "scale_out", answer
    assert world.tasks()[0] == 2
    api.shutdown()


def test_the_debian_package_installs_program_unit_and_settings(dist, tmp_path, run_program):
    package, = dist.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path / "root"], check=True)
    fields = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True,
                            check=True).stdout
    owners = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True,
                            check=True).stdout
    root = tmp_path / "root"

    assert "Package: ecs-scaler\n" in fields
    assert all(line.split()[1] == "root/root" for line in owners.splitlines())
    version = run_program([root / "usr/bin/ecs-scaler", "--version"])
    assert version.code == 0 and f"Version: {version.stdout().split()[1]}\n" in fields
    assert (root / "usr/share/doc/ecs-scaler/copyright").stat().st_size > 10_000
    demo = run_program([root / "usr/bin/ecs-scaler", "demo", "--messages", "5"], timeout=100)
    assert demo.code == 0 and "/libexec/ecs-scaler/bootstrap" in demo.stdout(), demo.output()
    unit = (root / "lib/systemd/system/ecs-scaler.service").read_text()
    settings = "/etc/ecs-scaler/environment"
    assert "ExecStart=/usr/bin/ecs-scaler run $ECS_SCALER_FLAGS\n" in unit
    assert "Type=notify\n" in unit and "ExecReload=/bin/kill -HUP $MAINPID\n" in unit
    assert f"EnvironmentFile={settings}\n" in unit and (root / settings[1:]).is_file()
    if shutil.which("systemd-analyze"):
        checked = tmp_path / "ecs-scaler.service"
        checked.write_text(unit.replace("/usr/bin/ecs-scaler", str(root / "usr/bin/ecs-scaler")))
        verified = subprocess.run(["systemd-analyze", "verify", "--man=no", checked],
                                  capture_output=True, text=True, check=False)
        assert "ecs-scaler" not in verified.stderr, verified.stderr


def test_the_debian_package_is_as_debian_wants_it(dist):
    """What is known and meant stands in deploy/debian/tree/usr/share/lintian/overrides."""
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not here: apt-get install lintian")
    package, = dist.glob("*.deb")
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning,info", package],
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_debian_package_explains_itself(dist, tmp_path):
    package, = dist.glob("*.deb")
    subprocess.run(["dpkg-deb", "--raw-extract", package, tmp_path], check=True)

    def unpacked(path):
        return gzip.decompress((tmp_path / "usr/share" / path).read_bytes()).decode()

    cmake = (ROOT / "CMakeLists.txt").read_text()
    version = re.search(r"^project\(\S+ VERSION (\S+)", cmake, re.MULTILINE).group(1)
    changelog = unpacked("doc/ecs-scaler/changelog.gz")
    assert changelog.startswith(f"ecs-scaler ({version}) unstable; urgency=medium\n\n  * ")
    assert unpacked("man/man1/ecs-scaler.1.gz").startswith(".TH ECS")
    for place, mark in (("bash-completion/completions/ecs-scaler", "complete -F"),
                        ("zsh/vendor-completions/_ecs-scaler", "#compdef ecs-scaler"),
                        ("fish/vendor_completions.d/ecs-scaler.fish", "complete -c ecs-scaler")):
        assert mark in (tmp_path / "usr/share" / place).read_text()
    assert (tmp_path / "DEBIAN/conffiles").read_text() == "/etc/ecs-scaler/environment\n"
    for script in ("postinst", "prerm", "postrm"):
        assert (tmp_path / "DEBIAN" / script).stat().st_mode & 0o777 == 0o755
        subprocess.run(["sh", "-n", tmp_path / "DEBIAN" / script], check=True)


def test_the_program_needs_nothing_but_itself(release_build, tmp_path):
    """What the Containerfile relies on with `FROM scratch`."""
    if os.geteuid() != 0:
        pytest.skip("an empty root folder needs root")
    shutil.copy(release_build / "bin/ecs-scaler", tmp_path / "ecs-scaler")

    chroot = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin")
    done = subprocess.run([chroot, tmp_path, "/ecs-scaler", "run"], env={}, capture_output=True,
                          text=True, timeout=60, check=False)

    assert done.returncode == 3 and "SQS_QUEUE_URL is not set" in done.stderr


def test_the_containerfile_is_sound(dist):
    known = {"FROM", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    text = (ROOT / "deploy/Containerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]

    assert [line for line in lines if line.startswith("FROM")][-1] == "FROM scratch AS controller"
    assert {line.split()[0] for line in lines} <= known
    for line in lines:
        word, rest = line.split(" ", 1)
        if word == "HEALTHCHECK":
            word, rest = "CMD", rest[rest.index("["):]
            assert json.loads(rest)[:2] == ["/ecs-scaler", "health"]
        if word in ("ENTRYPOINT", "CMD"):
            assert all(isinstance(part, str) for part in json.loads(rest))
        if word == "COPY" and "--from=" not in rest:
            source, target = [part for part in rest.split() if not part.startswith("--")]
            assert target.startswith("/")
            root = dist.parent if source.startswith("dist/") else ROOT
            assert source.startswith("build/release/bin/") or (root / source).exists()
