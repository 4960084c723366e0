# Needs Linux, make and Python 3.11 or newer. Needs no root, Docker, PostgreSQL or Redis.

PYTHON_HERE := .venv/bin/python
SERVICES := $(PYTHON_HERE) -m devtools.services exec --
NEW_FIELD_KEY = from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())
# The settings of an installation, with generated secrets, for `manage.py check --deploy`.
DEPLOYED = DEBUG=0 ALLOWED_HOSTS=smrt.example.com PUBLIC_URL=https://smrt.example.com \
	SECRET_KEY=$$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n') \
	FIELD_KEYS=$$($(PYTHON_HERE) -c "$(NEW_FIELD_KEY)")

.DEFAULT_GOAL := help
.PHONY: help install run test check style types imports django migrations
.PHONY: bench chaos screenshots lock clean distclean
# Two targets at once would mix their output and compete for the processors.
.NOTPARALLEL:

help:
	@echo "make run          Run everything on this machine, with a demo. Ctrl-C ends it."
	@echo "make test         Run all tests with a real PostgreSQL and Redis. ARGS='-k order' selects."
	@echo "make check        Check style, types, imports, migrations and settings."
	@echo "make bench        Run the benchmark. It prints one JSON object per line."
	@echo "make chaos        Break the running system at random, and account for every message."
	@echo "make screenshots  Take the screenshots in docs/ again. Needs Chromium."
	@echo "make lock         Update the locked dependencies after a change to requirements/*.in."
	@echo "make clean        Delete the demo's data and all caches."
	@echo "make distclean    Delete the data, the caches and the installed packages."

install:
	@sh requirements/install.sh

run: install
	@exec $(PYTHON_HERE) -m devtools.run $(ARGS)

# Three processes on two processors: tests with real programs often wait for them.
test: install
	@exec $(SERVICES) $(PYTHON_HERE) -m pytest -n 3 --dist worksteal $(ARGS)

check: style types imports django

style: install
	$(PYTHON_HERE) -m ruff check .
	$(PYTHON_HERE) -m ruff format --check .

# mypy loads the settings, but connects to no server.
types: install
	@DEBUG=1 DATABASE_URL=postgres://nobody@127.0.0.1/none REDIS_URL=redis://127.0.0.1 \
		$(PYTHON_HERE) -m mypy

imports: install
	@# .venv/bin/lint-imports contains the path of this folder, so it breaks when the folder moves.
	$(PYTHON_HERE) -c "from importlinter.cli import lint_imports_command as run; run()" --no-logo

django: install
	@$(SERVICES) $(MAKE) --no-print-directory migrations

# Needs the servers that the target `django` starts.
migrations:
	$(PYTHON_HERE) manage.py check --fail-level WARNING
	@$(DEPLOYED) $(PYTHON_HERE) manage.py check --deploy --fail-level WARNING
	$(PYTHON_HERE) manage.py makemigrations --check --dry-run
	@# The first migration of a table locks nobody out of it. In the columns of
	@# 0017_external_ids_unique no row has a value yet.
	@LOG_LEVEL=WARNING $(PYTHON_HERE) manage.py lintmigrations --no-cache --warnings-as-errors \
		--ignore-initial-migrations --ignore-name 0002_longer_outcomes 0017_external_ids_unique \
		--include-apps customers events smrt_integration --quiet ok ignore

bench: install
	@exec $(SERVICES) $(PYTHON_HERE) -m bench $(ARGS)

chaos: install
	@exec $(PYTHON_HERE) -m chaos $(ARGS)

screenshots: install
	@exec $(SERVICES) $(PYTHON_HERE) -m devtools.screenshots

UV = $(if $(shell command -v uv),uv,.dev/lock/bin/uv)
LOCK = $(UV) pip compile --quiet --universal --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

lock: install
	@command -v uv >/dev/null || $(PYTHON_HERE) -m pip install --quiet --disable-pip-version-check \
		--upgrade --target .dev/lock uv
	$(LOCK) --python-version 3.11 -o requirements/production.txt requirements/production.in
	$(LOCK) --python-version 3.11 -o requirements/development.txt requirements/development.in
	$(LOCK) --python-version 3.12 --no-deps -o requirements/redis.txt requirements/redis.in

clean:
	rm -rf .dev .exports .static .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv
