"""How long an import of customers takes with a worker, and what live orders notice of it.

The file has names, addresses, phones, emails, dates, references by name and custom fields, as an
export of another point of sale has. It is imported twice: first all customers are new, then
nothing changes.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bench import fill
from bench.figures import Figure, progress, rounded
from bench.latency import WORKER_PROCESSES, save_orders_steadily
from bench.live_orders import ORDERS_PER_SECOND, measure_orders
from bench.programs import Beat, Receiver, Worker, running
from bench.sales import load_tills
from bench.sizes import Sizes
from customers.models import Business
from smrt_integration import schedules
from smrt_integration.imports.create_import import create_and_start
from smrt_integration.imports.models import CustomerImport

WARM_UP_ORDERS = 250
LOOK_EVERY_SECONDS = 0.2
MEGABYTE = 1_000_000
HEADINGS = (
    "Customer ID,First name,Last name,E-mail,Phone,Street,City,State,ZIP,Country,Signed up,"
    "Last visit,Frequency,Store,Brand,Customer group,Discount,Birthday,Starch,Texts,Notes\n"
)
LINE = (
    "C-{n},Robin {n},Example {m},robin.{n}@example.com,(415) {p}-{q:04},{m} Example Street,"
    "San Francisco,CA,94110,United States,{m}/{d}/2019,{m}/{d}/2024 5:30 PM,Weekly,"
    "Market Street 1,Example Brand 1,Neighbours 1,Loyal 1,{m}/{d}/1980,Light,yes,"
    '"Likes shirts, folded"\n'
)


def measure_imports(sizes: Sizes) -> Iterator[Figure]:
    """Measure the import of new customers, of the same again, and live orders beside another."""
    fill.create_businesses(sizes.import_businesses, 200, 2_000)
    fill.empty_outbox_and_log(identified=True)
    schedules.create_missing()
    tills = load_tills()[:1_000]
    first, second = Business.objects.order_by("-pk")[:2]
    receiver = Receiver()
    with running(receiver), tempfile.TemporaryFile() as file:
        write_file(file, sizes.import_customers)
        worker = Worker(receiver.url, WORKER_PROCESSES)
        with running(worker, Beat()):
            receiver.reset(keep_orders=True)
            save_orders_steadily(tills, WARM_UP_ORDERS, ORDERS_PER_SECOND)
            receiver.wait_for(WARM_UP_ORDERS)
            yield from _measure("import", first, file, worker)
            yield from _measure("import_again", first, file, worker)
            count = int(ORDERS_PER_SECOND * sizes.import_live_seconds)
            yield measure_orders("quiet_import", receiver, tills, count)
            beside = _start(second, file)
            figure = measure_orders("live_during_import", receiver, tills, count)
            beside.refresh_from_db()
            progress(f"{beside.lines} lines were imported meanwhile")
            yield figure


def write_file(file: IO[bytes], customers: int) -> None:
    """Write a CSV file of this many customers, all with other phones and emails."""
    file.write(HEADINGS.encode())
    for n in range(customers):
        line = LINE.format(n=n, m=n % 12 + 1, d=n % 28 + 1, p=200 + n // 10_000 % 700, q=n % 10_000)
        file.write(line.encode())


def _measure(name: str, business: Business, file: IO[bytes], worker: Worker) -> Iterator[Figure]:
    before = peak = _memory(worker)
    started, cpu = time.monotonic(), worker.cpu_seconds()
    customer_import = _start(business, file)
    while customer_import.ended_at is None:
        time.sleep(LOOK_EVERY_SECONDS)
        peak = max(peak, _memory(worker))
        customer_import.refresh_from_db()
    seconds = time.monotonic() - started
    if customer_import.state != CustomerImport.State.FINISHED or customer_import.refused:
        raise RuntimeError(f"The import ended otherwise: {customer_import.failure}")
    extra = {
        "customers": customer_import.lines,
        "worker_cpu_s": rounded(worker.cpu_seconds() - cpu),
        "customers_per_s": rounded(customer_import.lines / seconds),
    }
    yield Figure(f"{name}_s", seconds, "s", extra)
    yield Figure(f"{name}_memory_mb", peak - before, "MB", {"before": rounded(before)})


def _start(business: Business, file: IO[bytes]) -> CustomerImport:
    file.seek(0)
    return create_and_start(business, file, "customers.csv", "csv", None, dry_run=False)


def _memory(worker: Worker) -> float:
    """Return the memory of the worker's largest process, in megabytes."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in worker.children]
    return max(pages, default=0) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
