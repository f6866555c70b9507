# Takes the lease of this app, waiting for another's if it may, and holds it as long as its runner speaks. The runner sends
# `beat` again and again; when it is silent, because it died or the network did, lease and deadline run out by themselves.
#   p_token p_holder p_release  who deploys what
#   p_wait                      how long another's deploy is waited for, in seconds
#   p_lease p_window            how long the lease and an undecided deploy live without a beat, in seconds

write_lease() {
  printf '%s\n' "$p_token" "$p_holder" "$(boot_id)" "$(($(uptime_seconds) + p_lease))" "$lease_since" "$p_release" |
    put "$rd_state/lease" || fail 'the lease could not be written'
}

rd_give_up=$(($(uptime_seconds) + p_wait))
rd_told=''
while :; do
  lock
  # What was seen but is not on the disk could be back after a power cut.
  sync_files "$rd_state"
  if test -e "$rd_state/frozen"; then
    refuse frozen note "$(head -c 1000 "$rd_state/frozen")"
  elif read_lease && test "$lease_token" != "$p_token"; then
    rd_busy="lease $lease_token"
  elif undecided; then
    rd_busy='undecided'
  else
    lease_since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    write_lease
    unlock
    break
  fi
  unlock
  rd_left=$((rd_give_up - $(uptime_seconds)))
  if test "$rd_left" -le 0; then
    case $rd_busy in
    lease*) refuse busy holder "$lease_holder" since "$lease_since" release "$lease_release" waited "$p_wait" ;;
    *) refuse undecided waited "$p_wait" ;;
    esac
  fi
  # Once for each deploy that is waited for.
  if test "$rd_busy" != "$rd_told"; then
    event waiting for "$rd_busy" holder "$lease_holder" since "$lease_since" seconds "$rd_left"
    rd_told=$rd_busy
  fi
  sleep 1
done
event held

while IFS= read -r rd_order; do
  lock
  if ! is_ours; then
    unlock
    event lost holder "$lease_holder"
    event end
    exit 11
  fi
  case $rd_order in
  beat)
    write_lease
    if is_pending_ours; then
      printf '%s\n' "$(($(uptime_seconds) + p_window))" | put "$rd_state/deadline.$p_release" ||
        fail 'the deadline could not be moved'
    fi
    ;;
  abandon)
    # The lease goes with it: a switch that is still on its way must not begin now.
    if is_pending_ours; then printf '0\n' | put "$rd_state/deadline.$p_release"; fi
    rm -f "$rd_state/lease"
    sync_files "$rd_state"
    unlock
    event abandoned
    finish
    ;;
  release)
    rm -f "$rd_state/lease"
    sync_files "$rd_state"
    unlock
    event released
    finish
    ;;
  esac
  unlock
  event did order "$rd_order"
done
# The runner is gone. What it holds runs out; an undecided deploy is the guard's.
