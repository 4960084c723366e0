"""Query plans: what PostgreSQL would read, as EXPLAIN tells."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection


def plan(statement: str) -> dict[str, Any]:
    """Return the plan of a statement with its values in it, which is not run."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
        (found,) = cursor.fetchone()
    (explained,) = json.loads(found) if isinstance(found, str) else found
    root: dict[str, Any] = explained["Plan"]
    return root


@contextmanager
def plans_of(part: str) -> Iterator[list[dict[str, Any]]]:
    """Collect the plans of the statements with this part, and what each node read.

    A statement is explained just before it is run, so under the settings of its transaction.
    """
    plans: list[dict[str, Any]] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if part in sql and not sql.startswith("EXPLAIN"):
            plans.append(_explained(context["cursor"].cursor, sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


def _explained(cursor: Any, statement: str, params: Any = None) -> dict[str, Any]:
    """Run the statement, undo it, and return its plan. Call it within a transaction."""
    cursor.execute("SAVEPOINT explained")
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", params)
    (found,) = cursor.fetchone()
    cursor.execute("ROLLBACK TO SAVEPOINT explained")
    (explained,) = json.loads(found) if isinstance(found, str) else found
    root: dict[str, Any] = explained["Plan"]
    return root


def nodes(root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield each node of a plan, also of its CTEs and subplans."""
    yield root
    for child in root.get("Plans", ()):
        yield from nodes(child)


def tables_read_whole(root: Mapping[str, Any]) -> set[str]:
    """Return the tables of which the plan reads every row."""
    return {
        node["Relation Name"]
        for node in nodes(root)
        if node["Node Type"] == "Seq Scan" and "Relation Name" in node
    }


def rows_read(statement: str) -> int:
    """Run the statement, undo it, and return how many rows of tables it read.

    Call it within a transaction.
    """
    with connection.cursor() as cursor:
        return rows_read_by(_explained(cursor, statement))


def rows_read_by(root: Mapping[str, Any]) -> int:
    """Return how many rows of tables a plan from `plans_of` read."""
    return round(sum(map(_rows_of, nodes(root))))


def _rows_of(node: Mapping[str, Any]) -> float:
    if "Relation Name" not in node:
        return 0
    removed = (
        node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck", "Join Filter")
    )
    rows: float = node["Actual Loops"] * (node["Actual Rows"] + sum(removed))
    return rows


def outline(root: Mapping[str, Any]) -> str:
    """Return a line for each node that reads a table: how often, by which index, how many rows."""
    return "\n".join(
        f"{node['Actual Loops']} times {node['Node Type']} of {node['Relation Name']} "
        f"{node.get('Index Name', '')}: {_rows_of(node):.0f} rows"
        for node in nodes(root)
        if "Relation Name" in node
    )
