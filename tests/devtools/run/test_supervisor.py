"""`make run` as a user sees it, with sample programs in place of the real ones."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.devtools.run.conftest import Start
from tests.devtools.run.processes import is_alive, start_sample_run, wait_until

FOREVER = "import os, time; print('I am', os.getpid()); time.sleep(600)"
# Prints the signal that ends it.
PRINTS_SIGNAL = """
import os, signal, time
def end(number, frame):
    print("ended by", signal.Signals(number).name)
    raise SystemExit
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, end)
print("I am", os.getpid())
time.sleep(600)
"""
IGNORES_SIGTERM = (
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('I am', os.getpid()); time.sleep(600)"
)
READY = "Ctrl-C stops everything"


def test_every_line_begins_with_the_name_of_its_program(start: Start) -> None:
    run = start(
        ("web", f"print('one'); print('two'); {FOREVER}"),
        ("worker", f"import sys; print('three', file=sys.stderr); {FOREVER}"),
    )
    run.wait_for(READY)
    run.wait_for("worker | I am")
    run.wait_for("web    | I am")
    assert [line for line in run.lines if line.startswith("web ")][:2] == [
        "web    | one",
        "web    | two",
    ]
    assert [line for line in run.lines if line.startswith("worker ")][:1] == ["worker | three"]


def test_lines_of_any_length_and_any_bytes_are_shown(start: Start) -> None:
    code = (
        "import sys; sys.stdout.buffer.write("
        "b'x' * 200_000 + b'\\ncaf\\xe9 \\xe2\\x82\\xac\\nno newline'); sys.stdout.flush()"
    )
    run = start(("odd", f"{code}; import time; time.sleep(0.2)"))
    assert run.wait_for_end() == 1
    assert run.wait_for("xx") == "odd | " + "x" * 200_000
    assert run.wait_for("caf") == "odd | caf\ufffd \u20ac"
    assert run.wait_for("no newline") == "odd | no newline"


def test_the_steps_run_first_and_their_output_is_part_of_the_greeting(
    start: Start, ports: dict[str, str]
) -> None:
    run = start(("web", FOREVER), steps=(("seed", "print('Log in as demo.')"),))
    run.wait_for(READY)
    web, segment, twilio = (f"http://127.0.0.1:{port}" for port in ports.values())
    at = run.lines.index(f"  Admin    {web}/admin/")
    assert run.lines[at + 1 : at + 5] == [
        f"  API      {web}/api/v1/docs  (try it with the key below)",
        f"  Segment  {segment}/  (a stand-in: shows the messages as they arrive)",
        f"  Phones   {twilio}/  (a stand-in for Twilio: shows texts and replies)",
        "  Log in as demo.",
    ]


def test_ctrl_c_ends_the_programs_in_reverse_order(start: Start) -> None:
    run = start(("first", PRINTS_SIGNAL), ("second", PRINTS_SIGNAL))
    pids = [run.number_after("first  | I am "), run.number_after("second | I am ")]
    os.killpg(
        run.process.pid, signal.SIGINT
    )  # as the terminal does: to all of its foreground processes
    assert run.wait_for_end() == 0
    assert run.lines[-3:] == ["Stopping.", "second | ended by SIGTERM", "first  | ended by SIGTERM"]
    assert not any(is_alive(pid) for pid in pids)


def test_sigterm_ends_the_programs_too(start: Start) -> None:
    run = start(("web", PRINTS_SIGNAL))
    run.wait_for(READY)
    run.wait_for("I am")
    run.send(signal.SIGTERM)
    assert run.wait_for_end() == 0
    assert run.lines[-1] == "web | ended by SIGTERM"


def test_a_second_ctrl_c_kills_a_program_that_does_not_end(
    start: Start,
) -> None:
    run = start(("web", IGNORES_SIGTERM))
    pid = run.number_after("I am ")
    run.send(signal.SIGINT)
    run.wait_for("Stopping.")
    began = time.monotonic()
    run.send(signal.SIGINT)
    assert run.wait_for_end() == 0
    assert time.monotonic() - began < 3
    assert not is_alive(pid)


def test_ctrl_c_during_a_step_ends_that_step(start: Start) -> None:
    run = start(("web", FOREVER), steps=(("migrate", FOREVER),))
    run.wait_for("Starting.")
    run.send(signal.SIGINT)
    assert run.wait_for_end() == 0
    assert not [line for line in run.lines if line.startswith("web")]


def test_a_step_that_takes_a_while_says_what_it_does(start: Start) -> None:
    steps = [["migrate", "pass", {"doing": "Preparing the tables."}], ["seed", "pass"]]
    run = start(("web", FOREVER), steps=steps)
    run.wait_for(READY)
    assert run.lines[:3] == ["Starting.", "Preparing the tables.", ""]


def test_the_children_of_a_program_end_with_it(start: Start) -> None:
    child = (
        "import subprocess, sys; "
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        "print('child', p.pid)"
    )
    run = start(("worker", f"{child}; {FOREVER}"))
    pid = run.number_after("child ")
    run.wait_for(READY)
    run.send(signal.SIGINT)
    assert run.wait_for_end() == 0
    wait_until(lambda: not is_alive(pid), "the end of the program's own child")


def test_a_program_that_ends_stops_everything_and_its_last_lines_are_shown(start: Start) -> None:
    run = start(
        ("web", PRINTS_SIGNAL), ("worker", "import sys; print('no such queue'); sys.exit(3)")
    )
    assert run.wait_for_end() == 1
    assert run.wait_for("ended by") == "web    | ended by SIGTERM"
    assert run.lines[-2:] == [
        "worker ended with exit code 3. Its last lines:",
        "    no such queue",
    ]


def test_a_program_that_is_killed_starts_again(start: Start) -> None:
    run = start(("web", FOREVER))
    first = run.number_after("I am ")
    run.wait_for(READY)
    os.kill(first, signal.SIGKILL)
    run.wait_for("web ended with signal SIGKILL. It starts again.")
    wait_until(lambda: sum("I am " in line for line in run.lines) == 2, "it runs again")
    run.send(signal.SIGTERM)
    assert run.wait_for_end() == 0


def test_a_step_that_fails_is_named_and_no_program_starts(start: Start) -> None:
    run = start(
        ("web", FOREVER), steps=(("manage.py migrate", "raise SystemExit('column exists')"),)
    )
    assert run.wait_for_end() == 1
    assert run.lines[-2:] == [
        "manage.py migrate ended with exit code 1. Its last lines:",
        "    column exists",
    ]
    assert not [line for line in run.lines if line.startswith("web")]


def test_only_one_run_is_possible_in_a_folder_at_a_time(start: Start) -> None:
    first = start(("web", FOREVER))
    first.wait_for(READY)
    second = start(("web", FOREVER))
    assert second.wait_for_end() == 1
    assert second.lines == [
        "`make run` is already running in this folder. Stop it with Ctrl-C in its terminal first."
    ]
    assert first.process.poll() is None


def test_a_run_that_starts_while_another_stops_waits_for_it(start: Start) -> None:
    slow = (
        "import signal, time; "
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), exit())); "
        "print('up'); time.sleep(600)"
    )
    first = start(("web", slow))
    first.wait_for("up")
    first.wait_for(READY)
    first.send(signal.SIGINT)
    first.wait_for("Stopping.")
    second = start(("web", FOREVER))
    second.wait_for(READY)
    assert first.wait_for_end() == 0


def test_kill_9_ends_the_programs_and_the_next_start_works(start: Start) -> None:
    first = start(("web", PRINTS_SIGNAL))
    pid = first.number_after("I am ")
    first.wait_for(READY)
    first.send(signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), "the end of the orphan")
    start(("web", FOREVER)).wait_for(READY)


def test_the_next_start_ends_the_leftovers_of_a_killed_run_and_nothing_else(
    start: Start, ports: dict[str, str], tmp_path: Path
) -> None:
    first = start(("worker", IGNORES_SIGTERM))
    left = first.number_after("I am ")
    first.wait_for(READY)
    (tmp_path / "another project").mkdir()
    other = start_sample_run(tmp_path / "another project", [("worker", FOREVER)], (), **ports)
    not_ours = other.number_after("I am ")
    first.send(signal.SIGKILL)
    first.wait_for_end()
    assert is_alive(left)
    start(("web", FOREVER)).wait_for(READY)
    assert not is_alive(left)
    assert is_alive(not_ours)
    other.close()


def test_the_run_ends_with_the_make_that_started_it(
    folder: Path, ports: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "tests.devtools.run.sample_run",
        str(folder),
        json.dumps({"steps": [], "programs": [["web", PRINTS_SIGNAL]]}),
    ]
    with out.open("w") as file:
        make = subprocess.Popen(
            ["sh", "-c", '"$@" & wait', "make", *command],
            env=os.environ | ports | {"MAKELEVEL": "1"},
            stdout=file,
        )
    wait_until(lambda: READY in out.read_text() and "I am" in out.read_text(), "the start")
    make.kill()
    make.wait()
    wait_until(
        lambda: out.read_text().endswith("Stopping.\nweb | ended by SIGTERM\n"),
        "the end of the program",
    )


def test_the_run_ends_when_nobody_reads_its_output(folder: Path, ports: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tests.devtools.run.sample_run", str(folder)]
    command.append(
        json.dumps(
            {
                "steps": [],
                "programs": [["web", "import time\nwhile True: print('busy'); time.sleep(0.05)"]],
            }
        )
    )
    run = subprocess.Popen(command, env=os.environ | ports, stdout=subprocess.PIPE, text=True)
    assert run.stdout
    with run.stdout:
        assert run.stdout.readline() == "Starting.\n"
    assert run.wait(30) == 0


def test_a_terminal_gets_colours_and_a_pipe_does_not(folder: Path, ports: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "tests.devtools.run.sample_run",
        str(folder),
        json.dumps({"steps": [], "programs": [["web", "print(1)"]]}),
    ]
    environment = (
        {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "MAKELEVEL"}}
        | {"TERM": "xterm"}
        | ports
    )
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=environment)
    assert process.wait(30) == 1
    assert b"\x1b[36mweb | \x1b[0m1\r\n" in os.read(ours, 65_536)
    os.close(ours)
    os.close(theirs)


def test_a_program_after_all_waits_until_the_others_are_ready(
    folder: Path, ports: dict[str, str]
) -> None:
    server = (
        "import time; time.sleep(0.3); from http.server import test; "
        "test(port=int('{port}'), bind='127.0.0.1')"
    )
    programs = [
        ["last", "import time; print('here'); time.sleep(600)", {"after_all": True}],
        [
            "web",
            server.format(port=ports["WEB_PORT"]),
            {"ready_url": f"http://127.0.0.1:{ports['WEB_PORT']}/"},
        ],
        [
            "worker",
            "import time; time.sleep(0.6); print('it is ready.'); time.sleep(600)",
            {"ready_text": "ready."},
        ],
    ]
    run = start_sample_run(folder, programs, [], **ports)
    run.wait_for("last   | here")
    run.close()
    at = {
        text: next(number for number, line in enumerate(run.lines) if text in line)
        for text in ("here", "GET / HTTP", "is ready.")
    }
    assert at["GET / HTTP"] < at["here"]
    assert at["is ready."] < at["here"]
