#!/bin/sh
# node-tools.sh TARGET PACKAGE_JSON: what an image needs besides Node to run `npm install` and a build: npm, a shell with its usual
# programs, and npm's cache of everything that PACKAGE_JSON names, since a build has no route beyond this machine.
set -eu
target=$1 package=$2
: "${NPM_VERSION:?}"
mkdir -p "$target/bin" "$target/usr/bin" "$target/usr/local/etc" "$target/opt"

mv "$target.busybox" "$target/bin/busybox"
"$target/bin/busybox" --list | while read -r name; do
  case $name in
    busybox) ;;
    env) ln -s /bin/busybox "$target/usr/bin/env" ;;
    *) ln -s busybox "$target/bin/$name" ;;
  esac
done

npm install --global --no-audit --no-fund --loglevel=error --prefix "$target/usr/local" "npm@$NPM_VERSION"
cat >"$target/usr/local/etc/npmrc" <<CONFIG
registry=$(npm config get registry 2>/dev/null)
cache=/opt/npm-cache
offline=true
update-notifier=false
CONFIG

mkdir "$target.try"
cp "$package" "$target.try/package.json"
cd "$target.try"
node "$target/usr/local/lib/node_modules/npm/bin/npm-cli.js" install --no-audit --no-fund --loglevel=error --cache "$target/opt/npm-cache"
cd /
rm -rf "$target.try" "$target/opt/npm-cache/_logs"
