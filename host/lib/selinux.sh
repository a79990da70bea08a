# SELinux: what confined programs need to read, and where. Done where it only warns, too (as on Amazon Linux 2023 at first),
# so that a host whose owner turns it on goes on serving.
source host/lib/package.sh

# Is there an SELinux to care for, and are its tools here? Without them it matters only where it enforces.
selinux::is_on() {
  if [[ ! -e /sys/fs/selinux/enforce ]]; then return 1; fi
  if command -v semanage >/dev/null; then return; fi
  if [[ $(</sys/fs/selinux/enforce) == 1 ]]; then package::provide selinux-tools && return; fi
  distribution::package selinux-tools
  package::run install "$REPLY"
}

# Rules outlast a relabelling of the whole disk. A rule that is there already is refused, which is as good.
selinux::label_as() { # path, the path whose labels it is to have
  semanage fcontext --add --equal "$2" "$1" 2>/dev/null || true
  restorecon -R "$1"
}

selinux::let_nginx_read() { # folder, the rule's pattern for it and its like
  semanage fcontext --add --type httpd_sys_content_t "$2(/.*)?" 2>/dev/null || true
  restorecon -R "$1"
}

selinux::let_nginx_connect() { # to the slots: their ports are not those of web servers
  if [[ $(getsebool httpd_can_network_connect) == *on ]]; then return; fi
  setsebool -P httpd_can_network_connect 1
}
