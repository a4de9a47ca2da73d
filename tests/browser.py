"""A real Chromium, spoken to over a pipe: opens a page as a reader has it and says what it did.

Nothing but the standard library: Chromium's own protocol, JSON messages that end in a NUL.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip

# words of a picture that lie over one another or beside the page
TOUCHING = """(() => {
  const found = [], width = document.documentElement.clientWidth;
  for (const svg of document.querySelectorAll("svg[role=img]")) {
    const words = [...svg.querySelectorAll("text")]
      .map(text => [text.textContent, text.getBoundingClientRect()])
      .filter(([, box]) => box.width);
    words.forEach(([text, a], at) => {
      if (a.left < -1 || a.right > width + 1) { found.push(text); }
      for (const [other, b] of words.slice(at + 1)) {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 1 && down > 3) { found.push([text, other]); }
      }
    });
  }
  return found;
})()"""


class Tab:
    """One page: commands that wait for their answer, and all that it told meanwhile."""

    def __init__(self, read: int, write: int):
        self.read, self.write = read, write
        self.buffer = b""
        self.number = 0
        self.session: str | None = None
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command; AssertionError if the browser refuses it."""
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer)
                return dict(answer["result"])
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            block = os.read(self.read, 1 << 16)
            assert block, "the browser has gone"
            self.buffer += block
        line, _, self.buffer = self.buffer.partition(b"\0")
        return dict(json.loads(line))

    def wait(self, method: str) -> dict[str, Any]:
        """The next event of that name, past or to come."""
        for at, event in enumerate(self.events):
            if event.get("method") == method:
                return self.events.pop(at)
        while True:
            event = self._next()
            if event.get("method") == method:
                return event
            self.events.append(event)

    def open(
        self, page: Path, *, width: int, height: int = 900, dark: bool = False, script: bool = True
    ) -> None:
        """Show a file as a reader with such a screen, taste and such settings sees it."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        url = page.resolve().as_uri()
        self.call("Page.navigate", url=url)
        self.wait("Page.loadEventFired")
        # it may have been that of the page before
        while self.value("[location.href, document.readyState]") != [url, "complete"]:
            self.wait("Page.loadEventFired")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives; promises are waited for."""
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def key(self, name: str) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name)

    @property
    def complaints(self) -> list[str]:
        """What the console said: errors and warnings of the page and of its policy."""
        told = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
        return [json.dumps(e["params"]) for e in self.events if e.get("method") in told]

    @property
    def requests(self) -> list[str]:
        """Every address that was asked for."""
        return [
            e["params"]["request"]["url"]
            for e in self.events
            if e.get("method") == "Network.requestWillBeSent"
        ]


@contextmanager
def browsing(chromium: str, folder: Path) -> Iterator[Tab]:
    """A browser with one tab, closed in the end."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    command = [chromium, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(
        ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "browser", *command],
        pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    tab = Tab(ours_in, ours_out)
    try:
        target = tab.call("Target.createTarget", url="about:blank")["targetId"]
        tab.session = tab.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        yield tab
    finally:
        os.close(ours_out)
        process.terminate()
        process.wait(timeout=120)
        os.close(ours_in)
