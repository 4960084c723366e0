"""The tools know where the project is, wherever they are started from."""

from devtools import screenshots
from devtools.run import system
from tests.segment import PROJECT


def test_make_run_and_the_screenshots_start_programs_in_the_projects_folder() -> None:
    assert system.PROJECT == screenshots.PROJECT == PROJECT
    assert (PROJECT / "manage.py").is_file()
