# The dead man's switch of one app: brings the last release back when nobody has decided for the new one in time. It is
# started by the files that it looks at, again after every death, and at boot; each step may be its last, and the next life
# goes on from what is there. The numbers are those of docs/protocol.md.

# To the journal.
say() {
  printf '%s\n' "$1"
}

fail() {
  say "$1"
  exit 1
}

claimed() {
  for rd_file in "$rd_state"/reverting.*; do
    if test -e "$rd_file"; then
      rd_id=${rd_file##*/reverting.}
      return 0
    fi
  done
  return 1
}

# Undecided, and its time not over.
may_wait() {
  test -f "$rd_state/pending" || return 1
  {
    read -r rd_id
    read -r rd_boot_then
  } <"$rd_state/pending"
  test "$rd_boot_then" = "$(boot_id)" || return 1
  rd_deadline=$(cat "$rd_state/deadline.$rd_id" 2>/dev/null)
  case $rd_deadline in '' | *[!0-9]*) return 1 ;; esac
  test "$(uptime_seconds)" -lt "$rd_deadline"
}

while ! claimed; do
  while may_wait; do sleep 0.5; done                             # G1
  lock                                                           # G2
  if test ! -f "$rd_state/pending"; then
    say 'it was decided for the new release'
    exit 0
  fi
  # A beat may have come while this waited for the lock.
  if may_wait; then
    unlock
    continue
  fi
  read -r rd_id <"$rd_state/pending"
  mv -f "$rd_state/pending" "$rd_state/reverting.$rd_id" || fail 'it could not be claimed' # G3
  sync_files "$rd_state"
  unlock
done

lock
claimed || exit 0
say "going back from $rd_id"
rd_previous=$(sed -n 3p "$rd_state/reverting.$rd_id")
if test -n "$rd_previous"; then
  test "$(readlink "$p_root/current")" = "$rd_previous" || point current "$rd_previous" || # G4 G5
    fail 'current could not be moved back'
else
  # There was nothing before it.
  rm -f "$p_root/current" && sync_files "$p_root"
fi
unlock                                                           # G6

rd_health=good
for rd_unit in $(conf units); do
  as_root reset-failed "$rd_unit.service"                        # G7
  if test -n "$rd_previous"; then
    as_root restart "$rd_unit.service" || say "restarting $rd_unit was answered by $?" # G8
  else
    as_root stop "$rd_unit.service" || say "stopping $rd_unit was answered by $?"
  fi
done
for rd_unit in $(conf sockets); do
  as_root start "$rd_unit.socket" || say "starting $rd_unit.socket was answered by $?"
done

if test -n "$rd_previous"; then                                  # G9
  rd_port=$(conf port)
  rd_path=$(conf health)
  rd_left=60
  while :; do
    rd_health=good
    for rd_unit in $(conf units); do
      unit_facts "$rd_unit"
      test "$unit_active" = active && test "$unit_sub" = running || rd_health="$rd_unit is $unit_active ($unit_sub)"
    done
    if test "$rd_health" = good && test -n "$rd_path"; then
      ask "$rd_port" "$rd_path"
      case $http_status in 2*) ;; *) rd_health="port $rd_port answers ${http_status:-nothing}" ;; esac
    fi
    if test "$rd_health" = good || test "$rd_left" -le 0; then break; fi
    rd_left=$((rd_left - 1))
    sleep 0.5
  done
else
  rd_health=stopped
fi

say "back at ${rd_previous:-nothing}: $rd_health"
remember rolled-back release "$rd_id" to "$rd_previous" health "$rd_health" # G11
printf '%s\n' "$rd_health" >>"$rd_state/reverting.$rd_id"
sync_files "$rd_state/reverting.$rd_id"
mv -f "$rd_state/reverting.$rd_id" "$rd_state/rolledback.$rd_id" # G10
rm -f "$rd_state/deadline.$rd_id"
sync_files "$rd_state"
