# JSON without jq, which a bare host does not have.

json::string() { # text, most bytes; REPLY is a JSON string on one line
  local text=${1:0:${2:-400}}
  text=${text//[[:cntrl:]]/ }
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  # A cut or a program may leave half a character, which no JSON reader takes.
  if [[ $text == *[^\ -~]* ]]; then text=$(iconv -c -f UTF-8 -t UTF-8 <<<"$text" || true); fi
  REPLY=\"$text\"
}

json::list() { # texts; REPLY is a JSON array
  local text list=
  for text in "$@"; do
    json::string "$text" 200
    list+=,$REPLY
  done
  REPLY=[${list#,}]
}
