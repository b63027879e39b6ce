#!/bin/sh
# Makes the virtual environment and the browser assets from the lock files.
# Usage: setup/environment.sh [demo|test]
# What is there already from the same lock files is left as it is, within milliseconds.
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-demo}

# Two commands may start at once, and the folder itself can be locked.
exec 9<.
flock 9

if ! .venv/bin/python -c '' 2>/dev/null; then
    echo "Making the virtual environment"
    "${PYTHON:-python3}" -m venv --clear .venv
fi

digest() {
    # The folder counts, for the installed programs name it.
    { pwd && cat "$@" pyproject.toml; } | sha256sum | cut -d ' ' -f 1
}

install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
        --requirement "$1"
}

# The longer list holds the same versions as the shorter one, and more.
runtime=$(digest requirements.lock)
dev=$(digest requirements.lock requirements-dev.lock)
stamp=.venv/gridmap-installed
installed=$(cat "$stamp" 2>/dev/null || true)
if [ "$installed" != "$dev" ] && { [ "$purpose" = test ] || [ "$installed" != "$runtime" ]; }; then
    rm -f "$stamp"
    echo "Installing the Python packages"
    if [ "$purpose" = test ]; then
        install requirements-dev.lock
        installed=$dev
    else
        install requirements.lock
        installed=$runtime
    fi
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --editable .
    echo "$installed" >"$stamp"
fi

recipe=$(cd webui && cat package.json package-lock.json .npmrc vendor.json | sha256sum | cut -d ' ' -f 1)
if [ "$(cat webui/static/vendor/.fetched 2>/dev/null || true)" != "$recipe" ]; then
    if ! command -v npm >/dev/null 2>&1; then
        echo "Installing Node, which fetches the browser assets"
        install requirements-node.lock
    fi
    echo "Fetching the browser assets"
    .venv/bin/python webui/fetch_assets.py
fi
