from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from devtools.services.ports import free_port
from tests.devtools.run.processes import ProgramSpec, WatchedProcess, start_sample_run

Start = Callable[..., WatchedProcess]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A path with spaces, longer than the name of a socket may be."""
    path = (
        tmp_path
        / "a project of somebody who likes long names"
        / "and folders in folders"
        / "for forty more characters and then some"
    )
    path.mkdir(parents=True)
    return path


@pytest.fixture
def ports() -> dict[str, str]:
    return {
        "WEB_PORT": str(free_port()),
        "SEGMENT_STUB_PORT": str(free_port()),
        "TWILIO_STUB_PORT": str(free_port()),
    }


@pytest.fixture
def start(folder: Path, ports: dict[str, str]) -> Iterator[Start]:
    """Start `make run` with sample programs. What still runs at the end of the test is stopped."""
    started: list[WatchedProcess] = []

    def starting(
        *programs: tuple[str, str],
        steps: Sequence[ProgramSpec] = (),
        **environment: str | None,
    ) -> WatchedProcess:
        run = start_sample_run(folder, programs, steps, **{**ports, **environment})
        started.append(run)
        return run

    yield starting
    for run in started:
        run.close()
