"""A page in headless Chromium: what its document becomes, what its console says, how it looks."""

import json
import re
import shutil
import subprocess

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 90
RESULT = re.compile(r'<pre id="result"[^>]*>(.*?)</pre>', re.DOTALL)

# The page stands in a frame of the asked width, since no window is that narrow. In a sandbox its
# scripts are off, and the driver, which is outside, still sees all of it.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe id="frame"{sandbox}
  style="border:0;display:block;width:{width}px;height:{height}px"></iframe>
<script>
const frame = document.getElementById("frame");
frame.addEventListener("load", () => {{
  const page = frame.contentWindow, doc = frame.contentDocument;
  let result;
  try {{
    result = (() => {{ {script} }})();
  }} catch (error) {{
    result = {{ failed: String(error) }};
  }}
  const told = document.createElement("pre");
  told.id = "result";
  told.hidden = true;
  told.textContent = JSON.stringify(result ?? null);
  document.body.append(told);
}});
frame.srcdoc = {page};
</script></body>"""


def find_browser():
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")


def browse(url, folder, *arguments):
    return subprocess.run(
        [find_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={folder / 'profile'}", "--host-resolver-rules=MAP * ~NOTFOUND",
         "--enable-logging=stderr", "--virtual-time-budget=5000", *arguments, url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS, check=True)


def told(document, console=()):
    """What a driver left in the document."""
    found = RESULT.search(document)
    assert found, (document[-2000:], console)
    text = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    result = json.loads(text)
    assert not (isinstance(result, dict) and "failed" in result), result
    return result


def open_page(path, folder, script="", window="1200,1000", arguments=()):
    """(the document after `script` ran in the page, lines of its console).

    The script runs in a copy of the page, after the page's own, over file:// and without a network.
    """
    copy = folder / "page-under-test.html"
    page = path.read_text()
    copy.write_text(page.replace("</body>", f"<script>{script}</script></body>"))
    done = browse(copy.as_uri(), folder, f"--window-size={window}", *arguments, "--dump-dom")
    console = re.findall(r".*:CONSOLE.*", done.stderr.decode(errors="replace"))
    return done.stdout.decode(), console


def look_at(path, folder, script, width, dark=False, scripts=True, picture=None):
    """What `script` returns of the page at a width; it has `page`, its window, and `doc`.

    With `picture` the whole page is also written there as PNG.
    """
    text = json.dumps(path.read_text()).replace("<", "\\u003c")
    theme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    sandbox = "" if scripts else ' sandbox="allow-same-origin"'
    frame = folder / "frame.html"

    def write(height, driver):
        frame.write_text(FRAME.format(width=width, height=height, sandbox=sandbox, script=driver,
                                      page=text))

    write(900, f"const seen = (() => {{ {script} }})();"
               "return { seen, height: doc.documentElement.scrollHeight };")
    document = browse(frame.as_uri(), folder, "--window-size=1500,1000", theme, "--dump-dom")
    result = told(document.stdout.decode())
    if picture:
        height = result["height"]
        write(height, "")
        browse(frame.as_uri(), folder, f"--window-size={width},{height}", theme,
               f"--screenshot={picture}")
    return result["seen"]
