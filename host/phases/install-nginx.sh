#!/bin/bash
# install-nginx: the distribution's Nginx and the app's site. Reloads Nginx only if the site has changed.
source host/lib/phase.sh
source host/lib/package.sh
source host/lib/site.sh
source host/lib/selinux.sh
source host/lib/log-rotation.sh

READY_SECONDS=15
TEST_CONFIG=/etc/nginx/.edgepaas-test.conf
TEST_FOLDER=/etc/nginx/.edgepaas-test.d

install_nginx::require_port_80() {
  site::port_80_holder
  if [[ ! $REPLY || $REPLY == nginx ]]; then return; fi
  phase::fail port-80-taken "Port 80 is held by \`$REPLY\`: stop it, or move it to another port, for Nginx needs this one"
}

# A site of the distribution's takes port 80 by default; one that somebody has changed is not ours to remove.
install_nginx::remove_default_site() {
  local link=/etc/nginx/sites-enabled/default
  if [[ ! -L $link || $(readlink -f "$link") != /etc/nginx/sites-available/default ]]; then return; fi
  if [[ $(dpkg --verify nginx-common 2>/dev/null) == *sites-available/default* ]]; then return; fi
  rm "$link"
}

install_nginx::make_traffic_folder() {
  local folder=$APP_STATE/traffic
  mkdir -p "$folder"
  chmod 755 "$STATE" "$STATE/apps" "$APP_STATE" "$folder"
  if ! selinux::is_on; then return; fi
  selinux::let_nginx_connect
  selinux::let_nginx_read "$folder" "$STATE/apps/[^/]+/traffic"
}

install_nginx::place_site() { # sets SITE_CHANGED
  SITE_CHANGED=false
  if [[ -e $SITE_FILE && $(<"$SITE_FILE") == "$SITE" ]]; then return; fi
  SITE_CHANGED=true
  install_nginx::test
  file::replace "$SITE_FILE" "$SITE"$'\n' 644
  if selinux::is_on; then restorecon "$SITE_FILE"; fi
}

# Tests the whole configuration with the new site before it takes the old one's place: a host that reboots in between
# must find one that works. Beside nginx.conf, since Nginx takes relative names from there.
install_nginx::test() {
  local said main
  main=$(</etc/nginx/nginx.conf)
  if [[ $main != *'/etc/nginx/conf.d/*.conf'* ]]; then
    phase::fail nginx-config-invalid '/etc/nginx/nginx.conf does not include /etc/nginx/conf.d/*.conf: add that to its http block'
  fi
  rm -rf "$TEST_FOLDER"
  mkdir "$TEST_FOLDER"
  find /etc/nginx/conf.d -maxdepth 1 -name '*.conf' ! -path "$SITE_FILE" -exec cp -t "$TEST_FOLDER" {} +
  printf '%s\n' "$SITE" >"$TEST_FOLDER/${SITE_FILE##*/}"
  printf '%s\n' "${main//'/etc/nginx/conf.d/'/"$TEST_FOLDER/"}" >"$TEST_CONFIG"
  if said=$(nginx -t -q -c "$TEST_CONFIG" 2>&1); then
    rm -rf "$TEST_FOLDER" "$TEST_CONFIG"
    return
  fi
  rm -rf "$TEST_FOLDER" "$TEST_CONFIG"
  phase::fail nginx-config-invalid "Nginx refuses the site, so the old one stays: ${said//"$TEST_FOLDER"//etc/nginx/conf.d}"
}

install_nginx::load_site() {
  if site::is_served; then return; fi
  if systemctl is-active --quiet nginx; then
    systemctl reload nginx || install_nginx::fail
  else
    systemctl start nginx || install_nginx::fail
  fi
  clock::in "$READY_SECONDS"
  local deadline=$REPLY
  until site::is_served; do
    if clock::is_past "$deadline"; then install_nginx::fail; fi
    phase::sleep 0.05
  done
}

# Whom a host lets in is its owner's to say: opening what they keep closed is not ours.
install_nginx::look_at_firewall() {
  if ! systemctl is-active --quiet firewalld || firewall-cmd --quiet --query-service=http; then return; fi
  phase::say 'firewalld lets no HTTP in: run firewall-cmd --permanent --add-service=http and firewall-cmd --reload'
}

install_nginx::fail() {
  local said
  install_nginx::require_port_80
  said=$(journalctl --unit nginx --lines 3 --output cat --no-pager 2>/dev/null || true)
  phase::fail nginx-not-ready "Nginx does not answer on port 80 with the site of $APP${said:+: ${said//$'\n'/; }}"
}

phase::begin install-nginx bluePort greenPort serverNames bodySizeLimit connectTimeout readTimeout sendTimeout
phase::enter_host
distribution::require
site::path
site::render
phase::skip_if_done site::is_loaded
install_nginx::require_port_80
package::provide nginx jq ss logrotate
# Before the site is loaded, from when on inspect takes the host for prepared: EL's package does not enable its service.
systemctl enable --quiet nginx
install_nginx::remove_default_site
install_nginx::make_traffic_folder
log_rotation::install
install_nginx::place_site
install_nginx::load_site
install_nginx::look_at_firewall
version=$(nginx -v 2>&1)
phase::done "{\"version\":\"${version##*/}\",\"siteChanged\":$SITE_CHANGED}"
