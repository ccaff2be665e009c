"""A page in headless Chromium: what its document becomes, and what its console says."""

import re
import shutil
import subprocess

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 90


def find_browser():
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")


def open_page(path, folder, script="", window="1200,1000", arguments=()):
    """(the document after `script` ran in the page, lines of its console).

    The script runs in a copy of the page, after the page's own, over file:// and without a network.
    """
    copy = folder / "page-under-test.html"
    page = path.read_text()
    copy.write_text(page.replace("</body>", f"<script>{script}</script></body>"))
    done = subprocess.run(
        [find_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={folder / 'profile'}", f"--window-size={window}",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
         "--virtual-time-budget=5000", *arguments, "--dump-dom", copy.as_uri()],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS, check=True)
    console = re.findall(r".*:CONSOLE.*", done.stderr.decode(errors="replace"))
    return done.stdout.decode(), console
