import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { bootSystem } from '../../src/instance-host/cloud-init.ts';
import { openTurns } from '../../src/instance-host/timer.ts';
import { alone, type Booted, bootInstance, cloudConfig, openWorkbench, program, ssh, type Workbench } from './openssh.ts';

const minute = 60_000;
const timer = 'OnActiveSec=2min\nOnUnitActiveSec=60';
const service = 'Type=oneshot\nExecStart=/bin/sh /run/watch.sh';

/** Boot commands that write a script with its units, and start the timer. */
const units = (script: string, given: { timer?: string; service?: string } = {}) => `cat > /run/watch.sh <<'END'
${script}
END
printf '%s\\n' '[Timer]' '${(given.timer ?? timer).replaceAll('\n', "' '")}' > /run/systemd/system/watch.timer
printf '%s\\n' '[Service]' '${(given.service ?? service).replaceAll('\n', "' '")}' > /run/systemd/system/watch.service
systemctl start --no-block watch.timer`;

const withCommands = (bench: Workbench, port: number, commands: string) =>
  Buffer.from(
    cloudConfig(bench, 'dev', port)
      .toString()
      .replace('bootcmd:\n', `bootcmd:\n  - |\n    ${commands.replaceAll('\n', '\n    ')}\n`),
  );

/** An instance whose timer runs a script. */
async function watched(bench: Workbench, script: string, poweredOff = alone.poweredOff): Promise<Booted> {
  return bootInstance(bench, { userData: (port) => withCommands(bench, port, units(script)), poweredOff });
}

const fileOf = async (booted: Booted, path: string) => (await ssh(booted, [`sudo cat ${path}`])).stdout;
const until = (assertion: () => Promise<void> | void) => vi.waitFor(assertion, { timeout: 10_000, interval: 20 });

describe('a timer that a boot command has started', () => {
  it('runs its service after the time that it says, then again and again, once if it is late', async () => {
    await using bench = await openWorkbench();
    const booted = await watched(bench, 'echo run >> run/log');
    bench.clock.advance(2 * minute - 10_000);
    expect(await fileOf(booted, '/run/log')).toBe('');
    bench.clock.advance(10_000);
    await until(async () => expect(await fileOf(booted, '/run/log')).toBe('run\n'));
    bench.clock.advance(30 * minute);
    await until(async () => expect(await fileOf(booted, '/run/log')).toBe('run\nrun\n'));
    bench.clock.advance(minute);
    await until(async () => expect(await fileOf(booted, '/run/log')).toBe('run\nrun\nrun\n'));
  });

  it('ends with the instance; what is in /run ends with it, the rest stays on its disk', async () => {
    await using bench = await openWorkbench();
    const booted = await watched(bench, 'echo run | tee -a run/log >> var/log/own');
    bench.clock.advance(2 * minute);
    await until(async () => expect(await fileOf(booted, '/var/log/own')).toBe('run\n'));
    await bench.host.halt(booted.id);
    bench.clock.advance(10 * minute);
    await bench.host.boot({ ...booted, ...alone, userData: cloudConfig(bench, 'dev', booted.port) });
    bench.clock.advance(10 * minute);
    expect(await ssh(booted, ['sudo cat /var/log/own /run/log'])).toMatchObject({
      stdout: 'run\n',
      stderr: expect.stringContaining('/run/log'),
    });
  });

  it('keeps what sudo writes while it runs', async () => {
    await using bench = await openWorkbench();
    const booted = await watched(bench, 'read -r asked < run/asked; rm run/asked; sleep 1; echo "$asked" > run/answer');
    await ssh(booted, ["sudo sh -c 'echo 1 > /run/asked'"]);
    bench.clock.advance(2 * minute);
    await ssh(booted, ["sudo sh -c 'echo 2 > /run/asked'"]);
    await until(async () => expect(await fileOf(booted, '/run/answer')).toBe('1\n'));
    expect(await fileOf(booted, '/run/asked')).toBe('2\n');
  });

  it('sees at each run the files as they are then, whatever the run before has left', async () => {
    await using bench = await openWorkbench();
    const look = '[ -e run/link ] && echo link; [ -d run/folder ] && echo folder; cat run/one run/two run/folder/three 2>/dev/null';
    const leave = 'ln -s /etc run/link; ln -s run dev/link; mkdir -p sys/left proc/7; echo old > run/two; : > proc/stat; rm -r var/log';
    const show = 'ls -d var/log dev/* sys/* proc/7 proc/[a-z]* 2>/dev/null; cat proc/stat';
    const booted = await watched(bench, `{ ${look}; ${show}; } > run/next; ${leave}; mv run/next run/seen`);
    const seen = async (text: string) => until(async () => expect(await fileOf(booted, '/run/seen')).toMatch(new RegExp(text)));
    const kernel = 'proc/stat\nproc/uptime\nsys/fs\nvar/log\nbtime \\d+\n$';
    await ssh(booted, ["sudo sh -c 'echo 1 > /run/one; mkdir /run/folder; echo 3 > /run/folder/three'"]);
    bench.clock.advance(2 * minute);
    await seen(`^folder\n1\n3\n${kernel}`);
    await ssh(booted, ["sudo sh -c 'echo 2 > /run/two; echo 4 > /run/one; rm /run/folder/three'"]);
    bench.clock.advance(minute);
    await seen(`^folder\n4\n2\n${kernel}`);
    await ssh(booted, ['sudo rm /run/one']);
    bench.clock.advance(minute);
    await seen(`^folder\nold\n${kernel}`);
  });

  it('prints on the console what its service says', async () => {
    await using bench = await openWorkbench();
    const booted = await watched(bench, 'echo said >&2');
    bench.clock.advance(2 * minute);
    await until(() => expect(bench.host.consoleOutput(booted.id)).toContain('watch.timer: said\n'));
  });

  it.each([
    ['a setting without effect', { timer: `${timer}\nOnCalendar=daily` }, 'OnCalendar=daily'],
    ['another program', { service: 'Type=oneshot\nExecStart=/usr/bin/python3 /run/watch.sh' }, 'only a oneshot service'],
    ['a variable', { service: 'Type=oneshot\nExecStart=/bin/sh /run/$X' }, '"ExecStart=/bin/sh /run/$X" in [Service] is not supported'],
    ['a time span with two units', { timer: 'OnActiveSec=1min 30s\nOnUnitActiveSec=60' }, 'the time span "1min 30s" is not supported'],
    ['no first run', { timer: 'OnUnitActiveSec=60' }, 'lacks OnActiveSec'],
  ])('is refused with %s', (_, given, reason) => {
    const text = `#cloud-config\nbootcmd:\n  - |\n    ${units('true', given).replaceAll('\n', '\n    ')}\n`;
    expect(() => bootSystem(Buffer.from(text), undefined, 'i-1')).toThrow(reason);
  });

  it('has to have a unit', () => {
    const { log } = bootSystem(Buffer.from('#cloud-config\nbootcmd: [systemctl start none.timer || echo none]\n'), undefined, 'i-1');
    expect(log).toEqual(['Failed to start none.timer: Unit none.timer not found.\nnone']);
  });
});

describe('the runs of all timers', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A run of that many milliseconds, which notes its beginning and its end. */
  const run = (log: string[], name: string, milliseconds: number) => async () => {
    log.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    log.push(`${name} ends`);
  };

  it('take turns, with a pause after each that is as long', async () => {
    const takeTurn = openTurns();
    const log: string[] = [];
    const all = [takeTurn(run(log, 'one', 100)), takeTurn(run(log, 'two', 300)), takeTurn(run(log, 'three', 10))];
    await vi.advanceTimersByTimeAsync(190);
    expect(log).toEqual(['one begins', 'one ends']);
    await vi.advanceTimersByTimeAsync(600);
    expect(log.slice(2)).toEqual(['two begins', 'two ends']);
    await vi.advanceTimersByTimeAsync(30);
    expect(log.slice(4)).toEqual(['three begins', 'three ends']);
    await Promise.all(all);
  });

  it('go on after one that fails, and beside one that hangs', async () => {
    const takeTurn = openTurns();
    const log: string[] = [];
    const failing = expect(takeTurn(() => Promise.reject(new Error('full')))).rejects.toThrow('full');
    void takeTurn(() => new Promise(() => {}));
    const last = takeTurn(run(log, 'last', 10));
    await vi.advanceTimersByTimeAsync(9_000);
    expect(log).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    await Promise.all([failing, last]);
    expect(log).toEqual(['last begins', 'last ends']);
  });
});

describe('a service sees of its instance', () => {
  it('how long it has been up, and when it has booted', async () => {
    await using bench = await openWorkbench();
    const booted = await watched(bench, 'cat proc/uptime proc/stat > run/seen');
    const bootedAt = Math.floor(bench.clock.now() / 1000);
    bench.clock.advance(125_000);
    await until(async () => expect(await fileOf(booted, '/run/seen')).not.toBe(''));
    const [, uptime, btime] = /^(\d+)\.\d\d 0\.00\nbtime (\d+)\n$/.exec(await fileOf(booted, '/run/seen')) ?? [];
    expect(Number(uptime)).toBeGreaterThanOrEqual(125);
    expect(Number(uptime)).toBeLessThan(185);
    expect(Math.abs(Number(btime) - bootedAt)).toBeLessThan(30);
  });

  it('its SSH connections, whose counters grow with their traffic', async () => {
    await using bench = await openWorkbench();
    const look = 'for p in proc/[0-9]*; do [ -d "$p" ] && tr -d "\\000" < $p/cmdline && echo && cat $p/io; done > run/seen';
    const booted = await watched(bench, look);
    const cat = spawn('ssh', [...booted.options, `dev@${booted.address}`, 'cat'], { stdio: 'pipe' });
    onTestFinished(() => void cat.kill());
    cat.stdin.write('x\n');
    await new Promise((resolve) => cat.stdout.once('data', resolve));
    bench.clock.advance(2 * minute);
    const bytes = async () => Number(/^sshd: dev@notty\nrchar: (\d+)\nwchar: \d+\n$/.exec(await fileOf(booted, '/run/seen'))?.[1]);
    await until(async () => expect(await bytes()).toBeGreaterThan(1000));
    const before = await bytes();
    cat.stdin.write('x'.repeat(100_000));
    await new Promise((resolve) => cat.stdout.once('data', resolve));
    bench.clock.advance(minute);
    await until(async () => expect(await bytes()).toBeGreaterThan(before + 100_000));
    cat.kill();
    await until(async () => {
      bench.clock.advance(minute);
      expect(await fileOf(booted, '/run/seen')).toBe('');
    });
  });

  it('its terminals, on which it can write, and when somebody has typed', async () => {
    await using bench = await openWorkbench();
    const booted = await watched(bench, 'for t in dev/pts/[0-9]*; do echo "$t" > run/seen; echo "told $t" > "$t"; done');
    const terminal = spawn('ssh', [...booted.options, '-tt', `dev@${booted.address}`, 'tty; cat'], { stdio: 'pipe' });
    onTestFinished(() => void terminal.kill());
    let shown = '';
    terminal.stdout.on('data', (data) => (shown += data));
    await until(() => expect(shown).toMatch(/\/dev\/pts\/\d+/));
    bench.clock.advance(2 * minute);
    await until(() => expect(shown).toMatch(/^\/dev(\/pts\/\d+)\r\ntold dev\1\r\n$/));
  });

  it('how much its users compute, also in the background', async () => {
    await using bench = await openWorkbench();
    const booted = await watched(bench, 'cat sys/fs/cgroup/user.slice/cpu.stat > run/seen');
    const busy = "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 605; true'";
    await ssh(booted, [`setsid ${busy} >/dev/null 2>&1 </dev/null &`]);
    await until(async () => expect(await program('pgrep', ['-fx', 'sleep 605'])).toMatchObject({ code: 0 }));
    bench.clock.advance(2 * minute);
    await until(async () => expect(Number(/^usage_usec (\d+)\n$/.exec(await fileOf(booted, '/run/seen'))?.[1])).toBeGreaterThan(20_000));
  });
});

describe('an instance shuts down', () => {
  it('when its service says so, after its run', async () => {
    await using bench = await openWorkbench();
    const poweredOff = vi.fn();
    const booted = await watched(bench, 'systemctl poweroff && sleep 0.2 && echo off >> var/log/own', poweredOff);
    bench.clock.advance(2 * minute);
    await until(() => expect(poweredOff).toHaveBeenCalledTimes(1));
    await bench.host.halt(booted.id);
    await bench.host.boot({ ...booted, ...alone, userData: cloudConfig(bench, 'dev', booted.port) });
    expect(await fileOf(booted, '/var/log/own')).toBe('off\n');
  });

  it('when somebody who may says so', async () => {
    await using bench = await openWorkbench();
    const poweredOff = vi.fn();
    const booted = await bootInstance(bench, { poweredOff });
    expect(await ssh(booted, ['systemctl poweroff'])).toMatchObject({ code: 1, stderr: 'Interactive authentication required.\n' });
    expect(poweredOff).not.toHaveBeenCalled();
    expect(await ssh(booted, ['sudo systemctl poweroff'])).toMatchObject({ code: 0 });
    await until(() => expect(poweredOff).toHaveBeenCalledTimes(1));
  });
});
