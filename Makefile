# Needs Linux, make and Python 3.11 or newer; no root, Docker, database or Redis.

PYTHON_HERE := .venv/bin/python
SERVICES := $(PYTHON_HERE) -m devtools.services exec --
# What `manage.py check --deploy` is asked about: an installation as the README describes it, with made-up secrets.
DEPLOYED = DEBUG=0 ALLOWED_HOSTS=smrt.example.com PUBLIC_URL=https://smrt.example.com \
	SECRET_KEY=$$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n') FIELD_KEYS=$$($(PYTHON_HERE) -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())")

.DEFAULT_GOAL := help
.PHONY: help run test check style types imports django migrations bench screenshots lock clean install
# two targets at once would share one terminal and two cores
.NOTPARALLEL:

help:
	@echo "make run     everything on this machine: web, worker, beat, a stand-in for Segment, a demo (Ctrl-C ends it)"
	@echo "make test    all tests, against a real PostgreSQL and Redis; ARGS='-k order' picks some"
	@echo "make check   style, types, imports, migrations, settings"
	@echo "make bench   measures; prints one JSON object per line"
	@echo "make screenshots   takes the README's pictures anew, with the system's Chromium"
	@echo "make lock    locks the dependencies anew, after a change of requirements/*.in"
	@echo "make clean   forgets the demo's data and the installed packages"

install:
	@sh requirements/install.sh

run: install
	@exec $(PYTHON_HERE) -m devtools.run $(ARGS)

test: install
	@exec $(SERVICES) $(PYTHON_HERE) -m pytest -n 2 --dist worksteal $(ARGS)

check: style types imports django

style: install
	$(PYTHON_HERE) -m ruff check .
	$(PYTHON_HERE) -m ruff format --check .

types: install
	@DEBUG=1 DATABASE_URL=postgres://nobody@127.0.0.1/none REDIS_URL=redis://127.0.0.1 $(PYTHON_HERE) -m mypy

imports: install
	@# not .venv/bin/lint-imports, which names this folder and so would not survive a move
	$(PYTHON_HERE) -c "from importlinter.cli import lint_imports_command as run; run()" --no-logo

django: install
	@$(SERVICES) $(MAKE) --no-print-directory migrations

# needs the servers that `django` starts
migrations:
	$(PYTHON_HERE) manage.py check --fail-level WARNING
	@$(DEPLOYED) $(PYTHON_HERE) manage.py check --deploy --fail-level WARNING
	$(PYTHON_HERE) manage.py makemigrations --check --dry-run
	@# a table's first migration cannot lock anybody out of it; and PostgreSQL makes no index of a partitioned table concurrently
	@LOG_LEVEL=WARNING $(PYTHON_HERE) manage.py lintmigrations --no-cache --warnings-as-errors --ignore-initial-migrations --ignore-name 0002_owners_admin \
		--include-apps customers events smrt_integration --quiet ok ignore

bench: install
	@exec $(SERVICES) $(PYTHON_HERE) -m bench $(ARGS)

screenshots: install
	@exec $(SERVICES) $(PYTHON_HERE) -m devtools.screenshots

UV = $(if $(shell command -v uv),uv,.dev/lock/bin/uv)
LOCK = $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

lock: install
	@command -v uv >/dev/null || $(PYTHON_HERE) -m pip install --quiet --disable-pip-version-check --upgrade --target .dev/lock uv
	$(LOCK) --python-version 3.11 -o requirements/production.txt requirements/production.in
	$(LOCK) --python-version 3.11 -o requirements/development.txt requirements/development.in
	$(LOCK) --python-version 3.12 --no-deps -o requirements/redis.txt requirements/redis.in

clean:
	rm -rf .venv .dev .static .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
