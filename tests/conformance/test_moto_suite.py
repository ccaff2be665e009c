"""moto's own tests, against the emulator."""

import pytest

import moto_suite

# Of each folder of moto's tests, how many pass at least; and files that are about other services.
FOLDERS = {"test_ecs": 75, "test_sqs": 145, "test_sts": 5}
WITHOUT = {"test_sqs": ["test_sqs_integration.py"]}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("folder", FOLDERS)
def test_moto_s_own_tests_pass_but_for_those_that_are_listed(folder, emulator, request, tmp_path):
    outcome = moto_suite.run(folder, emulator().endpoint, request.config.cache.mkdir("moto"),
                             tmp_path, WITHOUT.get(folder, []))
    moto_suite.check(outcome, moto_suite.read_exceptions(f"moto_{folder}.txt"))
    assert len(outcome.passed) >= FOLDERS[folder]
