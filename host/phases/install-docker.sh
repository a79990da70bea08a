#!/bin/bash
# install-docker: Docker CE from its own signed repository, set up so that neither a restart of Docker nor a full log
# interrupts what serves.
source host/lib/phase.sh
source host/lib/package.sh
source host/lib/docker-setup.sh
source host/lib/docker-ports.sh
source host/lib/docker-repository.sh

install_docker::holds() {
  docker_setup::merge_daemon_config docker-not-ready
  docker_setup::is_current && docker_ports::are_kept && docker_setup::is_right
}

install_docker::choose() { # sets DOCKER_PACKAGES, of which the first is Docker itself, and WHY
  if [[ $DOCKER_FOLDER ]]; then
    DOCKER_PACKAGES=(docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin)
    WHY="Docker CE is built for $DISTRIBUTION_NAME"
    return
  fi
  distribution::package docker
  DOCKER_PACKAGES=("$REPLY")
  WHY="Docker builds no CE for $DISTRIBUTION_NAME: this is the distribution's own package"
}

install_docker::install() {
  if package::is_installed "${DOCKER_PACKAGES[0]}"; then return; fi
  install_docker::refuse_snap
  # Docker CE takes the place of another Docker, and with it its containers.
  docker_setup::require_idle "installing ${DOCKER_PACKAGES[0]}"
  if [[ $DOCKER_FOLDER ]]; then
    docker_repository::add
    install_docker::add_netfilter
  fi
  # Before the packages, which may start Docker at once: it must not begin on the root disk.
  docker_setup::merge_daemon_config docker-not-ready
  docker_setup::write_daemon_config
  package::install "${DOCKER_PACKAGES[@]}"
  docker_setup::label
}

# On RPM systems Docker CE is content with nftables, but by default calls iptables. From EL 10 on, a module that its rules
# need is in a package of its own. Source: docker/docker-ce-packaging, issue 1340.
install_docker::add_netfilter() { # adds to DOCKER_PACKAGES
  distribution::package iptables
  if [[ $REPLY ]]; then DOCKER_PACKAGES+=("$REPLY"); fi
  distribution::package kernel-modules
  if [[ ! $REPLY ]] || modprobe --quiet xt_addrtype; then return; fi
  DOCKER_PACKAGES+=("$REPLY-$(uname -r)")
}

# A snap has its data and its settings in a place of its own, and the same socket.
install_docker::refuse_snap() {
  if [[ ! -e /var/lib/snapd/snaps || ! -e /snap/docker/current ]]; then return; fi
  phase::fail docker-not-ready "Docker is here as a snap, which cannot use the volume: run \`snap remove docker\`, then deploy again"
}

install_docker::set_up() {
  docker_ports::keep
  systemctl enable --quiet --now containerd.service docker.service || phase::say 'Docker did not start'
  docker_setup::merge_daemon_config docker-not-ready
  if docker_setup::is_bound && docker_setup::is_current && docker_setup::is_right; then return; fi
  docker_setup::require_safe_restart 'a restart of Docker'
  docker_setup::bind_to_volume
  docker_setup::apply docker-not-ready
}

phase::begin install-docker dockerRepositoryUrl debKeyFingerprint rpmKeyFingerprint
phase::enter_host
distribution::require
install_docker::choose
package::provide jq
phase::skip_if_done install_docker::holds
volume::is_ready || phase::fail docker-not-ready "The volume is not mounted at $VOLUME: mount-volume comes first"
install_docker::install
install_docker::set_up
json::string "$WHY" 200
phase::done "{\"package\":\"${DOCKER_PACKAGES[0]}\",\"version\":\"$DOCKER_VERSION\",\"why\":$REPLY}"
