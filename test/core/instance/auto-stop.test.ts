import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const script = join(import.meta.dirname, '../../../core/instance/auto-stop.sh');
const minute = 60;
/** When the machine has booted, in seconds since the epoch. */
const bootedAt = 1_790_000_000;

type Machine = ReturnType<typeof newMachine>;

/** A machine as the script sees it: files below a folder, and a systemctl that notes what it is told. */
function newMachine(given: { idleStop?: string } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'machine-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const read = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '');
  write('run/recode/repository', 'acme/api\n');
  write('run/recode/idle-stop', `${given.idleStop ?? '20'}\n`);
  write('var/log/syslog', '');
  write('bin/systemctl', `#!/bin/sh\necho "$@" >> '${root}/told'\n`);
  execFileSync('chmod', ['755', join(root, 'bin/systemctl')]);
  write('proc/1/cmdline', '/sbin/init\0');
  // What sshd looks like without anybody: it listens, it asks who is there, and it watches for a session.
  write('proc/700/cmdline', 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups\0');
  write('proc/701/cmdline', 'sshd: unknown [net]\0\0\0');
  write('sys/fs/cgroup/init.scope/cpu.stat', 'usage_usec 5000000\nuser_usec 1\n');
  let uptime = 30;
  const cpu: Record<string, number> = {};
  const running = {
    write,
    read,
    /** Lets time pass, without a run: the next one is late. */
    sleep(seconds: number) {
      uptime += seconds;
    },
    /** Runs the script every minute for some minutes. */
    run(minutes = 1) {
      for (let run = 0; run < minutes; run++) {
        uptime += minute;
        write('proc/uptime', `${uptime}.42 12.00\n`);
        write('proc/stat', `cpu  1 2 3\nbtime ${bootedAt}\n`);
        const said = execFileSync('sh', [script], { cwd: root, env: { PATH: `${root}/bin:${process.env.PATH}` }, encoding: 'utf8' });
        expect(said).toBe('');
      }
      return running;
    },
    /** Adds seconds of CPU time to a control group. */
    compute(group: string, seconds: number) {
      cpu[group] = (cpu[group] ?? 0) + seconds * 1_000_000;
      write(`sys/fs/cgroup/${group}/cpu.stat`, `usage_usec ${cpu[group]}\nuser_usec 1\n`);
    },
    /** A connection of a user has moved so many bytes since it began. */
    connection(pid: number, bytes: number, title = 'sshd: recode@pts/0') {
      write(`proc/${pid}/cmdline`, `${title}\0\0\0\0`);
      write(`proc/${pid}/io`, `rchar: ${bytes}\nwchar: 10\nsyscr: 999999\n`);
    },
    /** Somebody types into a terminal. */
    type(terminal: number) {
      write(`dev/pts/${terminal}`, '');
      utimesSync(join(root, `dev/pts/${terminal}`), bootedAt + uptime, bootedAt);
    },
    /** A program prints into a terminal. */
    print(terminal: number) {
      const path = join(root, `dev/pts/${terminal}`);
      const { atimeMs } = statSync(path);
      utimesSync(path, atimeMs / 1000, bootedAt + uptime);
    },
    pathOf: (path: string) => join(root, path),
    /** What a terminal shows. To read it here is not to type. */
    shown(terminal: number) {
      const path = join(root, `dev/pts/${terminal}`);
      const { atimeMs, mtimeMs } = statSync(path);
      const text = read(`dev/pts/${terminal}`);
      utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
      return text;
    },
    off: () => read('told').startsWith('poweroff\n'),
    log: () =>
      read('var/log/recode-idle.log')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replace(/^\S+ /, '')),
  };
  return running;
}

it('powers off when nobody has used the machine for the whole time, and says why', () => {
  const idle = newMachine();
  idle.run(20);
  expect(idle.off()).toBe(false);
  idle.run(1);
  expect(idle.off()).toBe(true);
  expect(idle.log()).toEqual([
    'idle for 5 minutes; it stops after 20 minutes',
    expect.stringMatching(/^warned: Nobody uses this environment: it stops in 11 minutes\./),
    'stopped: idle for 20 minutes',
  ]);
  expect(idle.read('var/log/recode-idle.log')).toMatch(
    new RegExp(`^${new Date((bootedAt + 390) * 1000).toISOString().slice(0, 19)}Z idle`),
  );
});

it('does not power off without an idle time', () => {
  expect(newMachine({ idleStop: 'off' }).run(22).off()).toBe(false);
});

describe('it is use when', () => {
  /** Uses a machine that stops after 15 minutes once every nine. */
  const every = (use: (used: Machine, round: number) => void) => {
    const used = newMachine({ idleStop: '15' });
    for (let round = 0; round < 2; round++) {
      use(used, round);
      used.run(9);
    }
    return used;
  };

  it.each([
    ['somebody connects', (used: Machine, round: number) => used.connection(800 + round, 3000)],
    ['a connection without a terminal moves data', (used, round) => used.connection(800, 10_000 * round, 'sshd: recode')],
    ['a connection of a newer sshd moves data', (used, round) => used.connection(800, 10_000 * round, 'sshd-session: recode@notty')],
    ['somebody types', (used) => used.type(3)],
    ['a session computes', (used) => used.compute('user.slice', 4)],
    ['a container computes', (used) => used.compute('system.slice/docker-abc.scope', 4)],
    ['a container of podman computes', (used) => used.compute('machine.slice', 4)],
  ] as [string, (used: Machine, round: number) => void][])('%s', (_, use) => {
    const used = every(use);
    expect(used.off()).toBe(false);
    expect(used.log().some((line) => line.startsWith('in use: '))).toBe(true);
    expect(used.run(8).off()).toBe(true);
  });

  it.each([
    ['a connection only keeps itself alive', (used: Machine, run: number) => used.connection(800, 5000 + 1500 * run)],
    ['a session computes a little', (used) => used.compute('user.slice', 2)],
    ['services of the system compute', (used) => used.compute('system.slice', 50)],
    ['a terminal is open, and a program prints in it', (used) => used.print(4)],
  ] as [string, (used: Machine, run: number) => void][])('not when %s', (_, idle) => {
    const used = newMachine({ idleStop: '15' });
    used.type(4);
    for (let run = 0; run < 18; run++) {
      idle(used, run);
      used.run();
    }
    expect(used.off()).toBe(true);
  });
});

it('finds out about use between two runs, however late the second one is', () => {
  const late = newMachine();
  late.run(2);
  late.type(1);
  late.sleep(120 * minute);
  expect(late.run(5).off()).toBe(false);
  late.sleep(120 * minute);
  late.run(10);
  expect(late.off()).toBe(false);
  expect(late.run(1).off()).toBe(true);
});

it('does not look at the clock for idleness', () => {
  const moved = newMachine();
  moved.run(10);
  moved.write('proc/stat', `btime ${bootedAt + 86_400}\n`);
  expect(moved.run(9).off()).toBe(false);
});

describe('a warning', () => {
  it('comes once, ten minutes before, on each terminal, with the command that helps', () => {
    const warned = newMachine();
    warned.type(1);
    warned.type(22);
    warned.run(9);
    expect(warned.shown(1)).toBe('');
    warned.run(2);
    const text =
      '\r\n\x07Nobody uses this environment: it stops in 11 minutes. To keep it awake, run: recode aws keep-awake acme/api 2h\r\n';
    expect([warned.shown(1), warned.shown(22)]).toEqual([text, text]);
  });

  it('comes again after the machine has been used meanwhile', () => {
    const warned = newMachine();
    warned.run(15);
    warned.type(1);
    warned.run(9);
    expect(warned.shown(1)).toBe('');
    expect(warned.run(3).shown(1)).toContain('Nobody uses');
  });

  it('does not wait for a terminal that takes nothing', () => {
    const held = newMachine();
    held.write('dev/pts/8', '');
    // Nobody reads from it.
    execFileSync('mkfifo', [held.pathOf('dev/pts/7')]);
    const began = Date.now();
    held.run(10);
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(held.shown(8)).toContain('Nobody uses');
  });

  it('of a stop by the schedule comes once for each time, and not after it was postponed', () => {
    const scheduled = newMachine({ idleStop: 'off' });
    scheduled.type(1);
    const stopIn = (minutes: number) => scheduled.write('run/recode/stop-at', `${bootedAt + 30 + minutes * minute}\n`);
    stopIn(30);
    expect(scheduled.run(18).shown(1)).toBe('');
    stopIn(60);
    expect(scheduled.run(22).shown(1)).toBe('');
    expect(scheduled.run(9).shown(1)).toBe(
      '\r\n\x07This environment stops automatically in 11 minutes. To postpone it, run: recode aws extend acme/api 2h\r\n',
    );
    scheduled.type(1);
    expect(scheduled.run(5).shown(1)).toBe('');
    stopIn(70);
    expect(scheduled.run(5).shown(1)).toContain('stops automatically in 11 minutes');
    scheduled.type(1);
    expect(scheduled.run(15).shown(1)).toBe('');
    expect(scheduled.off()).toBe(false);
  });

  it('of a stop that has not been told, or is over, does not come', () => {
    const scheduled = newMachine({ idleStop: 'off' });
    scheduled.type(1);
    scheduled.write('run/recode/stop-at', '\n');
    scheduled.run(2);
    scheduled.write('run/recode/stop-at', `${bootedAt}\n`);
    expect(scheduled.run(2).shown(1)).toBe('');
  });
});

describe('recode aws keep-awake', () => {
  it('keeps it on for so long, after which the idle time counts again', () => {
    const awake = newMachine();
    awake.run(10);
    awake.write('run/recode/keep-awake', `${60 * minute}\n`);
    awake.type(1);
    awake.run(48);
    expect(awake.shown(1)).toBe('');
    awake.run(3);
    expect(awake.shown(1)).toContain('Nobody uses this environment: it stops in 11 minutes.');
    expect(awake.run(8).off()).toBe(false);
    expect(awake.run(3).off()).toBe(true);
    expect(awake.log()).toContain('kept awake for 60 minutes');
  });

  it('ends with 0', () => {
    const awake = newMachine();
    awake.run(10);
    awake.write('run/recode/keep-awake', `${60 * minute}\n`);
    awake.run(15);
    awake.write('run/recode/keep-awake', '0\n');
    expect(awake.run(13).off()).toBe(true);
    expect(awake.log()).toContain('no longer kept awake');
  });
});

it('takes another idle time at once', () => {
  const changed = newMachine({ idleStop: 'off' });
  changed.run(20);
  changed.write('run/recode/idle-stop', '15\n');
  expect(changed.run(14).off()).toBe(false);
  expect(changed.run(2).off()).toBe(true);
});

it('keeps its log short', () => {
  const logging = newMachine();
  logging.write('var/log/recode-idle.log', 'then line\n'.repeat(5000));
  logging.run(10);
  expect(logging.log()).toHaveLength(200);
});

it('powers off again a minute later if that has not worked', () => {
  const refused = newMachine();
  refused.run(23);
  expect(refused.read('told')).toBe('poweroff\n'.repeat(3));
});
