"""`bootstrap` under AWS's own Runtime Interface Emulator, scaling a service of moto."""

import pytest

SCHEDULE_EVENT = {
    "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "source": "aws.events",
    "detail-type": "Scheduled Event", "account": "123456789012", "time": "2026-11-23T21:00:00Z",
    "region": "us-east-1", "resources": ["arn:aws:events:us-east-1:123456789012:rule/minute"],
    "detail": {}}


@pytest.mark.timeout(600)
def test_a_schedule_event_scales_up(start_rie, moto_service, bootstrap):
    moto_service.send()
    invoke = start_rie(bootstrap, {**moto_service.environment, "SCALE_UP_TARGET": 2})

    answer = invoke(SCHEDULE_EVENT)

    assert answer["statusCode"] == 200, answer
    assert answer["body"]["trigger_source"] == "schedule" and answer["body"]["queue_depth"] == 1
    assert moto_service.desired() == 2
    assert invoke(SCHEDULE_EVENT)["body"]["action_taken"] == "hold"

    assert "errorMessage" in invoke({"source": "somebody.else"})
