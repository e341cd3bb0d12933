import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Situation, Thought } from './idle-model.ts';
import type { Random } from './random.ts';

/** Keeps so many of the situations it is shown, each with the same probability. */
export function createSample(size: number, random: Random) {
  const kept: Situation[] = [];
  let seen = 0;
  return {
    kept: kept as readonly Situation[],
    seen: () => seen,
    show(situation: Situation) {
      seen += 1;
      if (kept.length < size) kept.push(situation);
      else {
        const place = Math.floor(random.between(0, seen));
        if (place < size) kept[place] = situation;
      }
    },
  };
}

/** In seconds since the epoch. */
const bootedAt = 1_835_000_000;

/** What the script decides in a situation. It runs in a folder that looks like the machine. */
export function scriptThinks(script: string, { before, look }: Situation): Thought {
  const root = mkdtempSync(join(tmpdir(), 'machine-'));
  try {
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    const read = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '');
    const elapsed = look.now - before.looked;
    write('bin/systemctl', `#!/bin/sh\necho "$@" > '${root}/told'\n`);
    execFileSync('chmod', ['755', join(root, 'bin/systemctl')]);
    write('run/recode/repository', 'acme/api\n');
    write('run/recode/idle-stop', `${look.idleStop}\n`);
    if (look.asked !== undefined) write('run/recode/keep-awake', `${look.asked}\n`);
    const { looked, used, awake, warned } = before;
    write('run/recode/state', `looked=${looked} used=${used} awake=${awake} warned=${warned} warned_of='' thought=''\n`);
    // Somebody is connected, with a terminal, whatever they do.
    write('run/recode/counters', `proc/800 100000\ndev/pts/0 ${bootedAt}\nsys/fs/cgroup/user.slice/cpu.stat:usage_usec 1000000\n`);
    write('proc/uptime', `${look.now}.30 1.00\n`);
    write('proc/stat', `cpu  1 2 3\nbtime ${bootedAt}\n`);
    write('proc/800/cmdline', 'sshd: recode@pts/0\0');
    write('proc/800/io', `rchar: ${100_000 + Math.floor((look.use === 'traffic' ? 1000 : 20) * elapsed)}\nwchar: 0\n`);
    const busy = look.use === 'computing' ? 0.8 : 0.01;
    write('sys/fs/cgroup/user.slice/cpu.stat', `usage_usec ${1_000_000 + Math.floor(busy * 1_000_000 * elapsed)}\nuser_usec 1\n`);
    write('dev/pts/0', '');
    const typed = bootedAt + (look.use === 'keys' ? look.now : 0);
    utimesSync(join(root, 'dev/pts/0'), typed, typed);
    write('var/log/syslog', '');
    execFileSync('sh', [script], { cwd: root, env: { PATH: `${root}/bin:${process.env.PATH}` } });
    const state = new Map([...read('run/recode/state').matchAll(/(\w+)=(\d+)/g)].map(([, name = '', value]) => [name, Number(value)]));
    const of = (name: string) => state.get(name) ?? Number.NaN;
    const powersOff = read('told').startsWith('poweroff');
    return { looked: of('looked'), used: of('used'), awake: of('awake'), warned: of('warned'), powersOff };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
