# Tells what a deploy would meet on this host. It changes nothing, judges nothing, and comes to its end wherever it is run.
#   p_lines p_line_1 …  the command lines that a deploy runs by sudo, how many and which

# No here-documents: some shells write them to a disk, which may be full.

# fact <name> <value> [<key> <text>]…: an event, without a process for what needs none, since there are many.
fact() {
  rd_out="\"name\":\"$1\",\"value\""
  shift
  while :; do
    case $1 in
    *[!A-Za-z0-9_./:@+=,\ -]*) rd_out="$rd_out:\"$(json "$1")\"" ;;
    *) rd_out="$rd_out:\"$1\"" ;;
    esac
    test $# -gt 2 || break
    rd_out="$rd_out,\"$2\""
    shift 2
  done
  printf '\n%s {"event":"fact",%s}\n' "$p_mark" "$rd_out" 2>/dev/null || :
}

yes_if() {
  if "$@" 2>/dev/null; then rd_yes=yes; else rd_yes=no; fi
}

yes_if test -d "${HOME:-/nowhere}"
fact user "$(id -un 2>/dev/null)" home "${HOME:-}" there "$rd_yes"
rd_said=$(uname -rm 2>/dev/null)
fact machine "${rd_said##* }" kernel "${rd_said%% *}"
fact clock "$(date -u +%s 2>/dev/null)" boot "$(boot_id 2>/dev/null)"

rd_said=$(getconf GNU_LIBC_VERSION 2>/dev/null) || rd_said=$(ldd --version 2>&1 | sed -n '1s/^ldd (.*\(GLIBC\|GNU libc\).*) /glibc /p')
case $rd_said in
'glibc '*) fact glibc "${rd_said#glibc }" ;;
*) fact glibc '' ;;
esac

rd_selinux=off
if test -r /sys/fs/selinux/enforce; then
  read -r rd_selinux </sys/fs/selinux/enforce || :
  case $rd_selinux in 1) rd_selinux=enforcing ;; *) rd_selinux=permissive ;; esac
fi
fact selinux "$rd_selinux"

# What the other scripts run.
rd_missing=''
for rd_each in bash cat curl date find flock grep gzip head journalctl ln mkdir mv readlink rm sed sha256sum sleep sudo sync \
  systemctl tail tar timeout tr wc zstd; do
  command -v "$rd_each" >/dev/null 2>&1 || rd_missing="$rd_missing$rd_each "
done
# Some can lock and cannot wait for it.
yes_if flock -s -w 1 8 8</dev/null
fact missing "$rd_missing" flock_waits "$rd_yes"

# Without a folder of its own, the disk that it would be on.
rd_near=$p_root
until test -d "$rd_near" || test -z "$rd_near"; do rd_near=${rd_near%/*}; done
rd_near=${rd_near:-/}
rd_said=$(cd -P "$rd_near" 2>/dev/null && pwd -P)
rd_near=${rd_said:-$rd_near}
rd_said=$(stat -f -c '%a %S %d %c' "$rd_near" 2>/dev/null)
# shellcheck disable=SC2086 # four numbers
set -- $rd_said
fact disk "$rd_near" blocks "${1:-}" block_bytes "${2:-}" inodes "${3:-}" all_inodes "${4:-}"
rd_mount='' rd_options=''
if test -r /proc/self/mounts; then
  while read -r _ rd_point _ rd_each _; do
    case ${rd_near%/}/ in
    "${rd_point%/}/"*)
      # The longest, and of those the last, which lies over the others.
      if test "${#rd_point}" -ge "${#rd_mount}"; then rd_mount=$rd_point rd_options=$rd_each; fi
      ;;
    esac
  done </proc/self/mounts
fi
fact mount "$rd_mount" options "$rd_options"

for rd_each in "$p_root" "$p_root/releases" "$rd_state"; do
  yes_if test -d "$rd_each"
  rd_there=$rd_yes
  yes_if test -w "$rd_each"
  rd_owner=''
  test "$rd_there$rd_yes" != yesno || rd_owner=$(stat -c %U "$rd_each" 2>/dev/null)
  fact folder "$rd_each" there "$rd_there" writable "$rd_yes" owner "$rd_owner"
done

rd_units='' rd_sockets='' rd_port='' rd_path=''
yes_if test -r "$p_conf"
fact conf-file "$p_conf" there "$rd_yes"
if test "$rd_yes" = yes && test -f "$p_conf"; then
  while IFS= read -r rd_each || test -n "$rd_each"; do
    case $rd_each in
    units=*) rd_units=${rd_each#*=} ;;
    sockets=*) rd_sockets=${rd_each#*=} ;;
    port=*) rd_port=${rd_each#*=} ;;
    health=*) rd_path=${rd_each#*=} ;;
    esac
    fact conf "$rd_each"
  done <"$p_conf"
fi

rd_guard=${p_guard:-/usr/local/libexec/rust-deploy/guard}
rd_version=''
yes_if test -x "$rd_guard"
if test -f "$rd_guard" && test -r "$rd_guard"; then
  # It stands in one of the comments at the beginning.
  while read -r rd_each; do
    case $rd_each in
    '# rust-deploy guard '*)
      rd_version=${rd_each##* }
      break
      ;;
    '#'*) ;;
    *) break ;;
    esac
  done <"$rd_guard"
fi
fact guard "$rd_version" file "$rd_guard" there "$rd_yes"

# Of one unit: what was gathered of it, under the name that was asked for.
tell_unit() {
  fact unit "$1" load "$rd_load" active "$rd_active" sub "$rd_sub" file "$rd_file" type "$rd_type" user "$rd_user" \
    program "$rd_program" starts "$rd_starts" environment "$rd_environment" restarts "$rd_restarts" invocation "$rd_invocation"
}
forget_unit() {
  rd_load='' rd_active='' rd_sub='' rd_file='' rd_type='' rd_user='' rd_program='' rd_starts='' rd_environment='' rd_restarts=''
  rd_invocation=''
}
rd_said=$(systemctl --version 2>/dev/null)
rd_said=${rd_said#systemd }
yes_if test -d /run/systemd/system
fact systemd "${rd_said%% *}" running "$rd_yes"
if test "$rd_yes" = yes; then
  set -- "rust-deploy-guard@$p_app.path" "rust-deploy-guard@$p_app.service" "$p_app-smoke.service" "$p_app-migrate.service"
  for rd_each in $rd_units; do set -- "$@" "$rd_each.service"; done
  for rd_each in $rd_sockets; do set -- "$@" "$rd_each.socket"; done
  systemctl show -p LoadState,ActiveState,SubState,UnitFileState,Type,User,ExecStart,EnvironmentFiles,NRestarts,InvocationID \
    "$@" 2>/dev/null | {
    forget_unit
    while IFS='=' read -r rd_key rd_value; do
      case $rd_key in
      '')
        # They come in the order in which they were asked for, with an empty line between.
        tell_unit "${1:-}"
        test $# -eq 0 || shift
        forget_unit
        ;;
      LoadState) rd_load=$rd_value ;;
      ActiveState) rd_active=$rd_value ;;
      SubState) rd_sub=$rd_value ;;
      UnitFileState) rd_file=$rd_value ;;
      Type) rd_type=$rd_value ;;
      User) rd_user=$rd_value ;;
      ExecStart)
        # { path=… ; argv[]=… ; …
        rd_program=${rd_value#*path=}
        rd_program=${rd_program%% ; *}
        rd_starts=${rd_value#*argv\[]=}
        rd_starts=${rd_starts%% ; *}
        ;;
      EnvironmentFiles) rd_environment="$rd_environment${rd_value% (*} " ;;
      NRestarts) rd_restarts=$rd_value ;;
      InvocationID) rd_invocation=$rd_value ;;
      esac
    done
    test -z "$rd_load" || tell_unit "${1:-}"
  }
fi

rd_said=$(readlink "$p_root/current" 2>/dev/null)
if test -n "$rd_said" || test -e "$p_root/current"; then
  yes_if test -d "$p_root/current/."
  fact current "$rd_said" there "$rd_yes"
fi
for rd_each in "$p_root"/releases/*; do
  test -d "$rd_each" || continue
  if test -f "$rd_each/release.json"; then head -c 4000 "$rd_each/release.json" 2>/dev/null; fi | {
    rd_sha='' rd_inside=no
    while IFS= read -r rd_text; do
      case $rd_inside$rd_text in
      no*'"binary": {'*) rd_inside=yes ;;
      yes*'"sha256": "'*)
        rd_sha=${rd_text#*'"sha256": "'}
        rd_sha=${rd_sha%%\"*}
        break
        ;;
      esac
    done
    fact release "${rd_each##*/}" sha256 "$rd_sha"
  }
done

if read_lease 2>/dev/null; then
  fact lease "$lease_holder" since "$lease_since" release "$lease_release" seconds "$((lease_deadline - $(uptime_seconds)))"
fi
for rd_each in "$rd_state"/pending "$rd_state"/reverting.*; do
  if test -e "$rd_each"; then
    rd_id='' rd_boot_then='' rd_previous='' rd_deadline=''
    if test -f "$rd_each" && test -r "$rd_each"; then
      {
        read -r rd_id
        read -r rd_boot_then
        read -r rd_previous
      } <"$rd_each"
    fi
    if test -r "$rd_state/deadline.$rd_id"; then read -r rd_deadline <"$rd_state/deadline.$rd_id" || :; fi
    # After a reboot its time is over.
    test "$rd_boot_then" = "$(boot_id)" || rd_deadline=0
    case $rd_deadline in '' | *[!0-9]*) rd_deadline=0 ;; esac
    rd_left=$((rd_deadline - $(uptime_seconds)))
    rd_name=${rd_each##*/}
    fact undecided "${rd_name%%.*}" release "$rd_id" previous "$rd_previous" seconds "$rd_left"
  fi
done
if test -e "$rd_state/frozen"; then fact frozen "$(head -c 1000 "$rd_state/frozen" 2>/dev/null)"; fi

if command -v sudo >/dev/null 2>&1; then
  # With one line that needs no password sudo lists all of them without one: what each needs stands in the list.
  rd_said=$(sudo -n -l </dev/null 2>&1)
  rd_code=$?
  fact sudo "$rd_code" said "$rd_said"
  rd_list=$(printf '%s\n' "$rd_said" | while read -r rd_rule; do
    case $rd_rule in '(root) '* | '(ALL) '* | '(ALL : ALL) '*) printf ' %s,' "${rd_rule#*) }" ;; esac
  done)
  rd_at=1
  set -f
  while test "$rd_code" -eq 0 && test "$rd_at" -le "${p_lines:-0}"; do
    eval "rd_line=\${p_line_$rd_at:-}"
    case $rd_list in
    # Only sudo knows what exceptions and patterns mean.
    *!*) rd_yes=no ;;
    *" $rd_line,"*) rd_yes=yes ;;
    *) rd_yes=no ;;
    esac
    # shellcheck disable=SC2086 # the words of a command line
    test "$rd_yes" = yes || yes_if sudo -n -l $rd_line </dev/null >/dev/null
    fact sudo-line "$rd_line" allowed "$rd_yes"
    rd_at=$((rd_at + 1))
  done
  set +f
fi

if test -n "$rd_port" && test -n "$rd_path" && test -e "$p_root/current/."; then
  ask "$rd_port" "$rd_path"
  fact health "$http_status" port "$rd_port" path "$rd_path" said "$(printf '%s' "$http_body" | head -c 300)"
fi
finish
