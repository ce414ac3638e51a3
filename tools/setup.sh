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
owner() { cat "$lock/pid" 2> /dev/null || :; }
# Whole or not at all: who reads half a number takes a living owner for one that is gone.
claim() { { echo $$ > "$lock/pid.$$"; } 2> /dev/null && mv "$lock/pid.$$" "$lock/pid"; }
is_gone() {
  # Between making the folder and writing the number lies a moment, not five seconds.
  if [ -z "$1" ]; then [ "$waited" -ge 5 ]; else ! kill -0 "$1" 2> /dev/null; fi
}
release() {
  if mv "$lock" "$lock.$$" 2> /dev/null; then rm -rf "$lock.$$"; fi
}
while :; do
  if mkdir "$lock" 2> /dev/null; then
    if claim; then break; fi
    [ ! -d "$lock" ] || fail "cannot write in $PWD; is the disk full?"
  fi
  [ -w . ] || fail "no permission to write in $PWD"
  holder=$(owner)
  if is_gone "$holder"; then
    if mkdir "$lock/takeover" 2> /dev/null; then
      if is_gone "$(owner)" && claim; then
        rmdir "$lock/takeover"
        break
      fi
      rmdir "$lock/takeover" 2> /dev/null || :
    fi
  elif [ "$waited" -eq 1 ]; then
    echo "Waiting for another set-up of this checkout${holder:+ (process $holder)}" >&2
  fi
  waited=$((waited + 1))
  [ "$waited" -le 900 ] || fail "another set-up has held $lock for 15 minutes; remove it if none runs"
  sleep 1
done
log=$lock/npm.log
trap release EXIT
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
