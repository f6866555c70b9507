# What a unit and its port say of themselves. Nothing here changes anything.

# unit_facts <unit>: its state, as variables.
unit_facts() {
  unit_active='' unit_sub='' unit_result='' unit_restarts='' unit_invocation='' unit_status='' unit_pid=''
  while IFS='=' read -r rd_key rd_value; do
    case $rd_key in
    ActiveState) unit_active=$rd_value ;;
    SubState) unit_sub=$rd_value ;;
    Result) unit_result=$rd_value ;;
    NRestarts) unit_restarts=$rd_value ;;
    InvocationID) unit_invocation=$rd_value ;;
    ExecMainStatus) unit_status=$rd_value ;;
    MainPID) unit_pid=$rd_value ;;
    esac
  done <<FACTS
$(systemctl show "$1.service" -p ActiveState,SubState,Result,NRestarts,InvocationID,ExecMainStatus,MainPID 2>/dev/null)
FACTS
}

# ask <port> <path>: one request to the service on this host, redirects not followed. Sets the status and what it said.
ask() {
  http_status=''
  http_body=''
  if command -v curl >/dev/null 2>&1; then
    rd_answer=$(curl -sS --max-time 5 --max-redirs 0 -w '\n%{http_code}' "http://127.0.0.1:$1$2" 2>&1 | head -c 65536)
    http_status=${rd_answer##*
}
    http_body=${rd_answer%
*}
  else
    # shellcheck disable=SC2016
    rd_answer=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\nUser-Agent: rust-deploy\r\n\r\n" "$2" "$1" >&3 && head -c 65536 <&3' bash "$1" "$2" 2>&1)
    case $rd_answer in
    HTTP/*)
      http_status=${rd_answer#HTTP/* }
      http_status=${http_status%%[!0-9]*}
      http_body=${rd_answer#*
"$rd_return"
}
      ;;
    *) http_body=$rd_answer ;;
    esac
  fi
  case $http_status in [1-5][0-9][0-9]) ;; *) http_status='' ;; esac
}
rd_return=$(printf '\r')

# accepts <port>: somebody takes connections there.
accepts() {
  # shellcheck disable=SC2016
  timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"' bash "$1" 2>/dev/null
}
