#!/bin/sh
# Installs what the suites against real programs need: Debian packages where apt is at hand and may
# be used, and a Python environment of the project's own. Quick when everything is there. What stays
# missing is named, one sentence each, and makes this fail.
set -eu
cd "$(dirname "$0")/.."

missing=0
lack() {
  echo "tocsin: $1" >&2
  missing=1
}

may_install=false
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then may_install=true; fi
updated=false
install() { # Debian package
  if [ "$may_install" = false ]; then return 1; fi
  if [ "$updated" = false ]; then apt-get update -qq > /dev/null 2>&1 || true; fi
  updated=true
  echo "Installing the Debian package $1" >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" \
    < /dev/null > /dev/null 2>&1
}
need() { # program, Debian package
  if command -v "$1" > /dev/null || { install "$2" && command -v "$1" > /dev/null; }; then return; fi
  lack "$1 is missing and could not be installed here; install the package $2"
}

need nginx nginx-light
need strace strace
need logrotate logrotate
need awk mawk
need curl curl
need mount mount
need chromium chromium
need go golang-go
if command -v go > /dev/null; then
  # From 1.21 on go fetches the version that a module asks for.
  minor=$(go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  [ "${minor:-0}" -ge 21 ] || lack "go 1.$minor is too old; install Go 1.21 or newer"
fi

need python3 python3-venv
venv=node_modules/.cache/tocsin/venv
want=$(cksum python/requirements-test.txt)
if [ ! -f "$venv/stamp" ] || [ "$(cat "$venv/stamp")" != "$want" ]; then
  if ! python3 -c 'import venv, ensurepip' 2> /dev/null && ! install python3-venv; then
    lack 'python3 cannot make environments; install the package python3-venv'
  else
    echo 'Setting up the Python environment for tests (once)' >&2
    rm -rf "$venv"
    if python3 -m venv "$venv" && "$venv/bin/python" -m pip install --quiet --no-input \
      --disable-pip-version-check -r python/requirements-test.txt < /dev/null; then
      echo "$want" > "$venv/stamp"
    else
      lack 'pip could not install python/requirements-test.txt; the lines above say why'
    fi
  fi
fi
exit "$missing"
