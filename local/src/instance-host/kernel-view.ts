import type { UserConnection } from './connection.ts';

/** What the kernel of an instance shows of it: files and links by absolute path. */
export interface KernelView {
  readonly files: ReadonlyMap<string, string>;
  readonly links: ReadonlyMap<string, string>;
}

/** What the view is made of. */
export interface Activity {
  /** Milliseconds since the epoch. */
  readonly bootedAt: number;
  readonly now: number;
  /** The connections, by the process IDs of the sshd that serves each. */
  readonly connections: ReadonlyMap<number, UserConnection>;
  /** The CPU time of the processes of users, in microseconds. */
  readonly cpuMicroseconds: number;
  /** The numbers of the pseudo-terminals. */
  readonly terminals: readonly number[];
}

/**
 * The files of `/proc`, `/sys` and `/dev` by which programs see who uses a machine. There is no more in them: the other processes are those
 * of the real machine.
 * https://man7.org/linux/man-pages/man5/proc.5.html, https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu
 */
export function kernelView({ bootedAt, now, connections, cpuMicroseconds, terminals }: Activity): KernelView {
  const files = new Map([
    ['/proc/uptime', `${((now - bootedAt) / 1000).toFixed(2)} 0.00\n`],
    ['/proc/stat', `btime ${Math.floor(bootedAt / 1000)}\n`],
    ['/sys/fs/cgroup/user.slice/cpu.stat', `usage_usec ${cpuMicroseconds}\n`],
  ]);
  for (const [pid, { user, sessions, traffic }] of connections) {
    files.set(`/proc/${pid}/cmdline`, `sshd: ${user}${sessionsOf(sessions)}\0`);
    files.set(`/proc/${pid}/io`, `rchar: ${traffic.bytesRead}\nwchar: ${traffic.bytesWritten}\n`);
  }
  return { files, links: new Map(terminals.map((number) => [`/dev/pts/${number}`, `/dev/pts/${number}`])) };
}

/** As session_proctitle in https://github.com/openssh/openssh-portable/blob/master/session.c names them. */
function sessionsOf(sessions: UserConnection['sessions']): string {
  if (sessions.size === 0) return '';
  return `@${[...sessions].flatMap(({ terminal }) => terminal ?? []).join(',') || 'notty'}`;
}
