# Nginx's logs of the apps, kept small: what the distribution rotates once a day could fill a root disk in between. They have a
# folder of their own, for logrotate refuses a file that two of its patterns name, and the distribution's names all of
# /var/log/nginx/*.log. Nginx reopens them by a signal, which closes no connection.
source host/lib/file.sh

LOG_FOLDER=/var/log/nginx/edgepaas
LOG_UNIT=edgepaas-logs

LOGROTATE_CONFIG="$LOG_FOLDER/*.log {
  size 16M
  rotate 4
  missingok
  create 0640
  sharedscripts
  postrotate
    [ ! -s /run/nginx.pid ] || { read -r pid </run/nginx.pid && kill -USR1 \$pid; }
  endscript
}"

# The state is where SELinux lets logrotate write.
LOG_SERVICE="[Unit]
Description=Rotate Nginx's logs of EdgePaaS's apps by their size

[Service]
Type=oneshot
ExecStart=/usr/sbin/logrotate --state /var/lib/logrotate/edgepaas.status /etc/edgepaas/logrotate.conf
LogLevelMax=notice"

LOG_TIMER="[Unit]
Description=Look at the size of Nginx's logs of EdgePaaS's apps

[Timer]
OnBootSec=1min
OnUnitInactiveSec=1min
AccuracySec=5s

[Install]
WantedBy=timers.target"

log_rotation::install() {
  mkdir -p "$LOG_FOLDER" /etc/edgepaas
  log_rotation::place /etc/edgepaas/logrotate.conf "$LOGROTATE_CONFIG"
  log_rotation::place "/etc/systemd/system/$LOG_UNIT.service" "$LOG_SERVICE"
  log_rotation::place "/etc/systemd/system/$LOG_UNIT.timer" "$LOG_TIMER"
  systemctl daemon-reload
  systemctl enable --quiet --now "$LOG_UNIT.timer"
}

log_rotation::place() { # path, content
  if [[ -e $1 && $(<"$1") == "$2" ]]; then return; fi
  file::replace "$1" "$2"$'\n' 644
}
