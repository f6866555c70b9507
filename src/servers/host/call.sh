# What a script begins with that a runner calls: its parameters, and how it tells events.

# One `name=value` a line, up to an empty one. The shell reads a pipe byte by byte, so what follows is left for others.
while IFS= read -r rd_line && test -n "$rd_line"; do
  case ${rd_line%%=*} in
  '' | [!a-z]* | *[!a-z0-9_]*) exit 64 ;;
  esac
  eval "p_${rd_line%%=*}=\${rd_line#*=}"
done

# event <name> [<key> <text>]…: one line that the runner finds among whatever else is printed.
event() {
  rd_event=$1
  shift
  pairs "$@"
  printf '\n%s {"event":"%s"%s}\n' "$p_mark" "$rd_event" "$rd_pairs" 2>/dev/null || :
}

# Nothing was changed, and the runner says why. Whoever waits for the lock must not wait for a reader of this as well.
refuse() {
  unlock
  event refused code "$@"
  event end
  exit 10
}

finish() {
  event end
  exit 0
}

# Something failed that was to be done, and events have told of it.
fail() {
  unlock
  event failed why "$1"
  event end
  exit 11
}
