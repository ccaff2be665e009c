"""A program that links a part of OpenSSL only (cmake/FewAlgorithms.cmake) speaks TLS as before, and
refuses what it refused before."""

import datetime
import http.client
import ipaddress
import json
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from fake_task import FakeTask

KEYS = {"RSA": lambda: rsa.generate_private_key(65537, 2048),
        "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "P-521": lambda: ec.generate_private_key(ec.SECP521R1())}
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
DAY = datetime.timedelta(days=1)


def certificate(subject, key, issuer, issuer_key, host=None, days=1, pss=False):
    name = {who: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, who)])
            for who in (subject, issuer)}
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(
        name[issuer], name[subject], key.public_key(), x509.random_serial_number(),
        now - 3 * DAY, now + days * DAY).add_extension(
            x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
    if host is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([host]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256(), rsa_padding=PSS if pss else None)


def pem(*parts):
    return b"".join(part.public_bytes(serialization.Encoding.PEM) if isinstance(
        part, x509.Certificate) else part.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()) for part in parts)


@pytest.fixture
def tls_call(start_process, ecs_guard, tmp_path):
    """tls_call(...) -> (status or None, what the guard wrote): a call through `ecs-guard serve` to
    an SQS that is reached over TLS."""
    servers = []

    def call(kind="P-256", host=ipaddress.ip_address("127.0.0.1"), days=1, pss=False, known=True,
             version=ssl.TLSVersion.TLSv1_3, cipher=None, curve=None):
        authority_key, key = KEYS["RSA" if pss else kind](), KEYS[kind]()
        authority = certificate("Test Authority", authority_key, "Test Authority", authority_key)
        wanted = x509.DNSName(host) if isinstance(host, str) else x509.IPAddress(host)
        leaf = certificate("leaf", key, "Test Authority", authority_key, wanted, days, pss)
        (tmp_path / "leaf.pem").write_bytes(pem(key, leaf))
        (tmp_path / "ca.pem").write_bytes(pem(authority))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = version
        context.load_cert_chain(tmp_path / "leaf.pem")
        if cipher:
            context.set_ciphers(cipher)
        if curve:
            context.set_ecdh_curve(curve)
        sqs, task = FakeTask(), FakeTask()
        servers.extend([sqs, task])
        sqs.socket = context.wrap_socket(sqs.socket, server_side=True,
                                         do_handshake_on_connect=False)
        guard = start_process(
            [ecs_guard, "serve", "--port", "0"],
            env={**task.environment(), **({"AWS_CA_BUNDLE": tmp_path / "ca.pem"} if known else {}),
                 "AWS_ENDPOINT_URL_SQS": sqs.url.replace("http:", "https:")},
            ready=lambda process: "guarding" in process.stderr())
        line = next(line for line in guard.stderr().splitlines() if "guarding" in line)
        connection = http.client.HTTPConnection(json.loads(line)["endpoint"][7:], timeout=20)
        connection.request("POST", "/", json.dumps({"QueueName": "jobs"}), {
            "X-Amz-Target": "AmazonSQS.GetQueueUrl"})
        try:
            return connection.getresponse().status, guard.stderr()
        except (http.client.HTTPException, OSError):
            return None, guard.stderr()

    yield call
    for server in servers:
        server.close()


V12 = ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("wanted", [
    {}, {"kind": "RSA"}, {"pss": True}, {"kind": "P-384", "curve": "secp384r1"},
    {"kind": "P-521", "curve": "prime256v1"},
    {"version": V12, "cipher": "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"version": V12, "cipher": "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"version": V12, "cipher": "ECDHE-RSA-AES256-GCM-SHA384", "kind": "RSA"},
    {"version": V12, "cipher": "ECDHE-RSA-CHACHA20-POLY1305", "kind": "RSA"},
    {"version": V12, "cipher": "ECDHE-RSA-AES128-SHA", "kind": "RSA"},
    {"version": V12, "cipher": "ECDHE-RSA-AES256-SHA384:@SECLEVEL=0", "kind": "RSA"},
    {"version": V12, "cipher": "AES128-GCM-SHA256", "kind": "RSA"}], ids=str)
def test_what_aws_speaks_is_spoken(tls_call, wanted):
    status, log = tls_call(**wanted)
    assert status == 200, log


@pytest.mark.parametrize("wanted, why", [
    ({"known": False}, "unable to get local issuer certificate"),
    ({"host": "other.example"}, "IP address mismatch"),
    ({"days": -1}, "certificate has expired")], ids=["authority", "host", "expired"])
def test_what_cannot_be_verified_is_refused(tls_call, wanted, why):
    status, log = tls_call(**wanted)
    assert status is None and f"certificate not verified: {why}" in log
