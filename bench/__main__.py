"""Run every part of the benchmark, or the parts and figures that are named."""

import argparse
import os
import sys
import time
from dataclasses import replace

from bench import database
from bench.figures import Figure, print_figure, progress
from bench.sizes import FULL, QUICK


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a part, or a figure")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, to see that everything runs"
    )
    parser.add_argument(
        "--customers",
        type=int,
        help="customers of the business whose lists are opened, and that imports or sends them all",
    )
    arguments = parser.parse_args()
    sizes = QUICK if arguments.quick else FULL
    if arguments.customers:
        sizes = replace(
            sizes,
            list_customers=arguments.customers,
            import_customers=arguments.customers,
            past_customers=arguments.customers,
        )
    # Other programs on the machine slow down every figure; ratios change less.
    print_figure(
        Figure("machine_load_before", os.getloadavg()[0], "processes", {"cores": os.cpu_count()})
    )
    database.use_production_settings()
    database.use_empty_redis()
    with database.temporary_database():
        database.migrate()
        from bench.parts import choose_parts

        for part in choose_parts(arguments.names):
            progress(f"{part.name} ...")
            started = time.monotonic()
            for figure in part.run(sizes):
                print_figure(figure)
            print_figure(Figure(f"seconds_of_{part.name}", time.monotonic() - started, "s"))
        from django.db import connections

        connections.close_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())
