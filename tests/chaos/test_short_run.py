"""A run of a few seconds with the exact account. `make chaos` runs longer ones."""

import pytest
from django.db import connections

from chaos import report
from chaos.cluster import Size, running_cluster
from chaos.faults import PlannedFault
from chaos.run import Run
from tests.workers import current_database_url

SECONDS = 5.0
SMALL = Size(
    businesses=2, workers=2, children=1, beats=1, web_children=1, model_writers=1, rate=12.0
)
FAULTS = [
    PlannedFault(at, kind, seconds, target)
    for at, kind, seconds, target in (
        (0.5, "accept and hang", 1.5, 0),
        (1.0, "accept and cut the connection", 1.0, 1),
        (1.2, "kill a writer", 0.1, 1),
        (1.5, "kill a worker with its children", 0.2, 0),
        (2.0, "terminate the connections to PostgreSQL", 0.0, 0),
        (2.3, "kill Redis", 0.3, 0),
        (2.5, "answer 503", 0.5, 1),
        (3.0, "answer 401", 1.0, 0),
        (3.5, "kill a worker's child", 0.0, 1),
    )
]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_everything_is_accounted_for_after_faults() -> None:
    url = current_database_url()
    connections.close_all()  # a database that is in use cannot be copied

    with running_cluster(1, SMALL, template_url=url) as cluster:
        outcome = Run(cluster, FAULTS, SECONDS).run()

    assert not outcome.violations, report.failure(1, outcome)
    # otherwise there was nothing to account for
    assert outcome.figures["faults"] >= len(FAULTS) - 2
    assert outcome.figures["occurrences"] > 30
