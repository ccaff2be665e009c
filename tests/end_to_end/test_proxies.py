"""Through proxies: a real one (tinyproxy) to moto over TLS with signatures verified, and fakes that
want a password, refuse or hang. Only the proxies know the host that the programs ask for."""

import json
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import types
import urllib.request

import pytest

from fake_aws import ACCOUNT
from lambda_host import FunctionError, RuntimeApi
from network import FakeProxy, with_files
from support import (MotoService, Process, aws_clients, find_free_port, program_environment,
                     wait_until)

HOST = "aws.test"
PASSWORD = "no-output-shows-this"
SCHEDULE = {"source": "aws.events", "detail": {}}
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:scaler"
POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Resource": "*",
     "Action": ["sqs:*", "ecs:*", "sts:*", "application-autoscaling:*"]}]}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A folder with cert.pem, which is its own root, and key.pem, for the host."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-subj",
                    "/CN=test", "-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1"],
                   check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def strict_moto(tmp_path_factory, certificate):
    """A moto behind TLS that knows one user, whose keys and signatures it verifies."""
    folder, port = tmp_path_factory.mktemp("strict-moto"), find_free_port()
    program = pathlib.Path(sys.executable).parent / "moto_server"
    process = Process([program, "-H", "127.0.0.1", "-p", port, "-c", certificate / "cert.pem",
                       "-k", certificate / "key.pem"],
                      program_environment(folder), folder)
    endpoint = f"https://127.0.0.1:{port}"
    trusting = {"context": ssl.create_default_context(cafile=certificate / "cert.pem")}
    wait_until(lambda: answers_https(endpoint + "/moto-api/", trusting) or not process.running(),
               40, what="the start of moto")
    admin = aws_clients(endpoint, verify=str(certificate / "cert.pem"))
    iam = admin.client("iam")
    iam.create_user(UserName="scaler")
    iam.put_user_policy(UserName="scaler", PolicyName="all", PolicyDocument=json.dumps(POLICY))
    key = iam.create_access_key(UserName="scaler")["AccessKey"]
    moto = types.SimpleNamespace(
        port=port, certificate=certificate / "cert.pem", endpoint=endpoint,
        keys={"AWS_ACCESS_KEY_ID": key["AccessKeyId"],
              "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]})
    admin.endpoint = endpoint
    moto.service = MotoService(admin)
    moto.service.send()
    verify_from_now_on = urllib.request.Request(endpoint + "/moto-api/reset-auth", data=b"0",
                                                headers={"Content-Type": "text/plain"})
    urllib.request.urlopen(verify_from_now_on, timeout=10, **trusting).close()
    moto.ecs = aws_clients(endpoint, moto.keys, verify=str(moto.certificate)).ecs
    yield moto
    process.stop()


def answers_https(url, trusting):
    try:
        with urllib.request.urlopen(url, timeout=2, **trusting):
            return True
    except OSError:
        return False


@pytest.fixture
def set_desired(strict_moto):
    """Sets the service's count by hand, and tells it."""
    def change(count=None):
        if count is not None:
            strict_moto.ecs.update_service(cluster="main", service="worker", desiredCount=count)
        found = strict_moto.ecs.describe_services(cluster="main", services=["worker"])
        return found["services"][0]["desiredCount"]

    change(0)
    return change


def behind(moto, proxy, **more):
    """The variables of a program that reaches that moto through a proxy alone."""
    return {"SQS_QUEUE_URL": f"https://{HOST}:{moto.port}/{ACCOUNT}/jobs",
            "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "worker", "SCALE_UP_TARGET": 3,
            "AWS_ENDPOINT_URL": f"https://{HOST}:{moto.port}", "AWS_CA_BUNDLE": moto.certificate,
            "HTTPS_PROXY": proxy, **moto.keys, **more}


# --- a real proxy --------------------------------------------------------------------------------

@pytest.fixture
def tinyproxy(start_process, tmp_path):
    """tinyproxy(user=None) -> (process, URL) of one that finds the host on this machine."""
    if shutil.which("tinyproxy") is None:
        pytest.skip("tinyproxy is not installed: ./dev setup test")
    prefix, remove = with_files({"/etc/hosts": f"127.0.0.1 localhost {HOST}\n"})

    def start(user=None):
        port = find_free_port()
        settings = tmp_path / "tinyproxy.conf"
        lines = [f"Port {port}", "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 60",
                 "MaxClients 50", "LogLevel Connect"]
        if user is not None:
            lines.append("BasicAuth " + user.replace(":", " "))
        settings.write_text("\n".join(lines) + "\n")
        process = start_process([*prefix, "tinyproxy", "-d", "-c", settings],
                                ready=lambda _: accepts(port))
        return process, f"127.0.0.1:{port}"

    yield start
    remove()


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("user", [None, "scaler:" + PASSWORD])
def test_once_scales_through_tinyproxy_under_verified_signatures(
        tinyproxy, strict_moto, set_desired, run_program, ecs_scaler, user):
    process, proxy = tinyproxy(user)
    url = f"http://{user}@{proxy}" if user else f"http://{proxy}"

    once = run_program([ecs_scaler, "once"], env=behind(strict_moto, url))

    assert (once.code, set_desired()) == (0, 3), once.output()
    assert f"CONNECT {HOST}:{strict_moto.port} HTTP/1.1" in process.stdout()
    assert PASSWORD not in once.output()

    forged = run_program([ecs_scaler, "once"],
                         env=behind(strict_moto, url, AWS_SECRET_ACCESS_KEY="forged"))
    assert forged.code == 1 and "signature" in forged.stderr().lower(), forged.output()


def test_tinyproxy_without_its_password_is_one_clear_error(tinyproxy, strict_moto, set_desired,
                                                           run_program, ecs_scaler):
    _, proxy = tinyproxy("scaler:" + PASSWORD)

    once = run_program([ecs_scaler, "once"],
                       env=behind(strict_moto, f"http://scaler:wrong-{PASSWORD}@{proxy}"))

    assert (once.code, set_desired()) == (1, 0), once.output()
    assert (f"via the proxy http://{proxy} of HTTPS_PROXY: the proxy answers HTTP 401: it wants a "
            "user and a password, or others than its URL has") in once.stderr()
    assert PASSWORD not in once.output()


def test_a_function_scales_through_tinyproxy(tinyproxy, strict_moto, set_desired, start_process,
                                             bootstrap):
    process, proxy = tinyproxy()
    api = RuntimeApi()
    start_process([bootstrap], env=behind(strict_moto, f"http://{proxy}",
                                          AWS_LAMBDA_RUNTIME_API=api.address,
                                          AWS_LAMBDA_FUNCTION_NAME="scaler"))
    try:
        for _ in range(3):
            api.invoke(SCHEDULE, FUNCTION, 20)
    finally:
        api.shutdown()
        api.server_close()
    assert set_desired() == 3
    assert f"CONNECT {HOST}:{strict_moto.port} HTTP/1.1" in process.stdout()


def test_plain_requests_go_through_tinyproxy(tinyproxy, run_program, ecs_scaler, fake_aws):
    process, proxy = tinyproxy("scaler:" + PASSWORD)
    fake_aws.queues["worker"] = (1, 0, 0)
    endpoint = f"http://{HOST}:{fake_aws.server_port}"

    once = run_program([ecs_scaler, "once"],
                       env={"SQS_QUEUE_URL": f"{endpoint}/{ACCOUNT}/worker",
                            "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "worker",
                            "AWS_ENDPOINT_URL": endpoint,
                            "http_proxy": f"http://scaler:{PASSWORD}@{proxy}"})

    assert (once.code, fake_aws.services["worker"]) == (0, 1), once.output()
    assert f"POST {endpoint}/ HTTP/1.1" in process.stdout()


# --- proxies that do as they like ----------------------------------------------------------------

@pytest.fixture
def fake_proxy():
    """fake_proxy(status=200, user=None) -> FakeProxy"""
    made = []

    def make(**options):
        made.append(FakeProxy(**options))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


AWS_ITSELF = {"SQS_QUEUE_URL": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/jobs",
              "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "worker"}


def test_a_user_and_password_may_be_percent_encoded(fake_proxy, strict_moto, set_desired,
                                                    run_program, ecs_scaler):
    proxy = fake_proxy(user="a@b:c:/d e")

    once = run_program([ecs_scaler, "once"], env=behind(
        strict_moto, f"http://a%40b:c%3A%2fd%20e@127.0.0.1:{proxy.port}"))

    assert (once.code, set_desired()) == (0, 3), once.output()
    assert set(proxy.connects) == {f"{HOST}:{strict_moto.port}"}


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses_is_named(fake_proxy, run_program, ecs_scaler, status):
    proxy = fake_proxy(status=status)

    once = run_program([ecs_scaler, "once"], env={
        **AWS_ITSELF, "ALL_PROXY": f"http://scaler:{PASSWORD}@127.0.0.1:{proxy.port}"})

    assert once.code == 1
    assert (f"via the proxy http://127.0.0.1:{proxy.port} of ALL_PROXY: "
            f"the proxy answers HTTP {status}") in once.stderr()
    assert PASSWORD not in once.output()
    assert {"sqs.us-east-1.amazonaws.com:443", "ecs.us-east-1.amazonaws.com:443"} == set(
        proxy.connects)


def test_a_function_behind_a_proxy_that_hangs_answers_before_its_deadline(fake_proxy, start_process,
                                                                          bootstrap):
    proxy, api = fake_proxy(status=None), RuntimeApi()
    start_process([bootstrap], env={**AWS_ITSELF, "HTTPS_PROXY": f"127.0.0.1:{proxy.port}",
                                    "AWS_LAMBDA_RUNTIME_API": api.address,
                                    "AWS_LAMBDA_FUNCTION_NAME": "scaler"})
    try:
        with pytest.raises(FunctionError) as failed:
            api.invoke(SCHEDULE, FUNCTION, 8)  # Raises TimeoutError after the deadline.
        assert "no answer of the proxy to CONNECT within 3" in str(failed.value)
    finally:
        api.shutdown()
        api.server_close()


def test_a_controller_behind_a_proxy_that_hangs_ends_when_asked(fake_proxy, start_process,
                                                                ecs_scaler):
    proxy = fake_proxy(status=None)
    process = start_process([ecs_scaler, "run"], env={
        **AWS_ITSELF, "HTTPS_PROXY": f"127.0.0.1:{proxy.port}"})
    wait_until(lambda: proxy.connects, what="a connection")

    asked = time.monotonic()
    process.popen.send_signal(signal.SIGTERM)

    assert process.wait(10) == 0
    assert time.monotonic() - asked < 2.5


@pytest.mark.parametrize("kind", ["socks5", "socks5h", "socks4", "https"])
def test_another_kind_of_proxy_is_refused_by_name(run_program, ecs_scaler, kind):
    once = run_program([ecs_scaler, "once"],
                       env={**AWS_ITSELF, "ALL_PROXY": f"{kind}://u:{PASSWORD}@proxy.test:1080"})

    assert once.code == 3
    assert once.stderr() == (f"ecs-scaler: ALL_PROXY: {kind}://proxy.test:1080: {kind} proxies are "
                             "not supported, only http://host:port\n")


def test_this_machine_and_no_proxy_go_direct(fake_proxy, run_program, ecs_scaler, fake_aws):
    proxy = fake_proxy(status=502)
    fake_aws.queues["worker"] = (1, 0, 0)
    variables = {**AWS_ITSELF, "SQS_QUEUE_URL": fake_aws.queue_url("worker"),
                 "AWS_ENDPOINT_URL": fake_aws.url, "ALL_PROXY": f"127.0.0.1:{proxy.port}"}

    assert run_program([ecs_scaler, "once"], env=variables).code == 0

    away = run_program([ecs_scaler, "once"], env={
        **AWS_ITSELF, "ALL_PROXY": f"127.0.0.1:{proxy.port}", "NO_PROXY": "test, amazonaws.com",
        "AWS_ENDPOINT_URL": "https://none.test"})
    assert away.code == 1 and "proxy" not in away.stderr(), away.output()
    assert not proxy.connects


def test_doctor_names_the_proxy_in_use(fake_proxy, run_program, ecs_scaler):
    proxy = fake_proxy(status=403)

    doctor = run_program([ecs_scaler, "doctor"], env={
        **AWS_ITSELF, "HTTPS_PROXY": f"http://scaler:{PASSWORD}@127.0.0.1:{proxy.port}",
        "NO_PROXY": "sqs.us-east-1.amazonaws.com.test"})

    assert (f"proxy: calls to SQS, ECS, Lambda, STS, Application Auto Scaling, "
            f"EC2 Auto Scaling go through "
            f"http://127.0.0.1:{proxy.port} of HTTPS_PROXY") in doctor.stdout(), doctor.output()
    assert PASSWORD not in doctor.output()
