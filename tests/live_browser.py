"""A Chromium that stays open and is told what to do: pages that change while one looks at them.

It speaks the DevTools protocol over two pipes, JSON messages that end with a zero byte.
"""

import base64
import json
import os
import select
import subprocess
import time

from browser import find_browser

SECONDS = 60


class LiveBrowser:
    """One tab. Whatever its console says is in `console`."""

    def __init__(self, folder):
        self.console = []
        self.requests = []
        self.number = 0
        self.waiting = b""
        theirs_in, self.pipe_out = os.pipe()
        self.pipe_in, theirs_out = os.pipe()

        def give_pipes():
            os.dup2(theirs_in, 1000)
            os.dup2(theirs_out, 1001)
            os.dup2(1000, 3)
            os.dup2(1001, 4)

        self.process = subprocess.Popen(  # pylint: disable=subprocess-popen-preexec-fn
            [find_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}", "--no-first-run",
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=give_pipes, close_fds=False, start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        targets = self.call("Target.getTargets", session=None)["targetInfos"]
        target = next(one for one in targets if one["type"] == "page")["targetId"]
        self.session = self.call("Target.attachToTarget", session=None, targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        try:
            self.call("Browser.close", session=None)
            self.process.wait(SECONDS)
        except (OSError, EOFError, TimeoutError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.pipe_in)
        os.close(self.pipe_out)

    def call(self, method, session="", **parameters):
        """The result of one command; the tab's unless `session` is None."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = self.session
        os.write(self.pipe_out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + SECONDS
        while True:
            told = self.next_message(end)
            if told.get("id") == self.number:
                assert "error" not in told, (method, told["error"])
                return told["result"]
            self.note(told)

    def next_message(self, end):
        while b"\0" not in self.waiting:
            if not select.select([self.pipe_in], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            piece = os.read(self.pipe_in, 1 << 16)
            if not piece:
                raise EOFError("the browser is gone")
            self.waiting += piece
        message, self.waiting = self.waiting.split(b"\0", 1)
        return json.loads(message)

    def note(self, told):
        parameters = told.get("params", {})
        if told.get("method") == "Runtime.consoleAPICalled":
            self.console.append(str(parameters["args"]))
        elif told.get("method") == "Runtime.exceptionThrown":
            self.console.append(str(parameters["exceptionDetails"]))
        elif told.get("method") == "Log.entryAdded":
            self.console.append(str(parameters["entry"]))
        elif told.get("method") == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])

    def sized(self, width, height=900, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[theme])

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def eval(self, expression):
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                         awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def until(self, expression, seconds=20):
        """The first true value of an expression."""
        end = time.monotonic() + seconds
        while True:
            value = self.eval(expression)
            if value:
                return value
            assert time.monotonic() < end, (expression, self.console, self.eval(
                "document.body.innerText.slice(0, 2000)"))
            time.sleep(0.05)

    def press(self, key, text=None):
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36,
                 "End": 35}
        event = {"key": key, "code": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0]))}
        typed = text or ("\r" if key == "Enter" else key if len(key) == 1 else None)
        self.call("Input.dispatchKeyEvent", type="keyDown", **event,
                  **({"text": typed} if typed else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def drag(self, begin, end):
        """With the mouse, from one (x, y) of the window to another."""
        for kind, (x, y), buttons in (("mouseMoved", begin, 0), ("mousePressed", begin, 1),
                                      ("mouseMoved", end, 1), ("mouseReleased", end, 0)):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, buttons=buttons,
                      button="left" if kind != "mouseMoved" else "none", clickCount=1)

    def picture(self, path, whole=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        told = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(told["data"]))
