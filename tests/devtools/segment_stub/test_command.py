"""Starting and stopping the stand-in from a shell."""

import signal
import socket
import subprocess
import sys

import pytest
import requests

from tests.devtools.segment_stub.requests_to_stub import post, track
from tests.segment import PROJECT, SegmentStandIn

COMMAND = [sys.executable, "-m", "devtools.segment_stub"]


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False
    )


def _start(*arguments: str, stdin: int | None = None) -> "tuple[subprocess.Popen[str], str]":
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments],
        cwd=PROJECT,
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline()


def test_a_port_in_use_is_reported_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = _run("--port", str(port))

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"The Segment stand-in cannot start: port {port} on 127.0.0.1 is in use. "
        "Stop the program that uses it, or choose another port with --port.\n"
    )


def test_an_address_of_another_machine_is_reported_in_one_sentence() -> None:
    result = _run("--host", "192.0.2.1", "--port", "0")

    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith("The Segment stand-in cannot listen on 192.0.2.1, port 0: ")


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_an_invalid_port_is_refused(port: str) -> None:
    result = _run(f"--port={port}")

    assert result.returncode == 2
    assert f"{port} is not a port; use a number from 0 to 65535" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_stand_in_prints_its_address_and_stops_on_a_signal_with_open_connections(
    number: signal.Signals,
) -> None:
    process, line = _start()
    url = line.split()[-1]
    assert line == f"Segment stand-in: {url}\n"
    assert url.startswith("http://127.0.0.1:")
    requests.post(url + "/faults", json={"write_key": "*", "kind": "hang"}, timeout=20)

    with (
        requests.get(url + "/events", stream=True, timeout=20),
        socket.create_connection(("127.0.0.1", int(url.split(":")[-1]))) as client,
    ):
        client.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)

    assert (process.returncode, output) == (0, "")


def test_the_stand_in_stops_when_standard_input_ends() -> None:
    process, _line = _start("--stop-with-stdin", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None

    process.stdin.close()

    assert process.wait(timeout=20) == 0
    process.stdout.close()


def test_the_stand_in_imports_no_django() -> None:
    program = "import sys, devtools.segment_stub.__main__; print('django' in sys.modules)"

    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert result.stdout == "False\n"


def test_stopping_is_idempotent_and_nothing_listens_afterwards() -> None:
    stand_in = SegmentStandIn()
    assert post(stand_in, {"batch": [track()]}).status_code == 200

    stand_in.stop()
    stand_in.stop()

    with pytest.raises(requests.ConnectionError):
        post(stand_in, {"batch": [track()]})


def test_a_stand_in_that_cannot_start_raises(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(RuntimeError, match="was not ready"),
    ):
        SegmentStandIn(port=taken.getsockname()[1])

    assert "is in use" in capfd.readouterr().err
