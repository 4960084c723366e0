"""The parts of the bench, in the order in which they run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench import throughput
from bench.figures import Figure
from bench.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    run: Callable[[Sizes], Iterator[Figure]]
    figures: tuple[str, ...]


PARTS = (
    Part("bulk", throughput.bulk, ("bulk_events_per_s", "bulk_first_contact_events_per_s")),
    Part("sparse", throughput.sparse, ("sparse_events_per_s", "sparse_first_contact_events_per_s")),
)


def chosen(names: Sequence[str]) -> list[Part]:
    """The parts with these names or figures; all without any. Ends the program at a name that is neither."""
    known = {name for part in PARTS for name in (part.name, *part.figures)}
    if unknown := sorted(set(names) - known):
        raise SystemExit(f"{', '.join(unknown)}: there is no such part or figure. There are {', '.join(sorted(known))}.")
    return [part for part in PARTS if not names or part.name in names or set(names) & set(part.figures)]
