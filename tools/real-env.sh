#!/bin/sh
# Installs what the suites against real programs need: Debian packages where apt is at hand, and the
# Python environment. Quick when everything is there. Says what is missing where it cannot install
# it.
set -eu
cd "$(dirname "$0")/.."

install() { # program, Debian package
  command -v "$1" > /dev/null && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    if [ -z "${updated:-}" ]; then apt-get update -qq > /dev/null; updated=1; fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" > /dev/null
    return 0
  fi
  echo "tocsin: $1 is missing; install the package $2" >&2
}

install nginx nginx-light
install strace strace
install awk mawk
install logrotate logrotate
command -v go > /dev/null || install go golang-go
command -v python3 > /dev/null || install python3 python3-venv

venv=node_modules/.cache/tocsin/venv
want=$(cksum python/requirements-test.txt)
if [ ! -f "$venv/stamp" ] || [ "$(cat "$venv/stamp")" != "$want" ]; then
  echo "Setting up the Python environment for tests (once)" >&2
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --no-input -r python/requirements-test.txt
  echo "$want" > "$venv/stamp"
fi
