"""Whose credentials are used: the program beside botocore, on the same files and variables.

Each set-up is a home folder and variables. Both must come to the same access key, or both refuse.
"""

import base64
import hashlib
import json
import os
import pathlib
import pty
import random
import select
import signal
import subprocess
import unittest.mock

import botocore.credentials
import botocore.exceptions
import botocore.session
import botocore.tokens
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import identity_server

DOCTOR = ("doctor", "--output", "json", "--queue-url", "https://sqs.x/1/q", "--cluster", "c",
          "--service", "s")
KEYS = "aws_access_key_id = {0}\naws_secret_access_key = secret\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/"
SSO = "sso_account_id = 123456789012\nsso_role_name = Dev\n"
SSO_PLACE = "sso_region = eu-central-1\nsso_start_url = https://corp.example/start\n"
SESSION = "[sso-session corp]\n" + SSO_PLACE
PRINTED = '{{"Version":{0},"AccessKeyId":"PROCESS","SecretAccessKey":"secret"}}'


def keys(name):
    return KEYS.format(name)


def process(version=1):
    return f"credential_process = echo '{PRINTED.format(version)}'\n"


def token(key, expires="2099-01-01T00:00:00Z", **more):
    name = hashlib.sha1(key.encode()).hexdigest()
    content = {"startUrl": "https://corp.example/start", "region": "eu-central-1",
               "accessToken": "access", "expiresAt": expires, **more}
    return {f".aws/sso/cache/{name}.json": json.dumps(content)}


def config(text, **more):
    return {".aws/config": text, **more}


def stale(key):
    return token(key, "2020-01-01T00:00:00Z", clientId="c", clientSecret="s", refreshToken="r",
                 registrationExpiresAt="2099-01-01T00:00:00Z")


OLD = token("corp", "2020-01-01T00:00:00Z")
STALE = stale("corp")
CREDENTIALS = ".aws/credentials"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "ENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "secret"}
PROFILE = {"AWS_PROFILE": "p"}
WEB = {"AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/web"}
JWT = {"token": "a.b.c"}
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "@URL/container"}
INSTANCE = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "@URL"}

# Name -> (files, variables); @HOME and @URL stand for those of the test.
SETUPS = {
    "nothing": ({}, {}),
    "environment": ({}, ENVIRONMENT),
    "environment and token": ({}, {**ENVIRONMENT, "AWS_SESSION_TOKEN": "token"}),
    "environment before the default profile": (config("[default]\n" + keys("C")), ENVIRONMENT),
    "environment before a named profile": (config("[profile p]\n" + keys("C")),
                                           {**ENVIRONMENT, **PROFILE}),
    "environment half set": ({}, {"AWS_ACCESS_KEY_ID": "ENVIRONMENT"}),
    "credentials file": ({CREDENTIALS: "[default]\n" + keys("S")}, {}),
    "config file": (config("[default]\n" + keys("C")), {}),
    "credentials file before config file": (
        {**config("[default]\n" + keys("C")), CREDENTIALS: "[default]\n" + keys("S")}, {}),
    "named profile of config": (config("[default]\n" + keys("D") + "[profile p]\n" + keys("C")),
                                PROFILE),
    "named profile of credentials": ({CREDENTIALS: "[default]\n" + keys("D") + "[p]\n" + keys("S")},
                                     PROFILE),
    "profile by the older variable": ({CREDENTIALS: "[p]\n" + keys("S")},
                                      {"AWS_DEFAULT_PROFILE": "p"}),
    "profile that does not exist": ({CREDENTIALS: "[default]\n" + keys("S")}, PROFILE),
    "profile that does not exist, beside the environment": ({}, {**ENVIRONMENT, **PROFILE}),
    "profile without its word in config": (config("[p]\n" + keys("C")), PROFILE),
    "names in capitals": ({CREDENTIALS: "[default]\n" + keys("S").upper().replace("SECRET\n",
                                                                                 "secret\n")}, {}),
    "key without secret": ({CREDENTIALS: "[default]\naws_access_key_id = S\n"}, {}),
    "other files": ({"a": "[default]\n" + keys("C"), "b": "[x]\n" + keys("S")},
                    {"AWS_CONFIG_FILE": "@HOME/a", "AWS_SHARED_CREDENTIALS_FILE": "@HOME/b"}),
    "other files by variables": ({"a": "[default]\n" + keys("C"), "b": "[x]\n" + keys("S")},
                                 {"AWS_CONFIG_FILE": "${HOME}/a",
                                  "AWS_SHARED_CREDENTIALS_FILE": "$HOME/b"}),
    # Of any user: a home has a few folders above it, and the root has itself.
    "file in the home of the user database": (
        {"a": "[default]\n" + keys("C")},
        {"HOME": None, "AWS_CONFIG_FILE": "~/../../../..@HOME/a"}),
    "name of other signs": (config("[profile p!x&y]\n" + keys("C")), {"AWS_PROFILE": "p!x&y"}),
    "name of several words without quotes": (config("[profile two words]\n" + keys("C")),
                                             {"AWS_PROFILE": "two words", **CONTAINER}),
    "role": (config(f"[default]\n{ROLE}a\nsource_profile = b\n[profile b]\n" + keys("B")), {}),
    "role with keys in the other file": (
        {**config(f"[default]\n{ROLE}a\nsource_profile = b\n"), CREDENTIALS: "[b]\n" + keys("B")},
        {}),
    "role with an external id and a duration": (
        config(f"[default]\n{ROLE}a\nsource_profile = b\nexternal_id = ours\n"
               "duration_seconds = 1800\n[profile b]\n" + keys("B")), {}),
    "roles in a chain": (
        config(f"[default]\n{ROLE}a\nsource_profile = b\n[profile b]\n{ROLE}b\n"
               "source_profile = c\n[profile c]\n" + keys("B")), {}),
    "roles in a circle": (config(f"[default]\n{ROLE}a\nsource_profile = b\n[profile b]\n{ROLE}b\n"
                                 "source_profile = default\n"), {}),
    "role of its own keys": (config(f"[default]\n{ROLE}a\nsource_profile = default\n" + keys("B")),
                             {}),
    "role of itself": (config(f"[default]\n{ROLE}a\nsource_profile = default\n"), {}),
    "role of nobody": (config(f"[default]\n{ROLE}a\nsource_profile = b\n"), {}),
    "role without a source": (config(f"[default]\n{ROLE}a\n"), {}),
    "role of an empty profile": (config(f"[default]\n{ROLE}a\nsource_profile = b\n[profile b]\n"
                                        "region = eu-west-1\n"), {}),
    "role of both kinds of source": (
        config(f"[default]\n{ROLE}a\nsource_profile = b\ncredential_source = Environment\n"
               "[profile b]\n" + keys("B")), {}),
    "role of a profile that has keys and a role": (
        config(f"[default]\n{ROLE}a\nsource_profile = b\n[profile b]\n{ROLE}b\n"
               "source_profile = c\n" + keys("B") + "[profile c]\n" + keys("D")), {}),
    "role of the container": (config(f"[default]\n{ROLE}a\ncredential_source = EcsContainer\n"),
                              CONTAINER),
    "role of the instance": (
        config(f"[default]\n{ROLE}a\ncredential_source = Ec2InstanceMetadata\n"), INSTANCE),
    "role of an environment without keys": (
        config(f"[default]\n{ROLE}a\ncredential_source = Environment\n"), CONTAINER),
    "role of an unknown source": (config(f"[default]\n{ROLE}a\ncredential_source = Somewhere\n"),
                                  CONTAINER),
    "role of a process": (config(f"[default]\n{ROLE}a\nsource_profile = b\n[profile b]\n"
                                 + process()), {}),
    "role of SSO": ({**config(f"[default]\n{ROLE}a\nsource_profile = b\n[profile b]\n{SSO}"
                              f"{SSO_PLACE}"), **token("https://corp.example/start")}, {}),
    "role of a web identity": (
        {**config(f"[default]\n{ROLE}a\nsource_profile = b\n[profile b]\n{ROLE}b\n"
                  "web_identity_token_file = @HOME/token\n"), **JWT}, {}),
    "web identity": (JWT, WEB),
    "web identity without its file": ({}, WEB),
    "web identity without a role": (JWT, {"AWS_WEB_IDENTITY_TOKEN_FILE": "@HOME/token"}),
    "web identity of a profile": (
        {**config(f"[default]\n{ROLE}a\nweb_identity_token_file = @HOME/token\n"), **JWT}, {}),
    "web identity of a profile without a role": (
        {**config("[default]\nweb_identity_token_file = @HOME/token\n"), **JWT}, CONTAINER),
    "web identity before keys": ({**config("[default]\n" + keys("C")), **JWT}, WEB),
    "role before web identity": (
        {**config(f"[default]\n{ROLE}a\nsource_profile = b\n[profile b]\n" + keys("B")), **JWT},
        WEB),
    "process": (config("[default]\n" + process()), {}),
    "process of another version": (config("[default]\n" + process(2)), CONTAINER),
    "process that fails": (config("[default]\ncredential_process = false\n"), CONTAINER),
    "process that says nothing": (config("[default]\ncredential_process = true\n"), CONTAINER),
    "process before config file": (config("[default]\n" + keys("C") + process()), {}),
    "credentials file before process": (
        {**config("[default]\n" + process()), CREDENTIALS: "[default]\n" + keys("S")}, {}),
    "SSO": ({**config(f"[default]\nsso_session = corp\n{SSO}{SESSION}"), **token("corp")}, {}),
    "SSO of the older form": ({**config(f"[default]\n{SSO}{SSO_PLACE}"),
                               **token("https://corp.example/start")}, {}),
    "SSO before keys": ({**config(f"[default]\nsso_session = corp\n{SSO}{SESSION}"),
                         **token("corp"), CREDENTIALS: "[default]\n" + keys("S")}, {}),
    "SSO refreshed": ({**config(f"[default]\nsso_session = corp\n{SSO}{SESSION}"), **STALE}, {}),
    "SSO expired": ({**config(f"[default]\nsso_session = corp\n{SSO}{SESSION}"), **OLD}, CONTAINER),
    "SSO without a token": (config(f"[default]\nsso_session = corp\n{SSO}{SESSION}"), CONTAINER),
    "SSO without an account": (
        {**config(f"[default]\nsso_session = corp\nsso_role_name = Dev\n{SESSION}"),
         **token("corp")}, CONTAINER),
    "SSO without its session": (
        {**config(f"[default]\nsso_session = corp\n{SSO}"), **token("corp")}, CONTAINER),
    "SSO that contradicts itself": (
        {**config(f"[default]\nsso_session = corp\nsso_region = eu-west-1\n{SSO}{SESSION}"),
         **token("corp")}, CONTAINER),
    "container": ({}, CONTAINER),
    "container of a stranger": ({}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://10.0.0.1/x"}),
    "container before instance": ({}, {**CONTAINER, **INSTANCE}),
    "instance": ({}, INSTANCE),
    "instance behind a profile of settings": (
        config("[profile p]\nregion = eu-west-1\noutput = json\n"), {**PROFILE, **INSTANCE}),
    "instance that is switched off": ({}, {**INSTANCE, "AWS_EC2_METADATA_DISABLED": "true"}),
}

# What botocore leaves to the machine, and this program refuses: somebody else was meant.
STRICTER = {
    "misspelt": "[default]\nlogin_sesion = x\n",
    "source without a role": "[default]\nsource_profile = b\n[profile b]\n" + keys("B"),
    "session without a role": f"[default]\nsso_session = corp\n{SESSION}",
    "role session alone": "[default]\nrole_session_name = x\n",
}

# Where botocore finds keys, and this program refuses what it does not read: the keys beside it, or
# the machine's, would be somebody else's.
BESIDE = "[profile q]\n" + keys("Q")
REFUSED = {
    "role behind a colon, beside keys": (
        config(f"[default]\nrole_arn: arn:aws:iam::123456789012:role/a=b\nsource_profile = q\n"
               f"{keys('C')}{BESIDE}"), {}),
    "process behind a colon, beside keys": (
        {**config(f"[default]\ncredential_process: sh @HOME/print.sh --a=b\n{keys('C')}"),
         "print.sh": "echo '" + PRINTED.format(1) + "'"}, {}),
    "settings of all profiles": ({CREDENTIALS: "[DEFAULT]\n" + keys("S") + "[p]\nregion = r\n"},
                                 PROFILE),
    "settings of all profiles in config": (
        config("[DEFAULT]\n" + keys("K") + "[default]\nregion = r\n"), {}),
    "boto's file": ({".boto": "[Credentials]\n" + keys("B")}, {}),
    "boto's file by its variable": ({"x": "[Credentials]\n" + keys("B")},
                                    {"BOTO_CONFIG": "@HOME/x"}),
    "file of the older tools": ({"x": "AWSAccessKeyId=O\nAWSSecretKey=secret\n"},
                                {"AWS_CREDENTIAL_FILE": "@HOME/x"}),
    "file in a user's home": ({"a": "[default]\n" + keys("K")},
                              {"AWS_CONFIG_FILE": "~root/../../../..@HOME/a"}),
}

RANDOM_SETUPS = 60
PRINTS = {"print.sh": "echo words >&2; cat @HOME/keys.json",
          "keys.json": json.dumps({"Version": 1, "AccessKeyId": "PRINTED", "SecretAccessKey": "s",
                                   "Expiration": "2099-01-01T00:00:00+00:00"})}
NOISE = ("", "# aws_access_key_id = X", "; note", "s3 =\n  max_concurrent_requests = 3",
         "s3 =\n\tuse_accelerate_endpoint = true\n", "region = eu-west-3", "output=json",
         "cli_pager =")


class RandomSetup:
    """Profiles of all kinds in both files, as people write them: spaces, cases, comments, order."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = ["default", *self.random.sample(
            ["p", "dev-1", "a.b", "team/x", "two words", "p@x"], 3)]
        self.files = {**JWT, **PRINTS, ".aws/config": self.text(0.85, self.header),
                      CREDENTIALS: self.text(0.4, "[{}]".format)}
        for key in ("corp", "https://corp.example/start"):
            self.files.update(self.random.choice([
                {}, token(key), token(key, "2099-01-01T00:00:00UTC"), stale(key),
                dict.fromkeys(token(key), "{corrupt")]))
        self.variables = {"AWS_PROFILE": self.random.choice(self.names)}
        for more, share in ((ENVIRONMENT, 0.1), (WEB, 0.15), (CONTAINER, 0.3), (INSTANCE, 0.3)):
            self.variables.update(more if self.random.random() < share else {})

    def header(self, name):
        quoted = f'"{name}"' if " " in name or self.random.random() < 0.1 else name
        if name == "default" and self.random.random() < 0.7:
            return "[default]"
        return "[profile" + self.random.choice([" ", "  ", "\t"]) + quoted + " ]"

    def text(self, share, header):
        sections = [header(name) + "\n" + self.body() for name in self.names
                    if self.random.random() < share]
        if share > 0.5:  # Without it botocore refuses also who does not use it.
            sections.append(SESSION)
        self.random.shuffle(sections)
        return self.random.choice(["\n", "\r\n"]).join("\n".join(sections).split("\n")) + "\n"

    def body(self):
        role = f"{ROLE}r{self.random.randrange(3)}\n"
        other = self.random.choice(self.names)
        lines = self.random.choice([
            keys(f"K{self.random.randrange(1000)}"), keys("T") + "aws_session_token = t\n",
            role + f"source_profile = {other}\n",
            role + f"source_profile = {other}\nexternal_id = ours\nduration_seconds = 1800\n",
            role + "credential_source = " + self.random.choice(
                ["Environment", "EcsContainer", "Ec2InstanceMetadata"]) + "\n",
            role + "web_identity_token_file = @HOME/token\n", process(),
            "credential_process = sh @HOME/print.sh\n", "credential_process = false\n",
            "sso_session = corp\n" + SSO, SSO + SSO_PLACE, "sso_session = corp\n",
            "", "aws_access_key_id = HALF\n"]).splitlines()
        lines = [self.respelt(line) for line in lines]
        lines += self.random.sample(NOISE[:3] + NOISE[5:] + (self.random.choice(NOISE[3:5]),), 2)
        self.random.shuffle(lines)
        return "\n".join(lines) + "\n"

    def respelt(self, line):
        name, value = line.split(" = ", 1)
        name = self.random.choice([name, name, name, name.upper(), name.title()])
        return name + self.random.choice([" = ", "=", "\t=  ", " ="]) + value + self.random.choice(
            ["", "", "  "])


@pytest.fixture(scope="module")
def server():
    server = identity_server.IdentityServer()
    yield server
    server.close()


@pytest.fixture
def place(tmp_path, server):
    """place(files, variables) -> the environment with a home that holds the files."""

    def make(files, variables):
        home = tmp_path / "home"

        def filled(text):
            return text.replace("@HOME", str(home)).replace("@URL", server.url)

        home.mkdir()
        for name, text in files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(filled(text))
        return {"HOME": str(home), "PATH": os.environ["PATH"], "AWS_REGION": "eu-west-1",
                "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": server.url,
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
                **{name: text and filled(text) for name, text in variables.items()}}

    return make


def botocore_key(environment):
    """The access key; None when botocore refuses or finds nothing."""
    cache = str(pathlib.Path(environment["HOME"] or "/") / ".aws/sso/cache")
    environment = {name: text for name, text in environment.items() if text is not None}
    providers = (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider)
    with unittest.mock.patch.dict(os.environ, environment, clear=True), \
            unittest.mock.patch.object(providers[0], "_SSO_TOKEN_CACHE_DIR", cache), \
            unittest.mock.patch.object(providers[1], "_SSO_TOKEN_CACHE_DIR", cache):
        try:
            credentials = botocore.session.Session().get_credentials()
            return credentials.get_frozen_credentials().access_key if credentials else None
        except (botocore.exceptions.BotoCoreError, ValueError, OSError, KeyError):
            return None


@pytest.fixture
def program_key(run_program, ecs_scaler):
    """program_key(environment) -> the access key that signed, or None."""

    def run(environment):
        variables = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, **environment}
        process = run_program([ecs_scaler, *DOCTOR], env=variables)
        assert process.code in (1, 3), process.output()
        if process.code == 3:
            return None
        return json.loads(process.stdout())["identity"].get("arn")

    return run


@pytest.mark.parametrize("name", SETUPS)
def test_is_whom_botocore_is(name, place, program_key):
    files, variables = SETUPS[name]
    environment = place(files, variables)

    ours = program_key(environment)
    for path, text in files.items():
        if "sso/cache" in path:  # Refreshed, perhaps: botocore is to find what the program found.
            (pathlib.Path(environment["HOME"]) / path).write_text(text)

    assert ours == botocore_key(environment)


@pytest.mark.parametrize("seed", range(RANDOM_SETUPS))
def test_is_whom_botocore_is_or_nobody_whatever_the_files_hold(seed, place, program_key):
    setup = RandomSetup(seed)
    environment = place(setup.files, setup.variables)

    ours = program_key(environment)
    for path in setup.files:
        if "sso/cache" in path:
            (pathlib.Path(environment["HOME"]) / path).write_text(setup.files[path])
    theirs = botocore_key(environment)

    # Where settings lead to nobody botocore goes on to the machine, and this program refuses.
    strict = ours is None and theirs in ("CONTAINER", "MACHINE") and "AWS_PROFILE" in environment
    assert ours == theirs or strict, setup.files


@pytest.mark.parametrize("name", STRICTER)
def test_never_becomes_the_machine_where_somebody_was_meant(name, place, program_key):
    environment = place({".aws/config": STRICTER[name]}, INSTANCE)

    assert botocore_key(environment) == "MACHINE"
    assert program_key(environment) is None


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_it_does_not_read_where_botocore_does(name, place, program_key):
    files, variables = REFUSED[name]
    environment = place(files, {**INSTANCE, **variables})

    assert botocore_key(environment) not in (None, "C", "MACHINE")
    assert program_key(environment) is None


def test_leaves_no_credential_process_behind(place, tmp_path, start_process, ecs_scaler):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as end:
        poll = select.poll()
        poll.register(end, select.POLLIN)
        environment = place(
            {**config("[default]\ncredential_process = sh @HOME/hang.sh\n"),
             "hang.sh": f"exec 3>{pipe}\necho up >&3\nsleep 600\necho down >&3\n"},
            {"SQS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/q",
             "ECS_CLUSTER_NAME": "c", "ECS_SERVICE_NAME": "s"})
        process = start_process([ecs_scaler, "run", "--interval", "1s"],
                                env={**dict.fromkeys(ENVIRONMENT), **environment})

        assert poll.poll(20_000), process.output()
        assert end.read(100) == b"up\n"
        process.popen.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, process.output()

        # The pipe ends when nobody has it open any more.
        assert poll.poll(20_000) and end.read(100) == b""


def test_asks_for_an_mfa_code_once_and_only_on_a_terminal(place, run_program, ecs_scaler):
    environment = place(
        config(f"[default]\n{ROLE}a\nsource_profile = b\nmfa_serial = arn:aws:iam::1:mfa/me\n"
               "[profile b]\n" + keys("B")), {})
    variables = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, **environment}
    command = [ecs_scaler, *DOCTOR]

    alone = run_program(command, env=variables)
    ours, terminal = pty.openpty()
    os.write(ours, b"123456\n")
    asked = subprocess.run(command, env={**environment, "ASAN_OPTIONS": "log_path=stderr"},
                           stdin=terminal, capture_output=True, text=True, timeout=60, check=False)
    for end in (ours, terminal):
        os.close(end)

    assert "standard input is no terminal" in alone.stdout(), alone.output()
    assert "Enter MFA code" not in alone.output()
    assert asked.stderr.count("Enter MFA code for arn:aws:iam::1:mfa/me: ") == 1, asked
    assert json.loads(asked.stdout)["identity"]["arn"] == identity_server.key_of(
        "B", "arn:aws:iam::123456789012:role/a", "", "", "123456")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_proves_its_key_where_aws_login_is_renewed(place, server, program_key):
    """The proof (DPoP) is read by a library that this project did not write."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM,
                            serialization.PrivateFormat.TraditionalOpenSSL,
                            serialization.NoEncryption()).decode()
    session = "arn:aws:sts::123456789012:assumed-role/Admin/me"
    file = f".aws/login/cache/{hashlib.sha256(session.encode()).hexdigest()}.json"
    kept = {"accessToken": {"accessKeyId": "OLD", "secretAccessKey": "s", "sessionToken": "t",
                            "accountId": "123456789012", "expiresAt": "2020-01-01T00:00:00Z"},
            "clientId": "arn:aws:signin:::devtools/same-device", "refreshToken": "first",
            "dpopKey": pem, "of others": [1]}
    environment = place({**config(f"[default]\nlogin_session = {session}\n"),
                         file: json.dumps(kept)}, {})

    assert program_key(environment) == "LOGIN"

    header, payload, signature = server.proofs[-1].split(".")
    raw = decoded(signature)
    numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.public_key().verify(encode_dss_signature(*numbers), f"{header}.{payload}".encode(),
                            ec.ECDSA(hashes.SHA256()))
    point = key.public_key().public_numbers()
    jwk = json.loads(decoded(header))["jwk"]
    assert int.from_bytes(decoded(jwk["x"]), "big") == point.x
    assert int.from_bytes(decoded(jwk["y"]), "big") == point.y
    assert json.loads(decoded(payload))["htu"] == server.url + "/v1/token"
    written = json.loads((pathlib.Path(environment["HOME"]) / file).read_text())
    assert written["refreshToken"] == "next" and written["accessToken"]["accessKeyId"] == "LOGIN"
    assert written["of others"] == [1] and written["dpopKey"] == pem
