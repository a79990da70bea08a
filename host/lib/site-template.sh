# The app's Nginx site; @words@ are filled in by site::render. Names of variables have at most 46 characters, which is what
# fits into Nginx's hash of them (variables_hash_bucket_size 64).
# shellcheck disable=SC2016 # what looks like shell variables are those of Nginx
SITE_TEMPLATE='# EdgePaaS made this for the app @app@ and overwrites changes.

upstream @name@_blue {
  # backup: a request that reaches a slot which has just closed goes to the other one.
  # max_fails=0: Nginx must never decide by itself that a slot is down, and so prefer the other one.
  server 127.0.0.1:@bluePort@ max_fails=0;
  server 127.0.0.1:@greenPort@ max_fails=0 backup;
}
upstream @name@_green {
  server 127.0.0.1:@greenPort@ max_fails=0;
  server 127.0.0.1:@bluePort@ max_fails=0 backup;
}

map $http_upgrade $@variable@_upgrade {
  default upgrade;
  "" close;
}
map $http_x_forwarded_proto $@variable@_proto {
  default $scheme;
  https https;
}
map $remote_addr $@variable@_told {
  default "";
  127.0.0.1 $upstream_addr;
}
map $remote_addr $@variable@_site {
  default "";
  127.0.0.1 site-@checksum@;
}
map "$remote_addr $http_user_agent" $@variable@_logged {
  default 1;
  "127.0.0.1 EdgePaaS" 0;
}
log_format @name@ "$msec\t$status\t$request_time\t$upstream_addr\t$upstream_status\t$bytes_sent\t$remote_addr\t$request";

server {
  @listen@
  server_name @serverNames@;
  server_tokens off;
  access_log /var/log/nginx/edgepaas/@app@.log @name@ if=$@variable@_logged;
  error_log /var/log/nginx/edgepaas/@app@.error.log;
  client_max_body_size @bodySizeLimit@;
  open_file_cache off;

  # Looked at for each request: traffic moves when a file is made or removed, without a reload.
  set $@variable@_upstream @name@_blue;
  if (-f @traffic@/green) {
    set $@variable@_upstream @name@_green;
  }

  proxy_http_version 1.1;
  proxy_set_header Host $host;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Host $host;
  proxy_set_header X-Forwarded-Proto $@variable@_proto;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $@variable@_upgrade;
  proxy_connect_timeout @connectTimeout@s;
  proxy_read_timeout @readTimeout@s;
  proxy_send_timeout @sendTimeout@s;
  # Bodies are buffered, so that a slow client holds no worker of the app; one that is complete only after the switch and
  # finds its slot closed goes to the other. A POST or PATCH that has reached the app is never sent again (Nginx >= 1.9.13,
  # unless told non_idempotent), and nothing is after a timeout, for the app may have done what a slow request asked.
  proxy_request_buffering on;
  proxy_next_upstream error;
  proxy_buffer_size 16k;
  proxy_buffers 8 16k;
  # Told to this host alone: it proves where traffic goes.
  proxy_hide_header X-EdgePaaS-Upstream;
  add_header X-EdgePaaS-Upstream $@variable@_told always;

  location / {
    if (!-f @traffic@/live) {
      return 503 "No release of this app is live yet.\n";
    }
    error_page 418 = @events;
    if ($http_accept ~ text/event-stream) {
      return 418;
    }
    proxy_pass http://$@variable@_upstream;
  }

  # Events reach the client as they are written; any other answer gets that by its header X-Accel-Buffering: no.
  location @events {
    proxy_buffering off;
    proxy_pass http://$@variable@_upstream;
  }

  location = /.edgepaas/site {
    default_type text/plain;
    if ($@variable@_site = "") {
      return 404;
    }
    return 200 $@variable@_site;
  }
}'
