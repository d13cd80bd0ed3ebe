#!/bin/sh
# Usage: install.sh [install | upgrade | uninstall] [OPTIONS]
#
#   install     (default) puts everything in place; the first time, enables and starts the service
#   upgrade     puts another version in place; units that run are restarted if the binary changed, and get the old one
#               back if they do not become ready
#   uninstall   stops the service and removes all but configuration and state
#
#   --binary FILE    the program (default: honua-configd beside this script, else dist/honua-configd)
#   --runnable FILE  prints the manual page, completions and starter if --binary is for another machine
#   --prefix DIR     the directory of the program (default: /usr/local)
#   --no-start       install: neither enable nor start the service
#   --purge          uninstall: remove configuration, state and the user too
#   --dry-run        print the steps, and do nothing
#
# Run twice it changes nothing, and a file that an operator wrote is never overwritten. With the environment variable
# DESTDIR, for a package, all goes below that directory, and no user, unit or process is touched.
# Exit codes: 0 done, 2 wrong usage, 3 something could not be used.
set -eu

# The one list of the installed files: KIND MODE USER GROUP PLACE SOURCE. A `file` is replaced by every run that brings
# another; a `starter` and the rights of a `directory` are the operator's from the first day on. An uninstallation has
# no need of the shipped files: it keeps or purges the directories, and removes the examples as a whole.
list() {
  if [ "$command" != uninstall ]; then
    # For a package only the files in /etc: its tmpfiles.d makes the rest.
    awk -v "places=^${destdir:+/etc/}" '$1 == "d" && $2 ~ places { gsub(":", ""); print "directory", $3, $4, $5, $2 }' \
      "$shipped/tmpfiles.d/honua-configd.conf"
    (cd "$shipped/examples" && find . -type f) | while IFS= read -r example; do
      printf 'file 644 root root %s/%s %s\n' "$examples" "${example#./}" "$shipped/examples/$example"
    done
  fi
  cat <<EOF
file 755 root root $prefix/bin/honua-configd $binary
file 644 root root $unit_dir/honua-configd.service $work/honua-configd.service
file 644 root root $unit_dir/honua-configd@.service $work/honua-configd@.service
file 644 root root $conf_dir/sysusers.d/honua-configd.conf $shipped/sysusers.d/honua-configd.conf
file 644 root root $conf_dir/tmpfiles.d/honua-configd.conf $shipped/tmpfiles.d/honua-configd.conf
file 644 root root $rules_dir/50-honua-configd.rules $shipped/polkit/50-honua-configd.rules
file 644 root root $prefix/share/man/man1/honua-configd.1 $work/man
file 644 root root $prefix/share/bash-completion/completions/honua-configd $work/completion bash
file 644 root root $prefix/share/zsh/site-functions/_honua-configd $work/completion zsh
file 644 root root $prefix/share/fish/vendor_completions.d/honua-configd.fish $work/completion fish
starter 640 root honua-configd /etc/honua-configd/options.json $shipped/options.json
starter 640 root honua-configd /etc/honua/config.hcl $work/init -
starter 644 root root /etc/polkit-1/rules.d/50-honua-configd-units.rules $shipped/polkit/50-honua-configd-units.rules
EOF
}

# each FUNCTION: calls it for each line of the list, with the columns in variables.
each() {
  while read -r kind mode user group place source; do
    # Owners are for a host: a package sets its own, and the user may not exist on the machine that builds it.
    [ -z "$destdir" ] || user=
    rights="$mode${user:+ $user:$group}"
    file=$destdir$place
    new=${file%/*}/.${file##*/}.new
    previous=${file%/*}/.${file##*/}.previous
    "$1"
  done <<EOF
$(list)
EOF
}

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  put_back
  exit "${2:-3}"
}

note() {
  printf '%s\n' "$1"
}

# try STEP COMMAND...: names the step and does it; with --dry-run only names it.
try() {
  what=$1
  shift
  changes=$((changes + 1))
  note "${dry_run:+Would }$what"
  [ -n "$dry_run" ] || "$@"
}

change() {
  try "$@" || fail "Could not $what: see above; mend it and run this again"
}

# Makes the files of this installation in a temporary directory; texts that the program cannot print are left out.
stage() {
  work=$(mktemp -d) || fail "Cannot make a temporary directory: set TMPDIR to one that can be written to"
  for unit in honua-configd.service honua-configd@.service; do
    sed "s|/usr/bin/honua-configd|$prefix/bin/honua-configd|" "$shipped/$unit" >"$work/$unit" ||
      fail "Cannot write to $work: set TMPDIR to a directory with room"
  done
  for words in man "completion bash" "completion zsh" "completion fish" "init -"; do
    # shellcheck disable=SC2086 # They are arguments.
    if ! "$runnable" $words >"$work/$words" 2>/dev/null </dev/null; then
      rm -f "$work/$words"
      note "Left out: $runnable does not answer to \`$words\`"
    fi
  done
  # No starter if the daemon's search would find a source; another deployment environment's counts too.
  for found in "$destdir"/etc/honua/honua.hcl "$destdir"/etc/honua/honua.honua "$destdir"/etc/honua/honua.*.hcl \
    "$destdir"/etc/honua/honua.*.honua; do
    [ ! -f "$found" ] || rm -f "$work/init -"
  done
}

make_user() {
  getent group honua-configd >/dev/null || groupadd --system honua-configd || return 1
  useradd --system --gid honua-configd --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin \
    --comment "Honua configuration daemon" honua-configd
}

install_one() {
  case $kind in
    directory)
      [ -d "$file" ] ||
        change "make the directory $file ($rights)" install -d -m "$mode" ${user:+-o "$user" -g "$group"} "$file"
      ;;
    starter)
      if [ "$command" = upgrade ] || [ -e "$file" ] || [ -L "$file" ] || [ ! -f "$source" ]; then return 0; fi
      change "install $file ($rights), which is yours from now on" put
      ;;
    file) install_file ;;
  esac
}

install_file() {
  if [ -e "$previous" ]; then
    note "An earlier run was interrupted: $file counts as changed"
    replaced=yes binary_changed=yes
  fi
  [ -f "$source" ] || return 0
  if [ -f "$file" ] && cmp -s "$source" "$file"; then
    [ "$(stat -c "%a${user:+ %U:%G}" "$file")" != "$rights" ] || return 0
  elif [ "$place" = "$prefix/bin/honua-configd" ]; then
    binary_changed=yes
  fi
  verb=replace
  [ -e "$file" ] || verb=install
  case $place in "$unit_dir"/*) units_changed=yes ;; esac
  change "$verb $file ($rights)" put
}

# By a rename, so that a reader or a running program never sees half of it. A disk that is full stops the copy half-way:
# the file $fresh is removed at the exit.
put() {
  fresh=$new
  install -D -m "$mode" ${user:+-o "$user" -g "$group"} "$source" "$fresh" || return 1
  if [ -e "$file" ] && [ -z "$destdir" ]; then
    replaced=yes
    # One that an interrupted run left is the last that is known to have worked.
    [ -e "$previous" ] || ln "$file" "$previous" || return 1
  fi
  mv -f "$fresh" "$file"
}

forget_previous() {
  rm -f "$previous"
}

restore_previous() {
  [ ! -e "$previous" ] || mv -f "$previous" "$file" ||
    printf 'install.sh: Could not: the old file is %s\n' "$previous" >&2
}

# Takes back the replacements of this run, and restarts the running units; nothing to do before the first replacement.
put_back() {
  [ -z "$dry_run" ] || return 0
  # Not yet enabled: the next run is the first that brings the service.
  if [ -n "$is_first" ] && [ -z "$is_enabled" ]; then rm -f "$destdir$unit_dir/honua-configd.service"; fi
  [ -n "$replaced" ] || return 0
  printf 'install.sh: Putting the previous version back\n' >&2
  each restore_previous
  replaced=
  [ -n "$booted" ] || return 0
  systemctl daemon-reload || true
  for unit in $restarted; do
    systemctl restart "$unit" || printf 'install.sh: %s does not start: journalctl -u %s -e\n' "$unit" "$unit" >&2
  done
}

# The daemon's units that run. One that is `not-found` is no more than a name in another unit's Wants= or After=.
running_units() {
  [ -n "$booted" ] || return 0
  systemctl list-units --all --plain --no-legend honua-configd.service 'honua-configd@*.service' |
    awk '$2 != "not-found" && $3 ~ /^(active|reloading|activating)$/ { print $1 }'
}

# The daemon's units that start with the machine.
enabled_units() {
  [ -z "$systemctl" ] || find /etc/systemd/system -path '*.wants/honua-configd[.@]*' -exec basename '{}' ';'
}

activate() {
  if [ -z "$systemctl" ]; then
    note "Skipped: there is no systemctl here, so nothing is enabled or started"
    return 0
  fi
  running=$(running_units)
  if [ -n "$units_changed" ] && [ -n "$booted" ]; then change "read the units again" systemctl daemon-reload; fi
  if [ -n "$binary_changed" ]; then
    for unit in $running; do restart; done
  elif [ -n "$units_changed" ] && [ -n "$running" ]; then
    note "The units changed and the binary did not: they count when the service is restarted"
  fi
  [ "$command$start" != installyes ] || start
  is_enabled=yes
}

restart() {
  was_well=$(systemctl is-active "$unit") || was_well=
  restarted="$restarted $unit"
  # systemctl returns when the unit is ready, or failed, or took longer than TimeoutStartSec.
  try "restart $unit, and wait until it is ready" systemctl restart "$unit" &&
    { [ -n "$dry_run" ] || systemctl is-active --quiet "$unit"; } && return 0
  [ -z "$was_well" ] || fail "$unit did not become ready with the new version: journalctl -u $unit -e says why"
  fail_later="$fail_later $unit"
}

# Only the run that brings the service enables and starts it: a unit that an operator disabled or stopped later stays
# so.
start() {
  unit=honua-configd.service
  if [ -n "$is_first" ]; then
    change "enable $unit" systemctl --quiet enable $unit
    is_enabled=yes
  elif ! state=$(systemctl is-enabled $unit 2>/dev/null); then
    remedy="systemctl enable --now $unit starts it"
    case $state in masked*) remedy="systemctl unmask $unit frees it" ;; esac
    note "Left as it is: $unit is ${state:-disabled}; $remedy"
    return 0
  fi
  case " $restarted " in *" $unit "*) return 0 ;; esac
  if [ -z "$booted" ]; then
    note "Skipped: systemd does not run here, so nothing is started; the service starts with the machine"
  elif [ -n "$is_first" ]; then
    try "start $unit, and wait until it is ready" systemctl start $unit || fail_later="$fail_later $unit"
  elif ! state=$(systemctl is-active $unit); then
    note "Left as it is: $unit is enabled and $state; systemctl start $unit starts it"
  fi
}

install_or_upgrade() {
  [ -f "$shipped/honua-configd.service" ] ||
    fail "There is no directory systemd with the units beside $here: copy it there from the release"
  [ -f "$binary" ] || fail "There is no program $binary: name it with --binary"
  if [ -z "$destdir" ] && ! "$binary" version >/dev/null 2>&1; then
    fail "$binary does not run here (\`$binary version\` fails): is it executable, and for this machine and its libc?"
  fi
  if [ "$command" = upgrade ] && [ ! -e "$destdir$prefix/bin/honua-configd" ]; then
    fail "There is no $destdir$prefix/bin/honua-configd to upgrade: run install.sh install, or name its --prefix"
  fi
  [ -e "$destdir$unit_dir/honua-configd.service" ] || is_first=yes
  stage
  [ -n "$destdir" ] || id honua-configd >/dev/null 2>&1 || change "make the user honua-configd" make_user
  each install_one
  [ -n "$destdir" ] || activate
  # From here on the new version is the one that is known to work.
  replaced=
  [ -n "$dry_run" ] || each forget_previous
  [ -z "$fail_later" ] ||
    fail "Installed, but not running:$fail_later. journalctl -u honua-configd -e and \`honua-configd doctor\` say why"
}

# remove PATH...: removes those that exist, and the directories above that are empty then.
remove() {
  for path in "$@"; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    change "remove $path" rm -rf "$path"
    [ -n "$dry_run" ] || prune "${path%/*}"
  done
}

prune() {
  case ${1#"$destdir"} in
    # Every system has these.
    /etc/* | /run | /var/* | "$prefix" | /usr/share/polkit-1/*) ;;
    /usr/local/bin | /usr/local/lib | /usr/local/share | /usr/local/share/man) ;;
    *) if rmdir "$1" 2>/dev/null; then prune "${1%/*}"; fi ;;
  esac
}

remove_one() {
  remove "$new"
  [ "$kind" = starter ] || remove "$file" "$previous"
}

# The source is the servers' configuration: only an untouched starter is removed.
remove_source() {
  program=$destdir$prefix/bin/honua-configd
  [ -x "$program" ] || program=$binary
  source=$destdir/etc/honua/config.hcl
  if [ -s "$source" ] && "$program" init - 2>/dev/null </dev/null | cmp -s - "$source"; then
    remove "$source"
  elif [ -d "${source%/*}" ]; then
    note "Kept: ${source%/*}, the configuration of the servers"
  fi
}

uninstall() {
  for unit in $({ running_units; enabled_units; } | sort -u); do
    change "stop and disable $unit" systemctl --quiet disable ${booted:+--now} "$unit"
  done
  [ -z "$purge" ] || remove_source
  each remove_one
  remove "$destdir$examples"
  [ -n "$destdir" ] || remove /run/honua-configd
  if [ -n "$booted" ] && [ "$changes" -gt 0 ]; then
    change "read the units again" systemctl daemon-reload
    [ -n "$dry_run" ] || systemctl reset-failed honua-configd.service 'honua-configd@*.service' 2>/dev/null || true
  fi
  if [ -z "$purge" ]; then
    [ "$changes" -eq 0 ] ||
      note "Kept: configuration in /etc, state in /var/lib/honua-configd, and the user that it belongs to (see --purge)"
    return 0
  fi
  remove "$destdir/etc/honua-configd" "$destdir/etc/polkit-1/rules.d/50-honua-configd-units.rules" \
    "$destdir/var/lib/honua-configd" "$destdir"/etc/systemd/system/honua-configd.service.d \
    "$destdir"/etc/systemd/system/honua-configd@*.service.d
  [ -n "$dry_run" ] || rmdir "$destdir/etc/honua" 2>/dev/null || true
  if [ -z "$destdir" ] && id honua-configd >/dev/null 2>&1; then
    change "remove the user honua-configd" userdel honua-configd
  fi
}

parse() {
  case ${1:-} in install | upgrade | uninstall) command=$1 && shift ;; esac
  while [ $# -gt 0 ]; do
    case $1 in
      --binary | --runnable | --prefix)
        [ $# -gt 1 ] || fail "$1 needs a value (see --help)" 2
        # A file without a directory would be looked for in PATH.
        case $2 in */*) value=$2 ;; *) value=./$2 ;; esac
        case $1 in --binary) binary=$value ;; --runnable) runnable=$value ;; --prefix) prefix=${value%/} ;; esac
        shift
        ;;
      --no-start) start=no ;;
      --purge) purge=yes ;;
      --dry-run) dry_run=yes ;;
      -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" && exit 0 ;;
      *) fail "What is $1? (see --help)" 2 ;;
    esac
    shift
  done
  case $prefix in
    # They are part of units and of sed's expression.
    "" | [!/]* | *[!A-Za-z0-9._/+-]*) fail "--prefix is an absolute path of letters, digits and ._/+- only" 2 ;;
    # systemd and polkit look in the directories of /usr, but only systemd in those of /usr/local.
    /usr) unit_dir=/usr/lib/systemd/system conf_dir=/usr/lib rules_dir=/usr/share/polkit-1/rules.d ;;
    /usr/local) unit_dir=/usr/local/lib/systemd/system conf_dir=/usr/local/lib ;;
  esac
  examples=$prefix/share/doc/honua-configd/examples
}

examine_host() {
  if [ "$(id -u)" != 0 ] && [ -z "$dry_run" ]; then
    fail "Run this as root, or with --dry-run to see the steps"
  elif dpkg-query -W -f '${db:Status-Abbrev}' honua-configd 2>/dev/null | grep -q '^i'; then
    fail "The Debian package honua-configd is installed: use apt, or remove the package first"
  fi
  systemctl=$(command -v systemctl) || true
  [ -z "$systemctl" ] || [ ! -d /run/systemd/system ] || booted=yes
}

# The kernel forgets the lock of a run that is killed. Only root may open the file: another user could hold the lock.
take_lock() {
  lock=${destdir:-/run}/.honua-configd-install.lock
  (mkdir -p "${lock%/*}" && umask 077 && : >>"$lock") || fail "Cannot write $lock: see above"
  exec 9>>"$lock"
  flock -n 9 || fail "Another run of install.sh is at work: wait for its end, or see above"
  lock_file=$lock
}

here=$(cd "$(dirname "$0")" && pwd)
shipped=$here/systemd binary=$here/honua-configd runnable=''
[ -d "$shipped" ] || shipped=$here/../systemd
[ -f "$binary" ] || binary=$here/../dist/honua-configd
destdir=${DESTDIR:-}
destdir=${destdir%/}
command=install prefix=/usr/local start=yes systemctl='' dry_run='' purge='' work='' fresh='' lock_file=''
unit_dir=/etc/systemd/system conf_dir=/etc rules_dir=/etc/polkit-1/rules.d
changes=0 replaced='' restarted='' fail_later='' binary_changed='' units_changed='' booted='' is_first='' is_enabled=''
umask 022
parse "$@"
runnable=${runnable:-$binary}
trap 'rm -rf "$work" "$fresh" "$lock_file"' EXIT
trap 'fail "Interrupted"' HUP INT TERM
[ -n "$destdir" ] || examine_host
[ -n "$dry_run" ] || take_lock
case $command in
  uninstall) uninstall ;;
  *) install_or_upgrade ;;
esac
outcome="Done"
[ -z "$dry_run" ] || outcome="Nothing was changed: this was a dry run"
[ "$changes" -gt 0 ] || outcome="Nothing to change: all is as it should be"
note "$outcome"
