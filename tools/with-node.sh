#!/bin/sh
# Runs a TypeScript file with the Node that the lockfile brought, else with one on PATH that is new
# enough.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
node=$root/node_modules/.bin/node
[ -x "$node" ] || node=$(command -v node) || {
  echo "tocsin: no node found; install Node 24 or newer" >&2
  exit 1
}
major=$("$node" -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 24 ]; then
  echo "tocsin: Node $major is too old and this platform has none in the lockfile; install Node 24 or newer" >&2
  exit 1
fi
exec "$node" "$@"
