"""`python -m chaos --seeds 60 --seconds 60 --first 1`: break the system, and make the account."""

import argparse
import sys

from chaos.cluster import running_cluster
from chaos.faults import plan
from chaos.inject import CLOCK_KIND, clock_library
from chaos.run import Run

PER_MINUTE = {"programs": 14, "servers": 8, "segment": 24}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--rate", type=float, default=16)
    options = parser.parse_args()
    without = [] if clock_library() else [CLOCK_KIND]
    for seed in range(options.first, options.first + options.seeds):
        faults = plan(seed, options.seconds, PER_MINUTE, without)
        with running_cluster(6, options.rate, seed) as cluster:
            outcome = Run(cluster, faults, options.seconds).run()
        print(seed, outcome.figures)
        print("\n".join(outcome.history))
        for violation in outcome.violations[:50]:
            print(violation)
        print(len(outcome.violations), "violations")
    return 0


if __name__ == "__main__":
    sys.exit(main())
