"""Name servers and proxies that do as a test says, and programs that see them."""

import base64
import contextlib
import os
import select
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading

import pytest

NAME_SERVER = ("127.0.0.99", 53)  # resolv.conf knows no ports.


class NameServer:
    """Answers questions for addresses with 127.0.0.1, or not at all while `silent`."""

    def __init__(self, silent=False):
        self.silent, self.asked = silent, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind(NAME_SERVER)
        except OSError as error:
            self.socket.close()
            pytest.skip(f"no name server can be had at {NAME_SERVER}: {error}")
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            question, peer = self.socket.recvfrom(4096)
            if len(question) < 12:
                return
            labels, at = [], 12
            while question[at]:
                labels.append(question[at + 1:at + 1 + question[at]].decode())
                at += question[at] + 1
            self.asked.append(".".join(labels))
            if self.silent:
                continue
            end = at + 5
            found = question[at + 1:end - 2] == b"\0\1"  # Type A; of AAAA there is none.
            answer = (b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1" if found else b"")
            header = question[:2] + b"\x81\x80\0\1" + (b"\0\1" if found else b"\0\0") + b"\0\0\0\0"
            self.socket.sendto(header + question[12:end] + answer, peer)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"end", NAME_SERVER)
        self.thread.join(5)
        self.socket.close()


def with_files(files):
    """What goes in front of a command so that it sees these texts in place of the machine's files;
    skips the test where that is not allowed."""
    folder = tempfile.mkdtemp(prefix="scaler-files-")
    command = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-r", "--mount"]
    mounts = ""
    for number, (path, text) in enumerate(files.items()):
        with open(f"{folder}/{number}", "w", encoding="utf-8") as file:
            file.write(text)
        mounts += f"mount --bind {folder}/{number} {path} && "
    prefix = [*command, "sh", "-c", mounts + 'exec "$0" "$@"']
    try:
        tried = subprocess.run([*prefix, "true"], capture_output=True, text=True, check=False)
        reason = tried.stderr if tried.returncode else ""
    except OSError as error:
        reason = str(error)
    if reason:
        shutil.rmtree(folder)
        pytest.skip(f"no files of its own for a program: {reason}")
    return prefix, lambda: shutil.rmtree(folder)


class FakeProxy(socketserver.ThreadingTCPServer):
    """A CONNECT proxy to ports of this machine, whatever the host is called. `status` other than
    200 is what it answers; None: it hangs. With `user` ("name:password") others get a 407."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, status=200, user=None):
        self.status, self.user, self.connects = status, user, []
        self.ended = threading.Event()
        super().__init__(("127.0.0.1", 0), FakeProxyRequest)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def close(self):
        self.ended.set()
        self.shutdown()
        self.server_close()


class FakeProxyRequest(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode()
        headers = {}
        while (header := self.rfile.readline().strip().decode()):
            name, value = header.split(": ", 1)
            headers[name.lower()] = value
        if not line:
            return
        self.server.connects.append(line.split()[1])
        status = self.server.status
        if self.server.user is not None:
            wanted = "Basic " + base64.b64encode(self.server.user.encode()).decode()
            status = status if headers.get("proxy-authorization") == wanted else 407
        if status is None:
            self.server.ended.wait(60)
        elif status != 200:
            self.wfile.write(f"HTTP/1.1 {status} No\r\nContent-Length: 2\r\n\r\nno".encode())
        else:
            port = int(line.split()[1].rsplit(":", 1)[1])
            with socket.create_connection(("127.0.0.1", port)) as other:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                carry(self.connection, other)


def carry(one, other):
    """Bytes in both directions, until one side ends."""
    with contextlib.suppress(OSError):
        while True:
            ready, _, _ = select.select([one, other], [], [], 60)
            if not ready:
                return
            for side in ready:
                data = side.recv(65536)
                if not data:
                    return
                (other if side is one else one).sendall(data)
