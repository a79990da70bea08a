#!/bin/bash
# install-docker: Docker CE from its own signed repository, set up so that neither a restart of Docker nor a full log
# interrupts what serves.
source host/lib/phase.sh
source host/lib/package.sh
source host/lib/docker-setup.sh
source host/lib/docker-repository.sh

install_docker::holds() {
  docker_setup::merge_daemon_config docker-not-ready
  docker_setup::is_current && docker_setup::is_right
}

install_docker::choose() { # sets DOCKER_PACKAGE and WHY
  DOCKER_PACKAGE=docker-ce WHY="Docker CE is built for $DISTRIBUTION $DISTRIBUTION_VERSION"
  if [[ $DISTRIBUTION == amzn ]]; then
    DOCKER_PACKAGE=docker WHY='Docker builds no CE for Amazon Linux 2023: this is the package of Amazon Linux itself'
  fi
}

install_docker::install() {
  if package::is_installed "$DOCKER_PACKAGE"; then return; fi
  install_docker::refuse_snap
  # Docker CE takes the place of another Docker, and with it its containers.
  docker_setup::require_idle "installing $DOCKER_PACKAGE"
  local -a packages=(docker)
  if [[ $DOCKER_PACKAGE == docker-ce ]]; then
    packages=(docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin)
    docker_repository::add
    install_docker::add_netfilter
  fi
  # Before the packages, which may start Docker at once: it must not begin on the root disk.
  docker_setup::merge_daemon_config docker-not-ready
  docker_setup::write_daemon_config
  package::install "${packages[@]}"
  docker_setup::label
}

# On RPM systems Docker CE is content with nftables, but by default calls iptables. From EL 10 on, a module that its rules
# need is in a package of its own. Source: docker/docker-ce-packaging, issue 1340.
install_docker::add_netfilter() { # adds to packages
  if [[ $FAMILY != rpm ]]; then return; fi
  packages+=(iptables-nft)
  modprobe --quiet xt_addrtype || packages+=("kernel-modules-extra-$(uname -r)")
}

# A snap has its data and its settings in a place of its own, and the same socket.
install_docker::refuse_snap() {
  if [[ ! -e /var/lib/snapd/snaps || ! -e /snap/docker/current ]]; then return; fi
  phase::fail docker-not-ready "Docker is here as a snap, which cannot use the volume: run \`snap remove docker\`, then deploy again"
}

install_docker::set_up() {
  systemctl enable --quiet --now containerd.service docker.service || phase::say 'Docker did not start'
  docker_setup::merge_daemon_config docker-not-ready
  if docker_setup::is_bound && docker_setup::is_current && docker_setup::is_right; then return; fi
  docker_setup::require_safe_restart 'a restart of Docker'
  docker_setup::bind_to_volume
  docker_setup::apply docker-not-ready
}

phase::begin install-docker dockerRepositoryUrl debKeyFingerprint rpmKeyFingerprint
phase::enter_host
host::require_distribution
install_docker::choose
package::install jq
phase::skip_if_done install_docker::holds
volume::is_ready || phase::fail docker-not-ready "The volume is not mounted at $VOLUME: mount-volume comes first"
install_docker::install
install_docker::set_up
json::string "$WHY" 200
phase::done "{\"package\":\"$DOCKER_PACKAGE\",\"version\":\"$DOCKER_VERSION\",\"why\":$REPLY}"
