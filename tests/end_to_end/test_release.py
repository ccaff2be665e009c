"""The release programs are static, at a fixed address: docs/adr/0006-static-bootstrap.md."""

import struct

import pytest

ET_EXEC = 2
PT_DYNAMIC, PT_INTERP = 2, 3


@pytest.fixture(params=["bootstrap", "ecs-scaler"])
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


def test_starts_and_refuses_a_missing_configuration(program, run_program):
    arguments = [program, "once"] if program.name == "ecs-scaler" else [program]

    process = run_program(arguments)

    assert process.code == (3 if program.name == "ecs-scaler" else 1), process.output()
    named = "SQS_QUEUE_URL" if program.name == "ecs-scaler" else "AWS_LAMBDA_RUNTIME_API"
    assert named in process.stdout() + process.stderr()
