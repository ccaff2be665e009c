"""`bootstrap` under AWS's own Runtime Interface Emulator, scaling a service of moto.

Needs Go 1.25 or later to build the emulator once, or SCALER_RIE with the path of one; is skipped
otherwise.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support import ROOT, answers_http, find_free_port, open_url, wait_until

MODULE = "github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie"
VERSION = "v0.0.0-20261030222936-bef5c4ba774d"
SCHEDULE_EVENT = {
    "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "source": "aws.events",
    "detail-type": "Scheduled Event", "account": "123456789012", "time": "2026-11-23T21:00:00Z",
    "region": "us-east-1", "resources": ["arn:aws:events:us-east-1:123456789012:rule/minute"],
    "detail": {}}


def go_version():
    if shutil.which("go") is None:
        return None
    text = subprocess.run(["go", "version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"go(\d+)\.(\d+)", text)
    return found and (int(found.group(1)), int(found.group(2)))


@pytest.fixture(scope="session")
def rie():
    """The path of aws-lambda-rie; built once and kept with the other test tools."""
    if os.environ.get("SCALER_RIE"):
        return pathlib.Path(os.environ["SCALER_RIE"])
    program = ROOT / ".venv" / f"rie-{VERSION}" / "aws-lambda-rie"
    if program.is_file():
        return program
    if (go_version() or (0, 0)) < (1, 25):
        pytest.skip("Go 1.25, which builds AWS's Runtime Interface Emulator, is not at hand")
    program.parent.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(["go", "install", f"{MODULE}@{VERSION}"], capture_output=True,
                           text=True, env={**os.environ, "GOBIN": str(program.parent)}, check=False)
    if built.returncode != 0:
        reason = (built.stderr.strip().splitlines() or ["no output"])[-1].strip()
        pytest.skip(f"AWS's Runtime Interface Emulator could not be fetched: {reason}")
    return program


def invoke(address, event):
    url = f"http://{address}/2015-03-31/functions/function/invocations"
    with open_url(url, json.dumps(event).encode(), timeout=60) as answer:
        return json.loads(answer.read())


@pytest.mark.timeout(600)
def test_a_schedule_event_scales_up(rie, moto_service, start_process, bootstrap):
    moto_service.send()
    address = f"127.0.0.1:{find_free_port()}"
    start_process(
        [rie, "--runtime-interface-emulator-address", address,
         "--runtime-api-address", f"127.0.0.1:{find_free_port()}", bootstrap],
        env={**moto_service.environment, "SCALE_UP_TARGET": 2})
    wait_until(lambda: answers_http(f"http://{address}/"), what="the emulator's port")

    answer = invoke(address, SCHEDULE_EVENT)

    assert answer["statusCode"] == 200, answer
    body = answer["body"] if isinstance(answer["body"], dict) else json.loads(answer["body"])
    assert body["trigger_source"] == "schedule" and body["queue_depth"] == 1
    assert moto_service.desired() == 2
    again = invoke(address, SCHEDULE_EVENT)
    assert again["body"]["action_taken"] == "hold", again

    refused = invoke(address, {"source": "somebody.else"})
    assert "errorMessage" in refused
