# Makes a release the current one under the eyes of the guard, restarts its units, and watches them until they have proved
# themselves. It ends well only if they did; then the runner confirms. The numbers are those of docs/protocol.md.
#   p_token p_release
#   p_window            how long an undecided deploy lives without a beat, in seconds
#   p_timeout p_soak    how long it may take to become healthy, and how long it must stay so
#   p_port p_path       where it answers; without a path it has to accept connections, without a port to run
#   p_proof             what an answer must contain, where the service tells its version

lock                                                             # S1
is_ours || refuse lease-lost holder "$lease_holder"              # S2
if undecided; then refuse undecided; fi
rd_release=$p_root/releases/$p_release
test -f "$rd_release/release.json" || refuse release-missing release "$p_release"
rd_units=$(conf units)
test -n "$rd_units" || refuse no-units file "$p_conf"
rd_previous=$(readlink "$p_root/current" 2>/dev/null)

printf '%s\n' "$(($(uptime_seconds) + p_window))" | put "$rd_state/deadline.$p_release" || # S3
  fail 'the deadline could not be written'
printf '%s\n' "$p_release" "$(boot_id)" "$rd_previous" "$p_token" | put "$rd_state/pending" || # S4
  fail 'the deploy could not be announced'

# The guard is started by the file itself. Nothing changes before it is there.
rd_left=50
until systemctl is-active --quiet "rust-deploy-guard@$p_app.service"; do # S5
  rd_left=$((rd_left - 1))
  if test "$rd_left" -le 0; then
    rm -f "$rd_state/pending" "$rd_state/deadline.$p_release"
    sync_files "$rd_state"
    refuse guard-silent unit "rust-deploy-guard@$p_app.path"
  fi
  sleep 0.1
done

is_pending_ours || refuse pending-lost                           # S6
for rd_unit in $rd_units; do
  unit_facts "$rd_unit"
  eval "rd_before_$(printf '%s' "$rd_unit" | tr -- '-.@' '___')=\$unit_invocation"
done
point current "releases/$p_release" || fail 'current could not be moved' # S7 S8 S9
unlock                                                           # S10
event switched previous "$rd_previous"
remember switched release "$p_release" previous "$rd_previous"

for rd_unit in $rd_units; do
  # A script that stood still must not restart what is not its own any more.
  is_pending_ours || break
  as_root reset-failed "$rd_unit.service" 2>/dev/null            # S11
  # What it answers is not trusted either way: the state decides.
  rd_said=$(as_root restart "$rd_unit.service" 2>&1)             # S12
  event restarted unit "$rd_unit" code "$?" said "$rd_said"
done

# Why this round is not good enough; nothing when it is.
judge() {
  for rd_unit in $rd_units; do
    unit_facts "$rd_unit"
    eval "rd_before=\$rd_before_$(printf '%s' "$rd_unit" | tr -- '-.@' '___')"
    if test "$unit_active" != active || test "$unit_sub" != running; then
      printf '%s is %s (%s), result %s, exit status %s' "$rd_unit" "$unit_active" "$unit_sub" "$unit_result" "$unit_status"
      return
    elif test "$unit_invocation" = "$rd_before"; then
      printf '%s was not restarted' "$rd_unit"
      return
    fi
  done
  if test -n "$p_path"; then
    ask "$p_port" "$p_path"
    case $http_status in
    2*) ;;
    '')
      printf 'port %s does not answer: %s' "$p_port" "$(printf '%s' "$http_body" | head -c 300)"
      return
      ;;
    *)
      printf 'port %s answers %s to %s: %s' "$p_port" "$http_status" "$p_path" "$(printf '%s' "$http_body" | head -c 300)"
      return
      ;;
    esac
    case $http_body in
    *"$p_proof"*) ;;
    *) printf 'port %s is answered by another version: %s' "$p_port" "$(printf '%s' "$http_body" | head -c 300)" ;;
    esac
  elif test -n "$p_port"; then
    accepts "$p_port" || printf 'port %s accepts no connection' "$p_port"
  fi
}

# All invocations and restarts together: when this changes, something was started anew.
running_facts() {
  for rd_unit in $rd_units; do
    unit_facts "$rd_unit"
    printf '%s %s %s ' "$rd_unit" "$unit_invocation" "$unit_restarts"
  done
}

rd_give_up=$(($(uptime_seconds) + p_timeout))                    # S13
rd_good_since=''
rd_why=''
while :; do
  is_pending_ours || break
  rd_now=$(uptime_seconds)
  rd_why=$(judge)
  if test -z "$rd_why"; then
    rd_facts=$(running_facts)
    if test -z "$rd_good_since"; then
      rd_good_since=$rd_now
      rd_first=$rd_facts
      event healthy soak "$p_soak"
    elif test "$rd_facts" != "$rd_first"; then
      rd_why='it was restarted while it had to prove itself'
      break
    fi
    if test $((rd_now - rd_good_since)) -ge "$p_soak"; then
      event proved facts "$rd_facts"                             # S14
      finish
    fi
  elif test -n "$rd_good_since"; then
    rd_why="it was healthy, and then: $rd_why"
    break
  elif test "$rd_now" -ge "$rd_give_up"; then
    break
  fi
  sleep 0.5
done

# It is not good enough: its time is over, and the guard goes back now.
lock
if is_pending_ours; then
  printf '0\n' | put "$rd_state/deadline.$p_release"
else
  rd_why="${rd_why:-the guard was faster: its time was over}"
fi
unlock
event unhealthy why "$rd_why"
for rd_unit in $rd_units; do
  unit_facts "$rd_unit"
  event journal unit "$rd_unit" active "$unit_active" sub "$unit_sub" result "$unit_result" restarts "$unit_restarts" \
    lines "$(journalctl -q -n 50 --no-pager -o short-iso "_SYSTEMD_INVOCATION_ID=$unit_invocation" 2>&1 | tail -c 16000)"
done
rd_left=120
while test ! -e "$rd_state/rolledback.$p_release" && test "$rd_left" -gt 0; do
  sleep 0.5
  rd_left=$((rd_left - 1))
done
if test -e "$rd_state/rolledback.$p_release"; then
  event rolled-back to "$(readlink "$p_root/current" 2>/dev/null)" health "$(tail -n 1 "$rd_state/rolledback.$p_release")"
fi
fail "$rd_why"
