#!/bin/sh
# Runs a TypeScript file with the Node that the lockfile brought, else with one on PATH that is new
# enough: sh tools/with-node.sh FILE ARGUMENTS…
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
own=$root/node_modules/.bin/node
for node in "$own" "$(command -v node || true)"; do
  [ -x "$node" ] || continue
  # A binary for another libc is there but does not start.
  major=$("$node" -p 'process.versions.node.split(".")[0]' 2> /dev/null) || continue
  if [ "$major" -ge 24 ]; then exec "$node" "$@"; fi
done
if [ -d "$root/node_modules" ]; then
  echo "tocsin: no Node 24 or newer for this platform ($(uname -sm)) in the lockfile or on PATH; install one" >&2
else
  echo "tocsin: nothing is installed yet; run npm run setup" >&2
fi
exit 1
