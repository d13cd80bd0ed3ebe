#!/bin/sh
# Installs, upgrades and removes honua-configd on a host with systemd, or lays its files out for a package (DESTDIR). Run
# twice it changes nothing; what an operator wrote is never overwritten; an upgrade whose daemon does not become ready is
# taken back. Exit codes are the program's: 0 done, 2 wrong usage, 3 something could not be used.
set -eu

usage() {
  cat <<'EOF'
Usage: install.sh [install | upgrade | uninstall] [OPTIONS]

  install     (default) puts everything in place; the first time, enables and starts the service
  upgrade     puts a newer version in place; units that run are restarted if the binary changed, and get the old one
              back if they do not become ready
  uninstall   stops the service and removes all but configuration and state

  --binary FILE    the program (default: honua-configd beside this script, else dist/honua-configd)
  --runnable FILE  prints the manual page, completions and starter where --binary is for another machine
  --prefix DIR     where the program goes (default: /usr/local)
  --no-start       install: neither enable nor start the service
  --purge          uninstall: remove configuration, state and the user too
  --dry-run        print what would be done, and do nothing
  -h, --help       print this

With the environment variable DESTDIR all goes below that directory, and no user, unit or process is touched.
EOF
}

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  put_back
  exit "${2:-3}"
}

# change WHAT COMMAND...: says what is done and does it; with --dry-run only says it.
change() {
  what=$1
  shift
  changes=$((changes + 1))
  if [ "$dry_run" = yes ]; then
    printf 'Would %s\n' "$what"
    return
  fi
  printf '%s\n' "$what"
  "$@" || fail "Could not $what: see above; mend it and run this again"
}

note() {
  printf '%s\n' "$1"
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# The one list of what is installed, a line a file: SOURCE|TARGET|MODE. Sources are made by `stage`, or are shipped.
files() {
  cat <<EOF
$binary|$prefix/bin/honua-configd|755
$work/honua-configd.service|$unit_dir/honua-configd.service|644
$work/honua-configd@.service|$unit_dir/honua-configd@.service|644
$shipped/sysusers.d/honua-configd.conf|$conf_dir/sysusers.d/honua-configd.conf|644
$shipped/tmpfiles.d/honua-configd.conf|$conf_dir/tmpfiles.d/honua-configd.conf|644
$shipped/polkit/50-honua-configd.rules|$rules_dir/50-honua-configd.rules|644
$work/man|$prefix/share/man/man1/honua-configd.1|644
$work/bash|$prefix/share/bash-completion/completions/honua-configd|644
$work/zsh|$prefix/share/zsh/site-functions/_honua-configd|644
$work/fish|$prefix/share/fish/vendor_completions.d/honua-configd.fish|644
EOF
  for example in $examples; do
    printf '%s|%s|644\n' "$shipped/examples/$example" "$prefix/share/doc/honua-configd/examples/$example"
  done
}

examples='honua-server-restart.path honua-server-restart.service honua-server.service.d/snapshot.conf
honua-server@.service.d/snapshot.conf nginx-honua.conf
honua-configd.service.d/encrypted-credentials.conf honua-configd.service.d/large-hooks.conf
honua-configd.service.d/signal-hooks.conf honua-configd.service.d/snapshot-elsewhere.conf
honua-configd.service.d/source-in-home.conf honua-configd.service.d/writing-hooks.conf'

# What belongs to the operator from its first day on: SOURCE|TARGET|MODE|GROUP. An upgrade makes none of it.
starters() {
  cat <<EOF
$shipped/options.json|/etc/honua-configd/options.json|640|honua-configd
$shipped/polkit/50-honua-configd-units.rules|/etc/polkit-1/rules.d/50-honua-configd-units.rules|644|root
EOF
  has_source || printf '%s|/etc/honua/config.hcl|640|honua-configd\n' "$work/source"
}

# MODE|OWNER|GROUP|DIRECTORY; the modes of what is there already are the operator's, and stay.
directories() {
  cat <<EOF
755|root|root|/etc/honua
750|root|honua-configd|/etc/honua-configd
700|root|root|/etc/honua-configd/credentials
EOF
  [ -n "$destdir" ] || cat <<EOF
750|honua-configd|honua-configd|/var/lib/honua-configd
750|honua-configd|honua-configd|/run/honua-configd
EOF
}

# Whether the daemon's search would find a source; another deployment environment's counts too.
has_source() {
  for found in "$destdir"/etc/honua/honua.hcl "$destdir"/etc/honua/honua.honua "$destdir"/etc/honua/honua.*.hcl \
    "$destdir"/etc/honua/honua.*.honua "$destdir"/etc/honua/config.hcl; do
    [ ! -f "$found" ] || return 0
  done
  return 1
}

# systemd and polkit look in the directories of /usr and, of /usr/local, systemd alone does.
choose_directories() {
  case $prefix in
    /usr | /usr/local) unit_dir=$prefix/lib/systemd/system conf_dir=$prefix/lib ;;
    *) unit_dir=/etc/systemd/system conf_dir=/etc ;;
  esac
  case $prefix in
    /usr) rules_dir=/usr/share/polkit-1/rules.d ;;
    *) rules_dir=/etc/polkit-1/rules.d ;;
  esac
}

find_shipped() {
  here=$(cd "$(dirname "$0")" && pwd)
  for shipped in "$here/systemd" "$here/../systemd"; do
    [ ! -f "$shipped/honua-configd.service" ] || return 0
  done
  fail "There is no directory systemd with the units beside $here: copy it there from the release"
}

find_binary() {
  if [ -z "$binary" ]; then
    for binary in "$here/honua-configd" "$here/../dist/honua-configd"; do
      [ ! -f "$binary" ] || break
    done
  fi
  [ -f "$binary" ] || fail "There is no program $binary: name it with --binary"
  [ -n "$runnable" ] || runnable=$binary
  case $binary in */*) ;; *) binary=./$binary ;; esac
  case $runnable in */*) ;; *) runnable=./$runnable ;; esac
  if [ -z "$destdir" ] && ! "$binary" version >/dev/null 2>&1; then
    fail "$binary does not run here (\`$binary version\` fails): is it executable, and for this machine and its libc?"
  fi
}

# What is made for this installation, in a temporary directory; a program that cannot print it leaves it out.
stage() {
  work=$(mktemp -d) || fail "Cannot make a temporary directory: set TMPDIR to one that can be written to"
  for unit in honua-configd.service honua-configd@.service; do
    sed "s|/usr/bin/honua-configd|$prefix/bin/honua-configd|" "$shipped/$unit" >"$work/$unit" ||
      fail "Cannot write to $work: set TMPDIR to a directory with room"
  done
  stage_text man man
  for shell in bash zsh fish; do stage_text "$shell" completion "$shell"; done
  stage_text source init -
}

stage_text() {
  name=$1
  shift
  if ! "$runnable" "$@" >"$work/$name" 2>/dev/null </dev/null; then
    rm -f "$work/$name"
    note "Left out: $runnable does not answer to \`$*\`"
  fi
}

state_of() {
  stat -c '%a %U %G' "$1"
}

# make_directory MODE OWNER GROUP DIRECTORY
make_directory() {
  [ ! -d "$destdir$4" ] || return 0
  change "make the directory $destdir$4 ($1$(owned " $2:$3"))" new_directory "$@"
}

new_directory() {
  mkdir -p "$destdir$4" && chmod "$1" "$destdir$4" && own "$2:$3" "$destdir$4"
}

# Owners are for a host: a package sets its own, and the user may not exist where it is built.
own() {
  [ -n "$destdir" ] || chown "$1" "$2"
}

# What is said of owners: nothing where none are set.
owned() {
  [ -n "$destdir" ] || printf '%s' "$1"
}

previous_of() {
  printf '%s/.%s.previous' "${1%/*}" "${1##*/}"
}

fresh_of() {
  printf '%s/.%s.new' "${1%/*}" "${1##*/}"
}

# put_file SOURCE TARGET MODE: replaces it by a rename, so that a reader or a running program never sees half of it.
put_file() {
  target=$destdir$2
  [ -f "$1" ] || return 0
  if [ -f "$target" ] && cmp -s "$1" "$target"; then
    case $(state_of "$target") in "$3 root root") return 0 ;; esac
    if [ "$(stat -c %a "$target")" != "$3" ]; then change "set the mode of $target to $3" chmod "$3" "$target"; fi
    if [ -z "$destdir" ] && [ "$(stat -c %U:%G "$target")" != root:root ]; then
      change "give $target to root" chown root:root "$target"
    fi
    return 0
  fi
  case $2 in
    */bin/honua-configd) binary_changed=yes ;;
    "$unit_dir"/*) units_changed=yes ;;
  esac
  case $2 in "$unit_dir"/honua-configd.service) [ -e "$target" ] || is_first=yes ;; esac
  verb=install
  [ ! -e "$target" ] || verb=replace
  change "$verb $target ($3)" replace_file "$1" "$target" "$3"
}

replace_file() {
  write_fresh "$1" "$2" "$3" root:root || return 1
  if [ -z "$destdir" ]; then keep_previous "$2" || return 1; fi
  mv -f "$fresh" "$2" && fresh=
}

# write_fresh SOURCE TARGET MODE OWNER: the whole file beside its place. A disk that is full stops it half-way: what
# $fresh names is removed at the exit.
write_fresh() {
  mkdir -p "${2%/*}" || return 1
  fresh=$(fresh_of "$2")
  cp "$1" "$fresh" && chmod "$3" "$fresh" && own "$4" "$fresh"
}

# One that an interrupted run left is the last that is known to have worked, and is kept in its place.
keep_previous() {
  [ -e "$1" ] || return 0
  if [ ! -e "$(previous_of "$1")" ] && ! ln "$1" "$(previous_of "$1")" 2>/dev/null; then
    unsure=$(previous_of "$1")
    cp -p "$1" "$unsure" || return 1
    unsure=
  fi
  replaced="$replaced$1
"
}

find_interrupted() {
  while IFS='|' read -r _ file _; do
    [ -e "$(previous_of "$file")" ] || continue
    note "An earlier run was interrupted: $file counts as changed"
    replaced="$replaced$file
"
    binary_changed=yes
  done <<EOF
$(files)
EOF
}

each_replaced() {
  while IFS= read -r file; do
    [ -z "$file" ] || "$1" "$file" || return 1
  done <<EOF
$replaced
EOF
}

restore_one() {
  previous=$(previous_of "$1")
  [ ! -e "$previous" ] || mv -f "$previous" "$1"
}

forget_one() {
  rm -f "$(previous_of "$1")"
}

# Takes back what this run replaced, and restarts what runs; nothing to do before the first replacement.
put_back() {
  # Not yet enabled: the next run is the first that brings the service.
  if [ "$is_first$is_enabled$dry_run" = yesnono ]; then rm -f "$destdir$unit_dir/honua-configd.service"; fi
  if [ -z "$replaced" ] || [ "$dry_run" = yes ]; then return 0; fi
  printf 'install.sh: Putting the previous version back\n' >&2
  each_replaced restore_one || printf 'install.sh: Could not: the old files are those named .NAME.previous\n' >&2
  replaced=
  [ "$booted" = yes ] || return 0
  systemctl daemon-reload || true
  for unit in $restarted; do
    systemctl restart "$unit" || printf 'install.sh: %s does not start: journalctl -u %s -e\n' "$unit" "$unit" >&2
  done
}

make_user() {
  if id honua-configd >/dev/null 2>&1; then return 0; fi
  if has systemd-sysusers; then
    change "make the user honua-configd" env SYSTEMD_LOG_LEVEL=warning \
      systemd-sysusers "$shipped/sysusers.d/honua-configd.conf"
  elif has useradd; then
    change "make the user honua-configd" add_user
  else
    fail "There is neither systemd-sysusers nor useradd: make the system user and group honua-configd by hand"
  fi
}

add_user() {
  getent group honua-configd >/dev/null || groupadd --system honua-configd || return 1
  useradd --system --gid honua-configd --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin \
    --comment "Honua configuration daemon" honua-configd
}

put_all() {
  while IFS='|' read -r mode owner group directory; do
    make_directory "$mode" "$owner" "$group" "$directory"
  done <<EOF
$(directories)
EOF
  while IFS='|' read -r source target mode; do
    put_file "$source" "$target" "$mode"
  done <<EOF
$(files)
EOF
  [ "$command" = install ] || return 0
  while IFS='|' read -r source target mode group; do
    put_starter "$source" "$target" "$mode" "$group"
  done <<EOF
$(starters)
EOF
}

put_starter() {
  if [ -e "$destdir$2" ] || [ -L "$destdir$2" ] || [ ! -f "$1" ]; then return 0; fi
  change "install $destdir$2 ($3$(owned " root:$4")), which is yours from now on" new_starter "$@"
}

new_starter() {
  write_fresh "$1" "$destdir$2" "$3" "root:$4" && mv -f "$fresh" "$destdir$2" && fresh=
}

# The daemon's units by the states that are asked for (an extended regular expression). One that is `not-found` is no
# more than a name in another unit's Wants= or After=.
units_in_state() {
  [ "$booted" = yes ] || return 0
  systemctl list-units --all --plain --no-legend honua-configd.service 'honua-configd@*.service' |
    awk -v "states=^($1)\$" '$2 != "not-found" && $3 ~ states { print $1 }'
}

# `systemctl restart` returns when the unit told that it is ready, or failed, or took longer than TimeoutStartSec.
restart_running() {
  for unit in $running; do
    restarted="$restarted $unit"
    if [ "$dry_run" = yes ]; then
      change "restart $unit" true
      continue
    fi
    changes=$((changes + 1))
    note "restart $unit, and wait until it is ready"
    if systemctl restart "$unit" && systemctl is-active --quiet "$unit"; then continue; fi
    case " $healthy " in
      *" $unit "*) fail "$unit did not become ready with the new version: journalctl -u $unit -e says why" ;;
      *) fail_later="$fail_later $unit" ;;
    esac
  done
}

activate() {
  if [ -n "$destdir" ]; then
    return 0
  elif ! has systemctl; then
    note "Skipped: there is no systemctl here, so nothing is enabled or started"
    return 0
  fi
  if [ "$units_changed" = yes ] && [ "$booted" = yes ]; then change "read the units again" systemctl daemon-reload; fi
  if [ "$command" = install ] && [ "$start" = yes ]; then enable_service; fi
  is_enabled=yes
  if [ "$booted" = no ]; then
    [ "$start" = no ] || note "Skipped: systemd does not run here, so nothing is started; the service starts with the machine"
    return 0
  fi
  if [ "$binary_changed" = yes ]; then
    restart_running
  elif [ "$units_changed" = yes ] && [ -n "$running" ]; then
    note "The units changed and the binary did not: they count when the service is restarted"
  fi
  if [ "$command" = install ] && [ "$start" = yes ]; then start_service; fi
}

# Only the run that brings the service enables and starts it: what an operator disabled or stopped later stays so.
enable_service() {
  if state=$(systemctl is-enabled honua-configd.service 2>/dev/null); then return 0; fi
  if [ "$is_first" = yes ]; then
    change "enable honua-configd.service" systemctl --quiet enable honua-configd.service
  else
    remedy="systemctl enable --now honua-configd.service starts it"
    case $state in masked*) remedy="systemctl unmask honua-configd.service frees it" ;; esac
    note "Left as it is: honua-configd.service is ${state:-disabled}; $remedy"
  fi
}

start_service() {
  case " $restarted " in *" honua-configd.service "*) return 0 ;; esac
  if state=$(systemctl is-active honua-configd.service); then return 0; fi
  if [ "$is_first" = no ]; then
    if systemctl is-enabled --quiet honua-configd.service 2>/dev/null; then
      note "Left as it is: honua-configd.service is enabled and $state; systemctl start honua-configd.service starts it"
    fi
  elif [ "$dry_run" = yes ]; then
    change "start honua-configd.service" true
  else
    changes=$((changes + 1))
    note "start honua-configd.service, and wait until it is ready"
    systemctl start honua-configd.service || fail_later="$fail_later honua-configd.service"
  fi
}

install_or_upgrade() {
  find_shipped
  find_binary
  if [ "$command" = upgrade ] && [ ! -e "$destdir$prefix/bin/honua-configd" ]; then
    fail "There is no $destdir$prefix/bin/honua-configd to upgrade: run install.sh install, or name its --prefix"
  fi
  stage
  running=$(units_in_state 'active|reloading|activating')
  healthy=$(units_in_state 'active|reloading' | tr '\n' ' ')
  [ -n "$destdir" ] || find_interrupted
  [ -n "$destdir" ] || make_user
  put_all
  activate
  # From here on the new version is the one that is known to work.
  [ "$dry_run" = yes ] || each_replaced forget_one
  replaced=
  if [ -n "$fail_later" ]; then
    fail "Installed, but not running:$fail_later. journalctl -u honua-configd -e and \`honua-configd doctor\` say why"
  fi
  conclude
}

conclude() {
  if [ "$changes" -eq 0 ]; then
    note "Nothing to change: all is as it should be"
  elif [ "$dry_run" = yes ]; then
    note "Nothing was changed: this was a dry run"
  else
    note "Done"
  fi
}

# Instances that run, and those that start with the machine.
instances() {
  units_in_state '.*'
  for link in /etc/systemd/system/*.wants/honua-configd.service /etc/systemd/system/*.wants/honua-configd@*.service; do
    [ ! -L "$link" ] || printf '%s\n' "${link##*/}"
  done
}

stop_all() {
  if [ -n "$destdir" ] || ! has systemctl; then return 0; fi
  for unit in $(instances | sort -u); do
    now=
    [ "$booted" = no ] || now=--now
    # shellcheck disable=SC2086 # No option where there is none.
    change "stop and disable $unit" systemctl --quiet disable $now "$unit"
  done
}

remove_all() {
  while IFS='|' read -r _ target _; do
    for file in "$destdir$target" "$(previous_of "$destdir$target")" "$(fresh_of "$destdir$target")"; do
      if [ -e "$file" ] || [ -L "$file" ]; then
        change "remove $file" rm -f "$file"
        [ "$dry_run" = yes ] || prune "${file%/*}"
      fi
    done
  done <<EOF
$(files)
EOF
  while IFS='|' read -r _ target _; do
    file=$(fresh_of "$destdir$target")
    [ ! -e "$file" ] || change "remove $file" rm -f "$file"
  done <<EOF
$(starters)
EOF
  if [ -z "$destdir" ] && [ -d /run/honua-configd ]; then
    change "remove /run/honua-configd" rm -rf /run/honua-configd
  fi
}

# Removes directories that are empty now, and none that every system has.
prune() {
  directory=$1
  while :; do
    case ${directory#"$destdir"} in
      "" | /etc | /etc/* | "$prefix" | /usr/share/polkit-1/*) return 0 ;;
      /usr/local/bin | /usr/local/lib | /usr/local/share | /usr/local/share/man) return 0 ;;
    esac
    rmdir "$directory" 2>/dev/null || return 0
    directory=${directory%/*}
  done
}

# The source is the servers' configuration: only an untouched starter is removed.
purge_all() {
  source=$destdir/etc/honua/config.hcl
  if [ -f "$source" ] && [ -n "$work" ] && cmp -s "$work/source" "$source"; then
    change "remove $source" rm -f "$source"
  elif [ -d "$destdir/etc/honua" ]; then
    note "Kept: $destdir/etc/honua, the configuration of the servers"
  fi
  for path in "$destdir/etc/honua-configd" "$destdir/etc/polkit-1/rules.d/50-honua-configd-units.rules" \
    "$destdir/var/lib/honua-configd" "$destdir/etc/systemd/system/honua-configd.service.d" \
    "$destdir"/etc/systemd/system/honua-configd@*.service.d; do
    [ ! -e "$path" ] || change "remove $path" rm -rf "$path"
  done
  if [ "$dry_run" = no ] && [ -d "$destdir/etc/honua" ]; then rmdir "$destdir/etc/honua" 2>/dev/null || true; fi
  if [ -z "$destdir" ] && id honua-configd >/dev/null 2>&1; then
    change "remove the user honua-configd" userdel honua-configd
  fi
}

# What prints the starter, to see whether it was edited: where the program is gone already, the one to install does.
stage_starter() {
  here=$(cd "$(dirname "$0")" && pwd)
  for runnable in "$destdir$prefix/bin/honua-configd" "$binary" "$here/honua-configd" "$here/../dist/honua-configd"; do
    [ -x "$runnable" ] || continue
    work=$(mktemp -d) || fail "Cannot make a temporary directory: set TMPDIR to one that can be written to"
    stage_text source init -
    return 0
  done
}

uninstall() {
  if [ "$purge" = yes ]; then stage_starter; fi
  binary='' shipped=''
  stop_all
  remove_all
  if [ "$booted" = yes ] && [ "$changes" -gt 0 ]; then
    change "read the units again" systemctl daemon-reload
    [ "$dry_run" = yes ] || systemctl reset-failed honua-configd.service 'honua-configd@*.service' 2>/dev/null || true
  fi
  if [ "$purge" = yes ]; then
    purge_all
  elif [ "$changes" -gt 0 ]; then
    note "Kept: configuration in /etc, state in /var/lib/honua-configd, and the user that it belongs to (--purge removes them)"
  fi
  conclude
}

parse() {
  case ${1:-} in
    install | upgrade | uninstall)
      command=$1
      shift
      ;;
  esac
  while [ $# -gt 0 ]; do
    case $1 in
      --binary | --runnable | --prefix)
        [ $# -gt 1 ] || fail "$1 needs a value (see --help)" 2
        case $1 in --binary) binary=$2 ;; --runnable) runnable=$2 ;; --prefix) prefix=${2%/} ;; esac
        shift
        ;;
      --no-start) start=no ;;
      --purge) purge=yes ;;
      --dry-run) dry_run=yes ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) fail "What is $1? (see --help)" 2 ;;
    esac
    shift
  done
  case $prefix in
    /*) ;;
    *) fail "--prefix is an absolute path, such as /usr/local" 2 ;;
  esac
  # They stand in units and in sed's expression.
  case $prefix in *[!A-Za-z0-9._/+-]*) fail "--prefix may have letters, digits and . _ / + - alone" 2 ;; esac
}

refuse_strangers() {
  [ -z "$destdir" ] || return 0
  if [ "$(id -u)" != 0 ] && [ "$dry_run" = no ]; then
    fail "Run this as root, or with --dry-run to see what it would do"
  fi
  if has dpkg-query && dpkg-query -W -f '${db:Status-Abbrev}' honua-configd 2>/dev/null | grep -q '^i'; then
    fail "The Debian package honua-configd is installed: use apt, or remove the package first"
  fi
}

# A symbolic link is made by one call that fails where there is one, and its target says whose it is.
take_lock() {
  lock_file=${destdir:-/run}/.honua-configd-install.lock
  mkdir -p "${lock_file%/*}" || fail "Cannot make ${lock_file%/*}: see above"
  if ! ln -s "$$" "$lock_file" 2>/dev/null; then
    holder=$(readlink "$lock_file") || fail "Cannot write to ${lock_file%/*}: is it read-only or full?"
    if kill -0 "$holder" 2>/dev/null; then
      fail "Another run of install.sh, process $holder, is at work: wait for its end (if it is none, remove $lock_file)"
    fi
    # It was killed.
    rm -f "$lock_file"
    ln -s "$$" "$lock_file" 2>/dev/null || fail "Another run of install.sh is at work: wait for its end"
  fi
  is_locked=yes
}

clean_up() {
  [ -z "$work" ] || rm -rf "$work"
  [ -z "$fresh" ] || rm -f "$fresh"
  [ -z "$unsure" ] || rm -f "$unsure"
  [ "$is_locked" = no ] || rm -f "$lock_file"
}

command=install prefix=/usr/local binary='' runnable='' dry_run=no purge=no start=yes work='' shipped='' here=''
destdir=${DESTDIR:-}
destdir=${destdir%/}
changes=0 replaced='' restarted='' running='' healthy='' fail_later='' binary_changed=no units_changed=no booted=no
fresh='' unsure='' is_first=no is_enabled=no is_locked=no
umask 022
parse "$@"
choose_directories
if [ -z "$destdir" ] && [ -d /run/systemd/system ] && has systemctl; then booted=yes; fi
trap clean_up EXIT
trap 'fail "Interrupted"' HUP INT TERM
refuse_strangers
[ "$dry_run" = yes ] || take_lock
case $command in
  uninstall) uninstall ;;
  *) install_or_upgrade ;;
esac
