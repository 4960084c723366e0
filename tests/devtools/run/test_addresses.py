"""The ports: an invalid one is reported in one sentence, before anything starts."""

import socket

import pytest

from devtools.services.ports import free_port
from tests.devtools.run.conftest import Start
from tests.devtools.run.test_supervisor import FOREVER


@pytest.mark.parametrize("name", ["WEB_PORT", "SEGMENT_STUB_PORT", "TWILIO_STUB_PORT"])
def test_a_port_in_use_is_named_with_its_variable(start: Start, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = start(("web", FOREVER), steps=(("migrate", FOREVER),), **{name: str(port)})
        assert run.wait_for_end() == 1
    assert run.lines == [
        (
            f"Port {port} is in use by another program. Choose another one with {name}, "
            f"for example `make run {name}={port + 100}`."
        )
    ]


@pytest.mark.parametrize("value", ["eighty", "0", "65536", "-1", "80.5", "١٢٣"])
def test_a_malformed_port_is_refused_by_name(start: Start, value: str) -> None:
    run = start(("web", FOREVER), WEB_PORT=value)
    assert run.wait_for_end() == 1
    assert run.lines == ["WEB_PORT must be a port: a whole number from 1 to 65535."]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("WEB_PORT", "SEGMENT_STUB_PORT"),
        ("WEB_PORT", "TWILIO_STUB_PORT"),
        ("SEGMENT_STUB_PORT", "TWILIO_STUB_PORT"),
    ],
)
def test_the_ports_must_differ(start: Start, one: str, other: str) -> None:
    port = str(free_port())
    run = start(("web", FOREVER), **{one: port, other: port})
    assert run.wait_for_end() == 1
    assert run.lines == [f"{one} and {other} are both {port}. Give one of them another port."]
