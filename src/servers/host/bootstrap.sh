# Prepares a server for deploys of one app, as root. What is as it should be is left alone; everything that can be refused is
# refused before the first change. The files come on the standard input, each with a line before and a line behind it.
#   p_deploy_user p_service_user
#   p_units             the names of the service units
#   p_socket            the unit whose port systemd holds, or nothing
#   p_dry_run p_adopt   `yes`: change nothing; take over files that others wrote

rd_end='END-OF-RUST-DEPLOY-FILE'
rd_changes=0

# changing <what> <name> [<key> <text>]…: tells of a change; whoever asks makes it, unless this is a dry run.
changing() {
  rd_changes=$((rd_changes + 1))
  rd_what=$1 rd_name=$2
  shift 2
  if test "$p_dry_run" = yes; then
    event would what "$rd_what" name "$rd_name" "$@"
    return 1
  fi
  event did what "$rd_what" name "$rd_name" "$@"
}

must() {
  rd_said=$("$@" 2>&1 </dev/null) || fail "$*: $rd_said"
}

same() {
  test "$(cat "$1" && echo .)" = "$(cat "$2" && echo .)"
}

# The files of the payload, under numbers; `list` says where each belongs.
receive() {
  : >"$rd_stage/list"
  : >"$rd_stage/unit-names"
  mkdir "$rd_stage/units"
  rd_number=0
  while read -r rd_kind rd_mode rd_owner rd_path; do
    rd_number=$((rd_number + 1))
    case $rd_kind in
    file)
      rd_file=$rd_stage/$rd_number
      case $rd_path in
      /etc/systemd/system/*)
        rd_file=$rd_stage/units/${rd_path##*/}
        printf '%s\n' "${rd_path##*/}" >>"$rd_stage/unit-names"
        ;;
      esac
      printf '%s %s %s %s\n' "$rd_mode" "$rd_owner" "$rd_path" "$rd_file" >>"$rd_stage/list"
      ;;
    *) rd_file=$rd_stage/$rd_kind ;;
    esac
    while IFS= read -r rd_line && test "$rd_line" != "$rd_end"; do printf '%s\n' "$rd_line"; done >"$rd_file"
  done
}

need_programs() {
  test "$(id -u)" = 0 || refuse not-root user "$(id -un)"
  test -d /run/systemd/system || refuse no-systemd
  rd_missing=''
  for rd_program in systemctl systemd-run systemd-analyze visudo useradd usermod runuser flock tar gzip sha256sum; do
    command -v "$rd_program" >/dev/null 2>&1 || rd_missing="$rd_missing $rd_program"
  done
  # The lines of sudoers name it there.
  test -x /usr/bin/systemctl || rd_missing="$rd_missing /usr/bin/systemctl"
  test -z "$rd_missing" || refuse missing-programs programs "${rd_missing# }"
}

need_users() {
  for rd_user in "$p_deploy_user" "$p_service_user"; do
    rd_id=$(id -u "$rd_user" 2>/dev/null)
    test "$rd_id" != 0 || refuse user-is-root user "$rd_user"
  done
}

# A folder of somebody else's is not taken from them.
need_folders() {
  for rd_path in "$p_root" "$p_root/releases" "$p_root/.rust-deploy"; do
    test -e "$rd_path" || continue
    rd_user=$(stat -c %U "$rd_path")
    case $rd_user in
    "$p_deploy_user") ;;
    root) test "$rd_path" = "$p_root" || refuse foreign-folder path "$rd_path" user "$rd_user" ;;
    *) refuse foreign-folder path "$rd_path" user "$rd_user" ;;
    esac
  done
}

# What this host cannot do is found out with a program that does nothing: all lines at once, or else one after another.
starts_with() {
  set -- --quiet --wait --collect -p User=nobody
  while IFS= read -r rd_line; do set -- "$@" -p "$rd_line"; done <"$rd_stage/tried"
  rd_said=$(systemd-run "$@" /bin/true 2>&1 </dev/null)
}

probe_hardening() {
  cp "$rd_stage/hardening" "$rd_stage/tried"
  : >"$rd_stage/left-out"
  if starts_with; then return; fi
  : >"$rd_stage/kept"
  while IFS= read -r rd_setting <&3; do
    { cat "$rd_stage/kept" && printf '%s\n' "$rd_setting"; } >"$rd_stage/tried"
    if starts_with; then
      cp "$rd_stage/tried" "$rd_stage/kept"
    else
      rd_code=$?
      printf '%s\n' "$rd_setting" >>"$rd_stage/left-out"
      event left-out line "$rd_setting" code "$rd_code" why "$rd_said"
    fi
  done 3<"$rd_stage/hardening"
  test -s "$rd_stage/left-out" || return
  for rd_file in "$rd_stage"/units/*.service; do
    grep -vxF -f "$rd_stage/left-out" "$rd_file" >"$rd_stage/kept"
    cp "$rd_stage/kept" "$rd_file"
  done
}

# Only what is said of our own units counts; that a program is not there yet is no fault of theirs.
verify_units() {
  set --
  while read -r rd_unit; do set -- "$@" "$rd_stage/units/$rd_unit"; done <"$rd_stage/unit-names"
  rd_said=$(systemd-analyze verify --man=no "$@" 2>&1 </dev/null |
    grep -F -e "$rd_stage" -f "$rd_stage/unit-names" |
    grep -v -e "Command /srv/$p_app/[a-z]*/[^ ]* is not executable: No such file" \
      -e 'Command /usr/local/libexec/rust-deploy/guard is not executable: No such file')
  test -z "$rd_said" || refuse units-wrong said "$rd_said"
}

verify_sudoers() {
  while read -r _ _ rd_path rd_file; do
    case $rd_path in
    /etc/sudoers.d/*) rd_said=$(visudo -cf "$rd_file" 2>&1) || refuse sudoers-wrong said "$rd_said" ;;
    esac
  done <"$rd_stage/list"
}

# found <path>: where something of this name is already. Of units, systemd knows more folders than one.
found() {
  if test -e "$1" || test -L "$1"; then
    printf '%s' "$1"
    return
  fi
  case $1 in /etc/systemd/system/*) ;; *) return ;; esac
  for rd_folder in /run/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
    if test -e "$rd_folder/${1##*/}"; then
      printf '%s' "$rd_folder/${1##*/}"
      return
    fi
  done
}

mark_of() {
  sed -n '/^# rust-deploy wrote this file for /{p;q;}' "$1"
}

is_ours_to_write() {
  test "$(mark_of "$1")" = "$(mark_of "$2")"
}

need_no_foreign_files() {
  rd_foreign=''
  while read -r _ _ rd_path rd_file; do
    rd_there=$(found "$rd_path")
    if test -z "$rd_there" || is_ours_to_write "$rd_there" "$rd_file"; then continue; fi
    event foreign path "$rd_there" diff "$(diff -u "$rd_there" "$rd_file" 2>&1 | head -c 16000)"
    rd_foreign="$rd_foreign $rd_there"
  done <"$rd_stage/list"
  if test -n "$rd_foreign" && test "$p_adopt" != yes; then refuse foreign-files files "${rd_foreign# }"; fi
}

make_user() {
  id "$1" >/dev/null 2>&1 && return
  if changing user "$1"; then
    rd_user=$1
    shift
    must useradd --system "$@" "$rd_user"
  fi
}

make_users() {
  # Nobody knows a password of it, but unlike `!` this does not lock it for keys where sshd asks no PAM.
  make_user "$p_deploy_user" --create-home --shell /bin/sh --password '*'
  make_user "$p_service_user" --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin
  # A release that does not start is explained by its journal.
  case " $(id -Gn "$p_deploy_user" 2>/dev/null) " in
  *' systemd-journal '*) ;;
  *)
    if getent group systemd-journal >/dev/null && changing group "$p_deploy_user in systemd-journal"; then
      must usermod -aG systemd-journal "$p_deploy_user"
    fi
    ;;
  esac
}

# Where the deploy user may put links, root does not go: there it acts as that user.
as_deploy_user() {
  runuser -u "$p_deploy_user" -- "$@"
}

make_folders() {
  if test ! -d "$p_root" && changing folder "$p_root"; then must mkdir -p "$p_root"; fi
  if test "$(stat -L -c %U "$p_root" 2>/dev/null)" != "$p_deploy_user" && changing owner "$p_root" to "$p_deploy_user"; then
    must chown "$p_deploy_user:$(id -gn "$p_deploy_user")" "$p_root"
    must chmod 755 "$p_root"
  fi
  for rd_folder in releases:755 .rust-deploy:700; do
    rd_path=$p_root/${rd_folder%:*}
    if test ! -d "$rd_path" && changing folder "$rd_path"; then
      must as_deploy_user mkdir -m "${rd_folder#*:}" "$rd_path"
    fi
  done
}

# Keys are only ever added. Nothing but commands is allowed to them: no forwarding, no terminal.
authorize() {
  rd_home=$(getent passwd "$p_deploy_user" | cut -d: -f6)
  rd_keys=$rd_home/.ssh/authorized_keys
  while read -r rd_type rd_key rd_comment <&3; do
    if test -n "$rd_home" && as_deploy_user cat "$rd_keys" 2>/dev/null | grep -v '^ *#' | grep -qF "$rd_key"; then continue; fi
    changing key "$rd_type ${rd_comment:-without a comment}" || continue
    # shellcheck disable=SC2016
    must as_deploy_user sh -c 'umask 077 && mkdir -p "${1%/*}" &&
      { test ! -s "$1" || test -z "$(tail -c 1 "$1")" || echo >>"$1"; } && printf "%s\n" "$2" >>"$1"' \
      sh "$rd_keys" "restrict $rd_type $rd_key${rd_comment:+ $rd_comment}"
  done 3<"$rd_stage/keys"
}

# write <mode> <owner> <path> <file>: by a rename, so that nobody ever reads half of it.
write() {
  must cp "$4" "$3.new"
  must chown "$2" "$3.new"
  must chmod "$1" "$3.new"
  must mv -f "$3.new" "$3"
}

write_files() {
  rd_units_changed=''
  while read -r rd_mode rd_owner rd_path rd_file <&3; do
    rd_diff=''
    if test -f "$rd_path" && test ! -L "$rd_path"; then
      if same "$rd_path" "$rd_file" && test "$(stat -c '%a %U:%G' "$rd_path")" = "$rd_mode $rd_owner"; then continue; fi
      rd_diff=$(diff -u "$rd_path" "$rd_file" 2>&1 | head -c 16000)
    fi
    changing file "$rd_path" diff "$rd_diff" || continue
    must mkdir -p "${rd_path%/*}"
    if { test -e "$rd_path" || test -L "$rd_path"; } && ! is_ours_to_write "$rd_path" "$rd_file"; then
      # Neither systemd nor sudo reads a file of such a name.
      must mv -f "$rd_path" "$rd_path.before-rust-deploy"
      event kept path "$rd_path.before-rust-deploy"
    fi
    write "$rd_mode" "$rd_owner" "$rd_path" "$rd_file"
    case $rd_path in
    /etc/systemd/system/*) rd_units_changed="$rd_units_changed ${rd_path##*/}" ;;
    esac
  done 3<"$rd_stage/list"
}

reload() {
  test "$p_dry_run" = yes || must systemctl daemon-reload
}

# An earlier run may have died before it told systemd.
knows_old_units() {
  while read -r rd_unit <&3; do
    test "$(systemctl show -p NeedDaemonReload --value "$rd_unit" 2>/dev/null)" != yes || return 0
  done 3<"$rd_stage/unit-names"
  return 1
}

# Units of an earlier plan that are in this one no more.
retire_units() {
  for rd_unit in $rd_units_before; do
    rd_path=/etc/systemd/system/$rd_unit
    if test ! -f "$rd_path" || grep -qxF "$rd_unit" "$rd_stage/unit-names"; then continue; fi
    if test "$(mark_of "$rd_path")" != "$(mark_of "$rd_stage/units/$p_app-smoke.service")"; then continue; fi
    if changing retired "$rd_unit"; then
      systemctl --quiet disable --now "$rd_unit" 2>/dev/null
      must rm -f "$rd_path"
      reload
    fi
  done
}

start_units() {
  rd_enabled="rust-deploy-guard@$p_app.path"
  test -z "$p_socket" || rd_enabled="$rd_enabled $p_socket.socket"
  rd_started=$rd_enabled
  for rd_unit in $p_units; do rd_enabled="$rd_enabled $rd_unit.service"; done
  for rd_unit in $rd_enabled; do
    systemctl is-enabled --quiet "$rd_unit" 2>/dev/null && continue
    if changing enabled "$rd_unit"; then must systemctl --quiet enable "$rd_unit"; fi
  done
  for rd_unit in $rd_units_changed; do
    systemctl is-active --quiet "$rd_unit" || continue
    case $rd_unit in
    *.path) must systemctl restart "$rd_unit" ;;
    # What serves is not disturbed. A deploy restarts services, but no socket.
    *.socket) event restart-needed unit "$rd_unit" ;;
    esac
  done
  for rd_unit in $rd_started; do
    systemctl is-active --quiet "$rd_unit" && continue
    # A socket without a release would take connections that nobody serves: its unit waits for one.
    case $rd_unit in
    *.socket)
      test -e "$p_root/current" || continue
      # It cannot have the port that its service has opened; the next restart gives it over.
      if systemctl is-active --quiet "${rd_unit%.socket}.service"; then
        event restart-needed unit "${rd_unit%.socket}.service"
        continue
      fi
      ;;
    esac
    if changing started "$rd_unit"; then must systemctl start "$rd_unit"; fi
  done
}

prove_rights() {
  test "$p_dry_run" != yes || return
  for rd_unit in $p_units; do
    rd_said=$(as_deploy_user sudo -n -l /usr/bin/systemctl restart "$rd_unit.service" 2>&1 </dev/null) ||
      fail "sudo does not let $p_deploy_user restart $rd_unit.service, see whether /etc/sudoers includes /etc/sudoers.d: $rd_said"
  done
}

fact() {
  event fact name "$1" value "$2"
}

tell_facts() {
  rd_machine=$(uname -m)
  rd_libc=$(getconf GNU_LIBC_VERSION 2>/dev/null)
  rd_kind=gnu
  test -n "$rd_libc" || rd_kind=musl
  case $rd_machine in
  armv7l) rd_machine=armv7 rd_kind=${rd_kind}eabihf ;;
  riscv64) rd_machine=riscv64gc ;;
  esac
  fact target "$rd_machine-unknown-linux-$rd_kind"
  fact libc "${rd_libc:-musl}"
  for rd_file in /etc/ssh/ssh_host_*_key.pub; do
    test -f "$rd_file" || continue
    read -r rd_type rd_key _ <"$rd_file"
    fact host-key "$rd_type $rd_key"
    fact host-key-fingerprint "$(ssh-keygen -lf "$rd_file" 2>/dev/null | cut -d' ' -f2)"
  done
  while read -r rd_unit; do
    for rd_file in "/etc/systemd/system/$rd_unit.d"/*.conf; do
      if test -f "$rd_file"; then event drop-in path "$rd_file"; fi
    done
  done <"$rd_stage/unit-names"
  for rd_unit in $p_units; do
    test "$p_dry_run" != yes || continue
    rd_said=$(systemd-analyze security --no-pager "$rd_unit.service" 2>/dev/null |
      sed -n 's/.*Overall exposure level for [^:]*: \([0-9.]* [A-Z]*\).*/\1/p')
    event exposure unit "$rd_unit.service" score "$rd_said"
  done
}

rd_stage=$(mktemp -d) || fail 'no temporary folder could be made'
trap 'rm -rf "$rd_stage"' EXIT
rd_units_before=''
for rd_unit in $(conf units); do rd_units_before="$rd_units_before $rd_unit.service"; done
for rd_unit in $(conf sockets); do rd_units_before="$rd_units_before $rd_unit.socket"; done

receive
need_programs
need_users
need_folders
need_no_foreign_files
verify_sudoers
probe_hardening
verify_units

make_users
make_folders
authorize
write_files
if test -n "$rd_units_changed"; then
  reload
elif knows_old_units && changing reloaded systemd; then
  reload
fi
retire_units
start_units
prove_rights
tell_facts
test "$rd_changes" -gt 0 || event unchanged
finish
