"""What moto's own tests need against the emulator; pytest loads it before them (moto_suite.py)."""

import os

import moto.core
import moto.core.models
import requests


def reset(self):
    """A world without anything in it, as moto begins."""
    endpoint = os.environ["TEST_SERVER_MODE_ENDPOINT"]
    answer = requests.post(f"{endpoint}/_emulator/reset", json={"empty": True}, timeout=10)
    answer.raise_for_status()


moto.core.DEFAULT_ACCOUNT_ID = os.environ["EMULATOR_ACCOUNT"]
moto.core.models.ServerModeMockAWS.reset = reset
