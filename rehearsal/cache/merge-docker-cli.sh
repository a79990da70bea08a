#!/bin/bash
# merge-docker-cli.sh, in the tools root with the image's apt/ folder as working directory. Since Debian 13 Docker's client is a
# package of its own: here it goes back into docker.io, of which Docker's packages are made.
set -Eeuo pipefail
cd debian/pool
if [[ ! -e $(echo docker-cli_*.deb) ]]; then exit; fi
dpkg-deb --raw-extract docker.io_*.deb /tmp/docker.io
dpkg-deb --extract docker-cli_*.deb /tmp/docker.io
dpkg-deb --root-owner-group -Znone --build /tmp/docker.io "$(echo docker.io_*.deb)" >/dev/null
rm docker-cli_*.deb
