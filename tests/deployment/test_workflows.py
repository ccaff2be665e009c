"""The GitHub workflows: actionlint where it is or Go can fetch it, and what they promise."""

import os
import pathlib
import shutil
import subprocess

import pytest
import yaml

from support import ROOT

MODULE = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7"
WORKFLOWS = ROOT / ".github/workflows"


@pytest.fixture(scope="session")
def actionlint():
    """The path of actionlint; built once and kept with the other test tools."""
    found = os.environ.get("SCALER_ACTIONLINT") or shutil.which("actionlint")
    program = pathlib.Path(found or ROOT / ".venv/actionlint-1.7.7/actionlint")
    if program.is_file():
        return program
    if shutil.which("go") is None:
        pytest.skip("neither actionlint nor Go, which builds it, is here")
    built = subprocess.run(["go", "install", MODULE], capture_output=True, text=True, check=False,
                           env={**os.environ, "GOBIN": str(program.parent)}, timeout=240)
    if built.returncode != 0:
        reason = (built.stderr.strip().splitlines() or ["no output"])[-1].strip()
        pytest.skip(f"actionlint could not be fetched: {reason}")
    return program


def test_actionlint_is_content(actionlint):
    done = subprocess.run([actionlint, "-no-color", *sorted(WORKFLOWS.glob("*.yml"))],
                          cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def jobs(name):
    return yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text())["jobs"]


def triggers(name):
    return yaml.load((WORKFLOWS / f"{name}.yml").read_text(), yaml.BaseLoader)["on"]


def test_pushes_and_pull_requests_run_every_test():
    assert {"push", "pull_request"} <= set(triggers("ci"))
    assert any(step.get("run") == "./dev test" for step in jobs("ci")["test"]["steps"])


def test_a_release_carries_both_zips():
    text = (WORKFLOWS / "release.yml").read_text()

    assert "bootstrap-x86_64.zip" in text and "bootstrap-arm64.zip" in text
    assert "sha256sum --check SHA256SUMS" in text and "dist/*" in text


def test_a_release_is_attested_before_it_is_published():
    steps = [step.get("uses", step.get("run", "")) for step in jobs("release")["release"]["steps"]]
    attested = [i for i, step in enumerate(steps) if step.startswith("actions/attest-build-")]
    published = [i for i, step in enumerate(steps) if step.startswith("gh release create")]

    assert attested and attested[0] < published[0]


def test_the_image_is_that_of_the_release_and_tried_before_it_is_published():
    job = jobs("release")["image"]
    steps = [step.get("uses", step.get("run", "")) for step in job["steps"]]

    def place(word):
        return [i for i, step in enumerate(steps) if word in step][0]

    assert job["needs"] == "release" and job["permissions"]["packages"] == "write"
    assert "--target controller" in steps[place("docker build")]
    assert " AS controller\n" in (ROOT / "deploy/Containerfile").read_text()
    assert "build/release/bin/ecs-scaler" in steps[place("dpkg-deb --extract")]
    assert place("dpkg-deb") < place("docker build") < place("docker run") < place(
        "docker push") < place("actions/attest-build-")
    assert "contents" in job["permissions"] and job["permissions"]["contents"] == "read"


def test_a_deployment_is_optional_and_always_cleaned_up():
    job = jobs("deploy-test")["deploy"]
    steps = {step.get("name", step.get("run")): step for step in job["steps"]}

    assert "vars.AWS_ROLE_ARN != ''" in job["if"]
    assert "always()" in steps["Clean up"]["if"]
    assert "always()" in steps["Comment on the pull request"]["if"]
    assert not any("secrets." in str(step) for step in job["steps"])
    for step in ("Deploy", "Clean up"):
        script = steps[step]["run"].split()[0]
        assert not (ROOT / "deploy/test").is_dir() or (ROOT / script).is_file(), script
