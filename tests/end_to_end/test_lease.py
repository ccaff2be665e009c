"""Two controllers with one lease, on moto's DynamoDB: one writes, the other takes over."""

import json
import signal
import socket
import threading
import time

import pytest
from fake_aws import FakeAws
from support import open_url, wait_until

TTL = 10
TAKEOVER = 15


class Gate:
    """A way to another port of loopback that can be shut: bytes then go nowhere."""

    def __init__(self, port):
        self.port, self.shut = port, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.port))
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(source, target), daemon=True).start()

    def carry(self, source, target):
        try:
            while data := source.recv(65536):
                if not self.shut:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.fixture
def table(moto):
    name = "locks"
    tables = moto.client("dynamodb")
    tables.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    yield name
    tables.delete_table(TableName=name)


class Replica:
    def __init__(self, process):
        self.process = process
        port = next(json.loads(line) for line in process.stdout().splitlines()
                    if "controller started" in line)["metrics_port"]
        self.address = f"http://127.0.0.1:{port}"

    def value(self, name):
        with open_url(self.address + "/metrics", timeout=5) as answer:
            text = answer.read().decode()
        return next((float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                     if line.startswith((name + " ", name + "{"))), None)

    def holds(self):
        return self.value("ecs_scaler_lease_held") == 1

    def scale_outs(self):
        return self.value("ecs_scaler_scale_outs_total")


class Replicas:
    """Two controllers of a service that wants two tasks, whose count a test may disturb."""

    def __init__(self, start_process, ecs_scaler, moto, table):
        self.aws = FakeAws(["worker"])
        self.aws.queues["worker"] = (3, 0, 0)
        self.start_process, self.program, self.table = start_process, ecs_scaler, table
        self.gates = []
        self.port = int(moto.endpoint.rsplit(":", 1)[1])
        self.first = self.start()
        wait_until(self.first.holds, what="the first to hold the lease")
        self.second = self.start()
        wait_until(lambda: self.second.value("ecs_scaler_pass_duration_seconds_count") > 1,
                   what="passes of the second")

    def start(self):
        gate = Gate(self.port)
        self.gates.append(gate)
        process = self.start_process(
            [self.program, "run", "--interval", "500ms", "--listen", "127.0.0.1:0",
             "--lease", f"dynamodb:{self.table}"],
            env={"SQS_QUEUE_URL": self.aws.queue_url("worker"), "ECS_CLUSTER_NAME": "main",
                 "ECS_SERVICE_NAME": "worker", "AWS_ENDPOINT_URL": self.aws.url,
                 "AWS_ENDPOINT_URL_DYNAMODB": gate.url, "SCALE_UP_TARGET": 2},
            ready=lambda one: "controller started" in one.stdout())
        return Replica(process)

    def disturb(self):
        self.aws.set("worker", 0)

    def restored(self):
        return self.aws.services["worker"] == 2


@pytest.fixture
def replicas(start_process, ecs_scaler, moto, table):
    both = Replicas(start_process, ecs_scaler, moto, table)
    yield both
    for gate in both.gates:
        gate.listener.close()
    both.aws.close()


def takeover_seconds(replicas, begin):
    """How long after `begin` the second has made the service right again."""
    replicas.disturb()
    wait_until(replicas.restored, timeout=2 * TAKEOVER, interval=0.02, what="the takeover")
    wait_until(replicas.second.holds, timeout=5, what="the second to tell that it holds the lease")
    took = time.monotonic() - begin
    print(f"takeover after {took:.1f} s")
    return took


def test_the_second_looks_and_writes_nothing_while_the_first_holds_the_lease(replicas):
    wait_until(replicas.restored, what="the first's change")
    wait_until(lambda: replicas.second.value("ecs_scaler_services_read_ratio") == 1,
               what="the second to have read the service")
    replicas.disturb()
    wait_until(replicas.restored, what="the first's change")
    assert replicas.second.scale_outs() == 0
    assert not replicas.second.holds()
    with open_url(replicas.second.address + "/status") as answer:
        lease = json.load(answer)["lease"]
    assert lease["held"] is False and lease["owner"]
    with open_url(replicas.second.address + "/metrics") as answer:
        assert 'service="dynamodb",operation="GetItem",result="ok"' in answer.read().decode()


def test_a_holder_that_is_told_to_end_hands_over_at_once(replicas):
    begin = time.monotonic()
    replicas.first.process.popen.send_signal(signal.SIGTERM)
    assert replicas.first.process.wait(5) == 0
    assert "lease released" in replicas.first.process.stdout()
    assert takeover_seconds(replicas, begin) < 5


def test_a_holder_that_is_killed_is_succeeded_within_15_s(replicas):
    begin = time.monotonic()
    replicas.first.process.popen.kill()
    assert takeover_seconds(replicas, begin) < TAKEOVER


def test_a_holder_that_stood_still_is_succeeded_and_writes_nothing_when_it_wakes(replicas):
    wait_until(replicas.restored, what="the first's change")
    begin = time.monotonic()
    replicas.first.process.popen.send_signal(signal.SIGSTOP)
    assert takeover_seconds(replicas, begin) < TAKEOVER
    replicas.disturb()
    wait_until(replicas.restored, what="the second's change")
    changes = len(replicas.aws.changes)

    replicas.first.process.popen.send_signal(signal.SIGCONT)

    passes = replicas.first.value("ecs_scaler_pass_duration_seconds_count")
    before = replicas.first.scale_outs()
    wait_until(lambda: replicas.first.value("ecs_scaler_pass_duration_seconds_count") > passes + 3,
               what="more passes of the first")
    assert replicas.first.scale_outs() == before
    assert not replicas.first.holds() and replicas.second.holds()
    assert len(replicas.aws.changes) == changes


def test_a_holder_that_is_cut_off_stops_writing_before_the_other_begins(replicas):
    wait_until(replicas.restored, what="the first's change")
    begin = time.monotonic()
    replicas.gates[0].shut = True
    wait_until(lambda: not replicas.first.holds(), interval=0.02, what="the first to stop")
    stopped = time.monotonic() - begin
    assert not replicas.second.holds()
    assert stopped < TTL * 2 / 3 + 0.5
    assert takeover_seconds(replicas, begin) < TAKEOVER
    replicas.gates[0].shut = False
    wait_until(lambda: "lease lost" in replicas.first.process.stdout(), what="the first to know")
    assert replicas.second.holds()


@pytest.mark.parametrize("lease, code, said", [
    ("dynamodb:nowhere", 1, "nowhere"), ("locks", 2, "dynamodb:TABLE"),
    ("dynamodb:pairs", 3, "partition key of type S")])
def test_a_lease_that_cannot_be_is_one_clear_error(run_program, ecs_scaler, moto, lease, code,
                                                   said):
    tables = moto.client("dynamodb")
    keys = [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}]
    if lease == "dynamodb:pairs":
        tables.create_table(TableName="pairs", BillingMode="PAY_PER_REQUEST", KeySchema=keys,
                            AttributeDefinitions=[{"AttributeName": key["AttributeName"],
                                                   "AttributeType": "S"} for key in keys])
    process = run_program(
        [ecs_scaler, "run", "--lease", lease],
        env={"SQS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/q",
             "ECS_CLUSTER_NAME": "c", "ECS_SERVICE_NAME": "s", "AWS_ENDPOINT_URL": moto.endpoint})

    assert process.code == code, process.output()
    assert said in process.stderr() and len(process.stderr().splitlines()) == 1
