# Powers this machine off when nobody uses it, and warns people before any automatic stop. A timer runs it every minute,
# in /: all paths are relative. Time is the uptime, in seconds, which no change of the clock moves.
set -u
here=run/recode
log=var/log/recode-idle.log
notice=600

# The first line of a file; empty without one.
value() {
  text=
  [ ! -f "$here/$1" ] || read -r text <"$here/$1"
  echo "$text"
}

say() {
  { tail -n 199 "$log" 2>/dev/null; echo "$(date -u -d "@$clock" +%FT%TZ) $1"; } >"$log.next" && mv -f "$log.next" "$log"
}

# Says what it thinks of the machine, if it has thought otherwise before.
think() {
  [ "$1" != "$thought" ] || return 0
  thought=$1
  say "$2"
}

# A terminal that is held with Ctrl-S takes nothing: it must not hold this up.
warn() {
  say "warned: $1"
  for terminal in dev/pts/[0-9]*; do
    printf '\r\n\a%s\r\n' "$1" |
      timeout 1 dd of="$terminal" oflag=append,nonblock,noctty conv=notrunc,nocreat status=none 2>/dev/null
  done
}

# What grows or changes with use, one "path value" a line: what sshd moves for each connection of a user, when somebody
# typed last into a terminal, and the CPU time of all sessions and containers.
counters() {
  for process in proc/[0-9]*; do
    title=
    read -r title 2>/dev/null <"$process/cmdline"
    case $title in
    sshd*\[*) ;; # it listens, or nobody has logged in yet
    'sshd: '* | 'sshd-session: '*) awk -v "path=$process" '/^[rw]char:/ { sum += $2 } END { print path, sum + 0 }' "$process/io" ;;
    esac
  done
  stat -L -c '%n %X' dev/pts/[0-9]*
  grep -s '^usage_usec ' /dev/null sys/fs/cgroup/*/cpu.stat sys/fs/cgroup/system.slice/*.scope/cpu.stat |
    grep -v -e '/system.slice/cpu.stat:' -e '/init.scope/'
}

# What has been used since the last look, if anything: a new connection, one that moved more than 4 KiB a minute, which
# the keep-alives of a client do not, a key typed, or more than 5 % of a CPU.
used_since() {
  awk -v "seconds=$1" '
    FILENAME == ARGV[1] { before[$1] = $2; next }
    /^proc/ { used = !($1 in before) || $2 - before[$1] > 4096 / 60 * seconds }
    /^dev/ { used = $2 != before[$1] }
    /^sys/ { used = $2 - before[$1] > 50000 * seconds }
    used { print $1; exit }
  ' "$here/counters" "$here/counters.next"
}

read -r uptime _ <proc/uptime
now=${uptime%.*}
clock=$(($(sed -n 's/^btime //p' proc/stat) + now))
repository=$(value repository)
looked=$now used=$now awake=0 warned=0 warned_of='' thought=''
# shellcheck source=/dev/null
[ ! -f "$here/state" ] || . "$here/state"

# `recode aws keep-awake` leaves for how long.
asked=$(value keep-awake)
if [ -n "$asked" ]; then
  rm -f "$here/keep-awake"
  awake=$((now + asked))
  if [ "$asked" -gt 0 ]; then say "kept awake for $((asked / 60)) minutes"; else say 'no longer kept awake'; fi
fi

# The stop of the schedule comes from outside. What the CLI knew of it last is in a file.
stop_at=$(value stop-at)
if [ -n "$stop_at" ] && [ "$stop_at" != "$warned_of" ]; then
  left=$((stop_at - clock))
  if [ "$left" -gt 0 ] && [ "$left" -le $((notice + 60)) ]; then
    warned_of=$stop_at
    warn "This environment stops automatically in $(((left + 30) / 60)) minutes. To postpone it, run: recode aws extend $repository 2h"
  fi
fi

idle_stop=$(value idle-stop)
case $idle_stop in
'' | off)
  used=$now warned=0
  rm -f "$here/counters"
  think off 'not watched: idle stop is off'
  ;;
*)
  [ -f "$here/counters" ] || : >"$here/counters"
  counters >"$here/counters.next" 2>/dev/null
  by=$(used_since $((now - looked)))
  mv -f "$here/counters.next" "$here/counters"
  [ -z "$by" ] || used=$now
  idle=$((now - used))
  left=$((idle_stop * 60 - idle))
  [ $((awake - now)) -le "$left" ] || left=$((awake - now))
  if [ -n "$by" ]; then
    think used "in use: $by"
  elif [ "$idle" -ge 300 ]; then
    think idle "idle for $((idle / 60)) minutes; it stops after $idle_stop minutes"
  fi
  if [ "$left" -gt $((notice + 60)) ]; then
    warned=0
  elif [ "$warned" = 0 ]; then
    warned=$now
    warn "Nobody uses this environment: it stops in $(((left > notice ? left : notice) / 60)) minutes. To keep it awake, run: recode aws keep-awake $repository 2h"
  elif [ "$left" -le 0 ] && [ $((now - warned)) -ge $notice ]; then
    think stop "stopped: idle for $((idle / 60)) minutes"
    systemctl poweroff
  fi
  ;;
esac

cat >"$here/state.next" <<END
looked=$now used=$used awake=$awake warned=$warned warned_of='$warned_of' thought='$thought'
END
mv -f "$here/state.next" "$here/state"
