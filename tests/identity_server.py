"""The places that give credentials, on one loopback server: STS, SSO, OIDC, container endpoint and
instance metadata. An access key that it gives out tells how it was come by.
"""

import hashlib
import http.server
import json
import re
import threading
import urllib.parse

EXPIRES = "2099-01-01T00:00:00Z"


def key_of(*parts):
    """The access key of a role: who assumed it, and with what."""
    return "ASIA" + hashlib.sha256("|".join(parts).encode()).hexdigest()[:16].upper()


def keys_xml(operation, key):
    return f"""<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<{operation}Result><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn>
<AssumedRoleId>id:s</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>{key}</AccessKeyId>
<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>{EXPIRES}</Expiration></Credentials></{operation}Result></{operation}Response>"""


class IdentityServer(http.server.ThreadingHTTPServer):
    """`calls` are (path, access key that signed or ""); `proofs` are those of aws login."""

    daemon_threads = True

    def __init__(self):
        self.calls, self.proofs = [], []
        super().__init__(("127.0.0.1", 0), IdentityRequest)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class IdentityRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body):
        text = body if isinstance(body, str) else json.dumps(body)
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def signer(self):
        found = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
        return found.group(1) if found else ""

    def do_PUT(self):
        self.answer(200, "imds-token")

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        self.server.calls.append((url.path, ""))
        keys = {"SecretAccessKey": "secret", "Token": "token", "Expiration": EXPIRES}
        if url.path == "/container":
            self.answer(200, {"AccessKeyId": "CONTAINER", **keys})
        elif url.path == "/latest/meta-data/iam/security-credentials/":
            self.answer(200, "machine")
        elif url.path == "/latest/meta-data/iam/security-credentials/machine":
            self.answer(200, {"Code": "Success", "AccessKeyId": "MACHINE", **keys})
        elif url.path == "/federation/credentials":
            token = self.headers["x-amz-sso_bearer_token"]
            key = key_of("sso", token, query["account_id"], query["role_name"])
            self.answer(200, {"roleCredentials": {
                "accessKeyId": key, "secretAccessKey": "secret", "sessionToken": "token",
                "expiration": 4070908800000}})
        else:
            self.answer(404, {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.calls.append((self.path, self.signer()))
        if self.path == "/v1/token":
            self.server.proofs.append(self.headers.get("DPoP", ""))
            self.answer(200, {"accessToken": {
                "accessKeyId": "LOGIN", "secretAccessKey": "secret", "sessionToken": "token"},
                "expiresIn": 900, "refreshToken": "next", "tokenType": "aws_sigv4"})
            return
        if self.path == "/token":
            self.answer(200, {"accessToken": "fresh", "expiresIn": 3600, "tokenType": "Bearer",
                              "refreshToken": "next"})
            return
        form = dict(urllib.parse.parse_qsl(body))
        operation = form.get("Action")
        if operation == "AssumeRole":
            self.answer(200, keys_xml(operation, key_of(
                self.signer(), form["RoleArn"], form.get("ExternalId", ""),
                form.get("DurationSeconds", ""), form.get("TokenCode", ""))))
        elif operation == "AssumeRoleWithWebIdentity":
            self.answer(200, keys_xml(operation, key_of(form["WebIdentityToken"].strip(),
                                                        form["RoleArn"])))
        elif operation == "GetCallerIdentity":
            self.answer(200, f"<r><Arn>{self.signer()}</Arn><Account>123456789012</Account></r>")
        else:
            self.answer(400, {"__type": "AccessDeniedException", "message": "not here"})
