"""AWS's own Runtime Interface Emulator: Lambda's Runtime API for one function, on this machine.

Needs Go 1.25 or later to build it once, or SCALER_RIE with the path of one.
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


def go_version():
    if shutil.which("go") is None:
        return None
    text = subprocess.run(["go", "version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"go(\d+)\.(\d+)", text)
    return found and (int(found.group(1)), int(found.group(2)))


def find_or_build():
    """The path of aws-lambda-rie; built once and kept with the other test tools. Skips the test
    where it cannot be had."""
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


def start(program, bootstrap, environment, start_process):
    """Starts the function; a call of what comes back invokes it with an event."""
    address = f"127.0.0.1:{find_free_port()}"
    start_process(
        [program, "--runtime-interface-emulator-address", address,
         "--runtime-api-address", f"127.0.0.1:{find_free_port()}", bootstrap], env=environment)
    wait_until(lambda: answers_http(f"http://{address}/"), what="the emulator's port")

    def invoke(event):
        url = f"http://{address}/2015-03-31/functions/function/invocations"
        with open_url(url, json.dumps(event).encode(), timeout=60) as answer:
            return json.loads(answer.read())

    return invoke
