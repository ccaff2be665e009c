"""The release programs are static, at a fixed address: docs/adr/0006-static-bootstrap.md."""

import struct

import pytest

ET_EXEC = 2
PT_DYNAMIC, PT_INTERP = 2, 3


@pytest.fixture(params=["bootstrap", "ecs-guard", "ecs-scaler"])
def program(request, release_bin_dir):
    return release_bin_dir / request.param


def elf_type_and_segments(path):
    """The type of a 64-bit little-endian ELF file and the types of its segments."""
    data = path.read_bytes()
    assert data[:6] == b"\x7fELF\x02\x01"
    kind, = struct.unpack_from("<H", data, 16)
    table, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    return kind, {struct.unpack_from("<I", data, table + i * size)[0] for i in range(count)}


def test_is_static_and_not_position_independent(program):
    kind, segments = elf_type_and_segments(program)

    assert kind == ET_EXEC
    assert not segments & {PT_DYNAMIC, PT_INTERP}


# (arguments, exit code, what is named)
WITHOUT_CONFIGURATION = {"bootstrap": ([], 1, "AWS_LAMBDA_RUNTIME_API"),
                         "ecs-guard": ([], 2, "there is no command"),
                         "ecs-scaler": (["once"], 3, "SQS_QUEUE_URL")}


def test_starts_and_refuses_a_missing_configuration(program, run_program):
    arguments, code, named = WITHOUT_CONFIGURATION[program.name]

    process = run_program([program, *arguments])

    assert process.code == code, process.output()
    assert named in process.stdout() + process.stderr()
