#!/bin/sh
# Makes a checkout ready: installs exactly what package-lock.json says, without install scripts.
# Quick and silent when there is nothing to do; safe when two start at once. Needs npm of Node 20 or
# newer and a shell; Node 26 comes with the lockfile.
set -eu
cd "$(dirname "$0")/.."

stamp=node_modules/.tocsin-setup
want=$(cksum package-lock.json)
is_ready() {
  [ -f node_modules/.package-lock.json ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]
}
if is_ready; then exit 0; fi

fail() {
  echo "tocsin: $1" >&2
  exit 1
}

# One set-up at a time. The lock is a folder with the owner's process id; one waiter at a time may
# take the place of an owner that is gone, and does so without the lock being free in between.
lock=.tocsin-setup.lock
waited=0
while ! mkdir "$lock" 2> /dev/null; do
  [ -w . ] || fail "no permission to write in $PWD"
  owner=$(cat "$lock/pid" 2> /dev/null || true)
  if [ -z "$owner" ]; then
    # Between making the folder and writing the number lies a moment, not five seconds.
    [ "$waited" -lt 5 ] || owner=gone
  elif kill -0 "$owner" 2> /dev/null; then
    [ "$waited" -ne 1 ] || echo "Waiting for another set-up of this checkout (process $owner)" >&2
  else
    owner=gone
  fi
  if [ "$owner" = gone ] && mkdir "$lock/takeover" 2> /dev/null; then
    owner=$(cat "$lock/pid" 2> /dev/null || true)
    if [ -z "$owner" ] || ! kill -0 "$owner" 2> /dev/null; then
      echo $$ > "$lock/pid"
      rmdir "$lock/takeover"
      break
    fi
    rmdir "$lock/takeover"
  fi
  waited=$((waited + 1))
  [ "$waited" -le 900 ] || fail "another set-up has held $lock for 15 minutes; remove it if none runs"
  sleep 1
done
echo $$ > "$lock/pid"
log=$lock/npm.log
trap 'rm -rf "$lock"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if is_ready; then exit 0; fi

# Inside an npm script node_modules/.bin/node comes first on PATH; npm runs on the Node it came with.
case ${npm_execpath:-} in
  */npm-cli.js) set -- "${npm_node_execpath:-node}" "$npm_execpath" ;;
  *) command -v npm > /dev/null || fail 'npm is not on PATH; install Node 20 or newer with npm'
    set -- npm ;;
esac
echo 'Setting up: installing what package-lock.json lists (once)' >&2
if ! "$@" ci --ignore-scripts --no-audit --no-fund --loglevel=error < /dev/null > "$log" 2>&1; then
  has() { grep -Eq "$1" "$log"; }
  if has 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED'; then
    fail 'npm cannot reach its registry; connect to the network (or set a proxy or mirror) and run this again'
  elif has 'EBADPLATFORM'; then
    fail "a package does not run on this platform ($(uname -sm)); Linux and macOS on x64 and arm64 do"
  elif has 'ENOSPC'; then
    fail 'the disk is full; the packages need about 500 MB'
  elif has 'EACCES|EPERM|EROFS'; then
    fail "npm may not write in $PWD/node_modules or in its cache; check who owns them"
  elif has 'EINTEGRITY'; then
    fail 'a package that came is not the one that package-lock.json pins; check the network or mirror it came from'
  elif has 'EUSAGE|in sync'; then
    fail 'package.json and package-lock.json disagree; run "npm install" and commit both'
  fi
  cat "$log" >&2
  fail 'npm could not install the packages; the lines above say why'
fi

# A platform without a Node of its own in the lockfile needs one on PATH that is new enough.
sh tools/with-node.sh -e 0 || exit 1
echo "$want" > "$stamp"
