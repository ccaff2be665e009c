"""One state folder, one emulator: a second one would write over what the first one acknowledged."""

import shutil
import signal


def start_on(run_program, ecs_scaler, folder):
    return run_program([ecs_scaler, "emulate", "--cluster", "test", "--service", "worker",
                        "--queue", "jobs", "--state-dir", folder])


def test_a_second_emulator_is_refused_and_nothing_is_lost(emulator, run_program, ecs_scaler,
                                                          tmp_path):
    folder = tmp_path / "state"
    first = emulator(state_dir=folder)
    first.send(300)
    (tmp_path / "same").symlink_to(folder)

    for name in (folder, tmp_path / "same"):
        second = start_on(run_program, ecs_scaler, name)
        assert second.code == 1
        assert second.stdout() == ""
        line, = second.stderr().splitlines()
        assert line.endswith(f"the state folder {name}: held by process {first.process.pid}")

    first.send(10)
    assert first.process.stop() == 0
    assert emulator(state_dir=folder).depth() == (310, 0, 0)


def test_a_killed_emulator_holds_nothing(emulator, tmp_path):
    folder = tmp_path / "state"
    # A worker that takes long to end must not hold the folder in the emulator's place.
    first = emulator(state_dir=folder, worker="sleep 1000", task_start="50ms")
    first.aws.ecs.update_service(cluster="test", service="worker", desiredCount=1)
    first.process.popen.send_signal(signal.SIGKILL)
    first.process.popen.wait(10)

    assert emulator(state_dir=folder).tasks() == (0, 0)


def test_what_could_not_be_saved_is_no_success(emulator, tmp_path):
    folder = tmp_path / "state"
    running = emulator(state_dir=folder)
    shutil.rmtree(folder)
    running.send(3)

    assert running.process.stop() == 1
    last = running.process.stderr().splitlines()[-1]
    assert last == (f"ecs-scaler: the queues are not saved: {folder}/queues.json: "
                    "No such file or directory")
