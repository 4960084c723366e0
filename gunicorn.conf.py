"""Defaults of the web server; `gunicorn smrt_integration.wsgi` reads this file by itself."""

import gc
import os
import sys
from typing import Any

# A call computes for two thirds of its time and waits for the database for the rest. One run of
# `make bench ARGS=api` on 2 cores: 3 processes with 2 threads accepted 171 orders/s with a p99 of
# 80 ms; 2 processes with 8 threads accepted 141 with 161 ms, because the threads of a process
# compute one at a time.
# A thread is in use from the first byte of a request to the last of its response, so a proxy has to
# stand before slow clients (deploy/nginx.conf). It then is in use only while a call is handled.
# There are more threads than can compute, because some wait for the database. One business gets at
# most half of the threads of a process.
# Each thread keeps a connection to PostgreSQL, which by default allows 100 for all programs.
MAX_WORKERS = 8
workers = int(os.environ.get("WEB_CONCURRENCY") or min(1 + (os.cpu_count() or 1), MAX_WORKERS))
threads = 8
worker_class = "smrt_integration.web_worker.RefusingWorker"
SWITCH_SECONDS = 0.001
"""How long a thread computes while others of its process want to. Python's 5 ms, after each of two
dozen statements, would delay a till's call by a tenth of a second beside a long report."""
COLLECT_AFTER = (10_000, 10, 50)
"""New objects, and collections of the younger ones, until the next; Python's are 700, 10, 10."""
# The control socket would be in the home folder, shared by all projects of the account.
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    from customers import turns

    # All threads of a process wait while its garbage is collected. What is loaded by now stays for
    # good, so it need not be looked through; and a long list should not set off a full collection,
    # which takes a thirtieth of a second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    turns.share_threads(worker.cfg.threads)
    sys.setswitchinterval(SWITCH_SECONDS)
