"""How the web server runs unless the command says otherwise: `gunicorn smrt_integration.wsgi` finds this file by itself."""

import os

# A call computes for two thirds of its time and waits for the database for the rest. Measured with `make bench ARGS=api` on 2 cores, in one
# run of each: 3 processes with 2 threads took in 171 orders/s with a p99 of 80 ms; 2 with 8 took 141 with 161 ms, as threads of a process
# compute in turn.
# Each thread keeps a connection to PostgreSQL, which by default has room for a hundred of all programs together.
MOST = 16
workers = int(os.environ.get("WEB_CONCURRENCY") or min(1 + (os.cpu_count() or 1), MOST))
threads = 2
# It would be one for all of an account's projects, in its home folder.
control_socket_disable = True
