"""nginx with the project's configuration, in front of a web server."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from devtools.services.ports import free_port
from tests.workers import PROJECT, wait_until

NGINX_CONF = PROJECT / "deploy" / "nginx.conf"


@contextmanager
def nginx(web_url: str, folder: Path) -> Iterator[str]:
    """Start nginx with its files in the folder, and yield its address."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        missing = "No test of the proxy: nginx is missing. Install it (apt-get install nginx)."
        (pytest.fail if os.environ.get("NGINX") == "required" else pytest.skip)(missing)
    port = free_port()
    config = NGINX_CONF.read_text()
    for ours, here in (
        ("server web:8000;", f"server {urlsplit(web_url).netloc};"),
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("/dev/stderr crit;", f"{folder}/error.log crit;\npid {folder}/pid;"),
    ):
        assert ours in config
        config = config.replace(ours, here)
    (folder / "nginx.conf").write_text(config)
    # nginx reads a variable of this name as the numbers of sockets that it inherits.
    environment = {name: value for name, value in os.environ.items() if name != "NGINX"}
    process = subprocess.Popen(
        [program, "-c", folder / "nginx.conf", "-g", "daemon off;"], env=environment
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _responds(url), "nginx responds")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _responds(url: str) -> bool:
    with requests.Session() as http:
        http.trust_env = False
        try:
            return http.get(url, timeout=10).status_code > 0
        except requests.ConnectionError:
            return False
