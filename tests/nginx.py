"""A real nginx that writes several access logs at once, for tests that load it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter import PATIENCE_S, wait_for
from ports import free_port

OTHER = "$server_name|$msec|$request_method $uri|$status|$request_time"
CONFIGURATION = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                   '"$http_referer" "$http_user_agent" $request_time';
  log_format json escape=json '{{"msec":"$msec","request_method":"$request_method",'
                  '"request_uri":"$request_uri","status":"$status","request_time":$request_time,'
                  '"body_bytes_sent":$body_bytes_sent,"http_user_agent":"$http_user_agent"}}';
  log_format other '{other}';
  access_log {folder}/combined.log combined;
  access_log {folder}/timed.log timed;
  access_log {folder}/json.log json;
  access_log {folder}/other.log other;
  keepalive_requests 1000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    server_name shop.example;
    location /busy {{ return 503 "busy"; }}
    location /browse {{ return 200 "fine"; }}
    location = /slow {{ root {folder}; limit_rate 20k; }}
  }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx: where it answers, and the folder of its logs."""

    url: str
    folder: Path

    def log(self, name: str) -> Path:
        """The access log of that format."""
        return self.folder / f"{name}.log"


@contextmanager
def nginx(program: str, folder: Path) -> Iterator[Nginx]:
    """Runs until the block ends: one process, so that all logs have one order.

    /slow takes at least 0.1 s, for it is sent in two parts.
    """
    port = free_port()
    (folder / "slow").write_bytes(b"x" * 24_000)
    configuration = folder / "nginx.conf"
    # as root, its workers would be of a user who may not read the folder
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, other=OTHER, user=user))
    server = subprocess.Popen([program, "-p", str(folder), "-c", str(configuration)])
    try:
        wait_for(lambda: _answers(port), "nginx")
        yield Nginx(url=f"http://127.0.0.1:{port}", folder=folder)
    finally:
        # gracefully, so that what was answered is logged
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=PATIENCE_S)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
