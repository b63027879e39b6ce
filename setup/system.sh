#!/bin/sh
# Installs the programs of the system that are missing. Usage: setup/system.sh [demo|test]
# It makes and starts no database cluster of the system's, and leaves an existing one alone.
set -eu
purpose=${1:-demo}
packages=

need() {
    packages="$packages $*"
}

have_postgis() {
    for program in /usr/lib/postgresql/*/bin/initdb; do
        version=${program#/usr/lib/postgresql/}
        version=${version%%/*}
        if [ -x "$program" ] && [ -e "/usr/share/postgresql/$version/extension/postgis.control" ]; then
            return 0
        fi
    done
    # Systems other than Debian keep them elsewhere.
    command -v pg_config >/dev/null 2>&1 && [ -x "$(pg_config --bindir)/initdb" ] &&
        [ -e "$(pg_config --sharedir)/extension/postgis.control" ]
}

have_chinese_font() {
    if command -v fc-list >/dev/null 2>&1; then
        [ -n "$(fc-list :lang=zh)" ]
    else
        [ -n "$(find /usr/share/fonts -iname '*cjk*' 2>/dev/null | head -n 1)" ]
    fi
}

have_library() {
    [ -n "$(find /lib /usr/lib /usr/local/lib -name "$1.so*" 2>/dev/null | head -n 1)" ]
}

"${PYTHON:-python3}" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
    2>/dev/null || need python3 python3-venv
# An external database needs no server here, though the tests always use their own.
if [ -z "${GRIDMAP_DATABASE_URL:-}" ] || [ "$purpose" = test ]; then
    have_postgis || need postgresql-postgis
fi
# Reports are set and their pictures drawn on the server.
have_library libpangoft2-1.0 || need libpangoft2-1.0-0
have_library libharfbuzz-subset || need libharfbuzz-subset0
have_chinese_font || need fonts-noto-cjk
if [ "$purpose" = test ]; then
    command -v chromium >/dev/null 2>&1 || need chromium
    command -v chromium-headless-shell >/dev/null 2>&1 || need chromium-headless-shell
    # The tests run the examples for partners, and measurements stand beside ogr2ogr.
    command -v curl >/dev/null 2>&1 || need curl
    command -v ogr2ogr >/dev/null 2>&1 || need gdal-bin
    # For the system's own Python, some 900 MB with what it needs.
    [ -d /usr/lib/python3/dist-packages/qgis ] || need python3-qgis
fi
[ -n "$packages" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "gridmap needs programs that are missing here. Install the equivalents of Debian's" >&2
    echo "packages:$packages" >&2
    echo "(Python 3.11 or later with venv; PostgreSQL 13 or later with PostGIS 3)." >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    echo "gridmap needs packages that are missing here. Run as root:" >&2
    echo "    apt-get install$packages" >&2
    exit 1
fi

echo "Installing$packages"
# Debian makes and starts a cluster when PostgreSQL is first installed; ours is another one.
drop_in=/etc/postgresql-common/createcluster.d/gridmap.conf
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    $as_root mkdir -p "${drop_in%/*}"
    echo 'create_main_cluster = false' | $as_root tee "$drop_in" >/dev/null
    trap '$as_root rm -f "$drop_in"' EXIT
fi
$as_root apt-get update -q
# The words of the list are meant to be split.
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
