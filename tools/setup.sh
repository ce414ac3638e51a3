#!/bin/sh
# Makes a checkout ready: installs exactly what package-lock.json says, without install scripts.
# Quick and silent when there is nothing to do. Needs Node 20 or newer, npm and a shell; Node 26
# comes with the lockfile.
set -eu
cd "$(dirname "$0")/.."

stamp=node_modules/.tocsin-setup
want=$(cksum package-lock.json)
is_ready() { [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; }
if is_ready; then exit 0; fi

# One set-up at a time; a lock whose owner is gone is taken over.
lock=.tocsin-setup.lock
tries=0
while ! mkdir "$lock" 2>/dev/null; do
  owner=$(cat "$lock/pid" 2>/dev/null || echo)
  if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
    rm -rf "$lock"
    continue
  fi
  tries=$((tries + 1))
  if [ "$tries" -gt 600 ]; then
    echo "tocsin: another set-up holds $lock for ten minutes; remove that folder if none runs" >&2
    exit 1
  fi
  sleep 1
done
echo $$ > "$lock/pid"
trap 'rm -rf "$lock"' EXIT INT TERM
if is_ready; then exit 0; fi

echo "Setting up: installing what package-lock.json lists (once)" >&2
if [ -n "${npm_execpath:-}" ] && [ -n "${npm_node_execpath:-}" ]; then
  set -- "$npm_node_execpath" "$npm_execpath"
elif command -v npm > /dev/null; then
  set -- npm
else
  echo "tocsin: npm is not on PATH; install Node 20 or newer with npm" >&2
  exit 1
fi
if ! "$@" ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2; then
  echo "tocsin: npm could not install the packages; the lines above say why (often: no network)" >&2
  exit 1
fi
echo "$want" > "$stamp"
