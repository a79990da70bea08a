#!/bin/sh
# Installs the npm packages when they are missing or older than the lock file, then runs the command given.
set -eu
cd "$(dirname "$0")/.."
if ! cmp -s package-lock.json node_modules/.edgepaas-lock 2>/dev/null; then
  echo 'Installing npm packages (once, about a minute)...' >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json node_modules/.edgepaas-lock
fi
# The SDK announces the end of Node 20 at each start; package.json says which versions work.
export AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true
# Without it tsx leaves a folder in /tmp; what it would save there is a tenth of a second.
export TSX_DISABLE_CACHE=1
exec "$@"
