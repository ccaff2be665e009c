"""moto's own tests of a service, in its server mode, against the emulator.

The source distribution of the pinned moto holds them; the hash beside it is what is fetched. They
run as they are, but for three things: moto's account and endpoint are the emulator's, and so is its
reset, without what it makes at a start (moto_plugin.py). Which tests do not pass, and why,
stands in a list that says no more and no less than what is so.
"""

import dataclasses
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree

import pytest

from support import TEST_KEYS

@dataclasses.dataclass(frozen=True)
class Package:
    requirement: str
    sha256: str
    file: str
    kind: str = "--only-binary"


MOTO = Package("moto==5.2.1", "ccb2f3e1dfa82e50e054bda98b0be708d244d2668364dcc1d45e8d3de6091bde",
               "moto-5.2.1.tar.gz", "--no-binary")
# What moto's tests import besides, and this project does not.
FREEZEGUN = Package("freezegun==1.5.1",
                    "bf111d7138a8abe55ab48a71755673dbaa4ab87f4cff5634a4442dfec34c15f1",
                    "freezegun-1.5.1-py3-none-any.whl")
HERE = pathlib.Path(__file__).resolve().parent
MOTO_ACCOUNT = b"123456789012"
MOTO_ENDPOINT = b"http://localhost:5000"  # In the URLs of its server's queues.
EMULATOR_ACCOUNT = b"000000000000"
MINUTES = 10


@dataclasses.dataclass
class Outcome:
    """Names of tests, such as test_ecs.test_ecs::test_create_cluster, and why they failed."""
    passed: set
    failed: dict
    skipped: dict  # by moto itself, because it runs in server mode


def fetch(package, folder):
    """The path of the package's file; skips the test where the registry lacks it."""
    path = folder / package.file
    if path.exists():
        return path
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        requirements = pathlib.Path(fresh) / "requirements.txt"
        requirements.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n")
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", package.kind,
             ":all:", "--require-hashes", "--dest", fresh, "-r", requirements],
            capture_output=True, text=True, timeout=MINUTES * 60)
        if done.returncode:
            why = done.stderr.strip()[-300:]
            pytest.skip(f"pip cannot fetch {package.requirement}: {why}")
        # At once: another worker may be here, too.
        os.replace(pathlib.Path(fresh) / path.name, path)
    return path


def unpack(archive, service, endpoint, folder):
    """moto's tests of the service, and what all of its tests share, below `folder`."""
    wanted = ("tests/__init__.py", "tests/conftest.py", "tests/markers.py", f"tests/{service}/")
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.partition("/")[2]
            if member.isfile() and name.startswith(wanted):
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                text = tar.extractfile(member).read()
                text = text.replace(MOTO_ACCOUNT, EMULATOR_ACCOUNT)
                path.write_bytes(text.replace(MOTO_ENDPOINT, endpoint.encode()))


def read_report(path):
    outcome = Outcome(set(), {}, {})
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname').removeprefix('tests.')}::{case.get('name')}"
        failure = next((child for child in case if child.tag in ("failure", "error")), None)
        skip = case.find("skipped")
        if failure is not None:
            outcome.failed[name] = failure.get("message", "")
        elif skip is not None:
            outcome.skipped[name] = skip.get("message", "")
        else:
            outcome.passed.add(name)
    return outcome


def run(service, endpoint, cache, folder, without=()):
    """The Outcome of moto's folder of tests `service`, such as "test_ecs", against the endpoint.

    `cache` keeps what is fetched between runs; `folder` is empty; files of the names `without` are
    left out."""
    unpack(fetch(MOTO, cache), service, endpoint, folder)
    freezegun = fetch(FREEZEGUN, cache)
    for name in without:
        (folder / "tests" / service / name).unlink()
    report = folder / "report.xml"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "moto_plugin", "-p", "no:cacheprovider",
         "--tb=line", "--timeout=60", f"--junitxml={report}", f"tests/{service}"],
        cwd=folder, capture_output=True, text=True, timeout=MINUTES * 60,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": f"{HERE}:{freezegun}",
             **TEST_KEYS,
             "AWS_DEFAULT_REGION": "us-east-1", "TEST_SERVER_MODE": "true",
             "TEST_SERVER_MODE_ENDPOINT": endpoint,
             "EMULATOR_ACCOUNT": EMULATOR_ACCOUNT.decode()})
    assert report.exists(), done.stdout + done.stderr
    return read_report(report)


def read_exceptions(name):
    """{test: reason} of a list: a line that ends in a colon is the reason of the tests below it."""
    reasons = {}
    reason = None
    for line in (HERE / name).read_text().splitlines():
        if line.endswith(":"):
            reason = line.removesuffix(":")
        elif line.strip() and not line.startswith("#"):
            reasons[line.strip()] = reason
    return reasons


def check(outcome, exceptions):
    """Everything passes but the exceptions, and none of those does."""
    surprises = {name: why for name, why in outcome.failed.items() if name not in exceptions}
    assert not surprises, "\n".join(f"{name}: {why[:300]}" for name, why in surprises.items())
    assert not outcome.passed & exceptions.keys(), "these pass by now"
    gone = exceptions.keys() - outcome.failed.keys()
    assert not gone, f"moto has no such tests, or skips them: {sorted(gone)}"
