import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { spawn as spawnTerminal } from '@lydell/node-pty';
import ssh2, { type SFTPWrapper } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Booted, bootInstance, freePort, openWorkbench, program, ssh, type Workbench } from './openssh.ts';

let bench: Workbench;
let booted: Booted;
beforeAll(async () => {
  bench = await openWorkbench();
  booted = await bootInstance(bench);
});
afterAll(() => bench[Symbol.asyncDispose]());

const target = () => `dev@${booted.address}`;
const path = (name: string) => join(bench.directory, name);

describe('a command', () => {
  it('returns output, errors and its exit code', async () => {
    expect(await ssh(booted, ['echo out; echo err >&2; exit 42'])).toEqual({ code: 42, stdout: 'out\n', stderr: 'err\n' });
  });

  it('reads input to its end', async () => {
    expect(await ssh(booted, ['cat; echo end'], { input: 'a\nb\n' })).toMatchObject({ stdout: 'a\nb\nend\n' });
  });

  it('may end before its input', async () => {
    expect(await ssh(booted, ['head -c 1'], { input: 'x'.repeat(3_000_000) })).toMatchObject({ code: 0, stdout: 'x' });
  });

  it('transfers megabytes in both directions unchanged', async () => {
    const text = 'äöü0123456789'.repeat(400_000);
    expect((await ssh(booted, ['cat'], { input: text })).stdout).toBe(text);
  });

  it('that ends by a signal is reported with it', async () => {
    expect(await ssh(booted, ['kill -TERM $$'])).toMatchObject({ code: 255 });
  });

  it('gets the variables that sshd accepts, and an otherwise clean environment', async () => {
    const { stdout } = await ssh(booted, ['env'], { options: ['-o', 'SetEnv=LC_TEST=yes OTHER=no'] });
    const names = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(stdout).toMatch(/^LC_TEST=yes$/m);
    expect(stdout).toMatch(new RegExp(`^SSH_CONNECTION=127\\.0\\.0\\.1 \\d+ ${booted.address} ${booted.port}$`, 'm'));
    expect(names).not.toContain('OTHER');
    expect(names).not.toContain('VITEST');
  });

  it('may be a shell that reads commands from its input', async () => {
    expect(await ssh(booted, [], { input: 'echo $((6 * 7))\nexit 3\n' })).toMatchObject({ code: 3, stdout: '42\n' });
  });
});

describe('a terminal', () => {
  /** OpenSSH in a terminal, like a user's. */
  function openTerminal(command: readonly string[], columns = 100, rows = 30) {
    const terminal = spawnTerminal('ssh', ['-tt', ...booted.options, target(), ...command], {
      cols: columns,
      rows,
      name: 'xterm-256color',
    });
    let text = '';
    terminal.onData((data) => (text += data));
    const exit = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
    onTestFinished(() => terminal.kill('SIGKILL'));
    const shows = (pattern: RegExp) => expect.poll(() => text, { timeout: 10_000 }).toMatch(pattern);
    return { terminal, exit, shows };
  }

  it('has the size and the type of the client, also after a resize', async () => {
    const command = `trap "stty size; exit 7" WINCH; stty size; echo $TERM; while :; do sleep 0.05; done`;
    const { terminal, exit, shows } = openTerminal([`bash -c '${command}'`]);
    await shows(/30 100\r\nxterm-256color/);
    terminal.resize(120, 40);
    await shows(/40 120/);
    expect(await exit).toBe(7);
  });

  it('interrupts with Ctrl-C', async () => {
    const { terminal, exit, shows } = openTerminal([`bash -c 'trap "echo caught; exit 9" INT; echo ready; while :; do sleep 0.1; done'`]);
    await shows(/ready/);
    terminal.write('\x03');
    await shows(/caught/);
    expect(await exit).toBe(9);
  });

  it('has a login shell with job control by default', async () => {
    const { terminal, exit, shows } = openTerminal([]);
    terminal.write("PS1='ready> '; shopt -q login_shell && echo login=$((1+1)); set -o | grep monitor\r");
    // Input before the prompt is shown differently.
    await shows(/login=2\r\n.*monitor\s+on.*ready> $/s);
    // The output of the program. The echo of the line comes before it.
    terminal.write(`sh -c 'echo begun; exec sleep 600'\r`);
    await shows(/^begun\r\n/m);
    terminal.write('\x03');
    terminal.write('exit 4\r');
    expect(await exit).toBe(4);
  });

  it('hangs up its shell when the client goes away', async () => {
    const { terminal, shows } = openTerminal([`bash -c 'trap "touch hung-up; exit" HUP; echo ready; while :; do sleep 0.1; done'`]);
    await shows(/ready/);
    terminal.kill('SIGKILL');
    await expect.poll(async () => (await ssh(booted, ['ls'])).stdout, { timeout: 10_000 }).toContain('hung-up');
  });
});

describe('files', () => {
  it('are copied in both directions with scp, with contents and permissions', async () => {
    const content = Buffer.alloc(3_000_000, 'content ');
    writeFileSync(path('up'), content, { mode: 0o750 });
    expect(await program('scp', [...booted.options, '-p', path('up'), `${target()}:copied`])).toMatchObject({ code: 0, stderr: '' });
    expect(await ssh(booted, ['stat -c %a copied'])).toMatchObject({ stdout: '750\n' });
    expect(await program('scp', [...booted.options, `${target()}:copied`, path('down')])).toMatchObject({ code: 0 });
    expect(readFileSync(path('down')).equals(content)).toBe(true);
  });

  // If the end of a file is answered before its earlier parts, scp truncates the file.
  it('are read and written in the order of the requests', async () => {
    await ssh(booted, ['mkdir many; cd many; touch $(seq 500)']);
    const client = new ssh2.Client();
    onTestFinished(() => void client.end());
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
      client.once('ready', () => client.sftp((error, opened) => (error ? reject(error) : resolve(opened)))).once('error', reject);
      client.connect({ host: booted.address, port: booted.port, username: 'dev', privateKey: readFileSync(bench.userKey.path) });
    });
    const answered: string[] = [];
    await new Promise<void>((resolve) => {
      sftp.opendir('many', () => answered.push('what takes long'));
      sftp.stat('many', () => {
        answered.push('what takes no time');
        resolve();
      });
    });
    expect(answered).toEqual(['what takes long', 'what takes no time']);
  });

  it('are copied as folders', async () => {
    mkdirSync(path('tree/inner'), { recursive: true });
    writeFileSync(path('tree/inner/leaf'), 'green');
    expect(await program('scp', [...booted.options, '-r', path('tree'), `${target()}:tree`])).toMatchObject({ code: 0 });
    expect(await program('scp', [...booted.options, '-r', `${target()}:tree`, path('back')])).toMatchObject({ code: 0 });
    expect(readFileSync(path('back/inner/leaf'), 'utf8')).toBe('green');
  });

  it('are copied with the old scp protocol', async () => {
    writeFileSync(path('old'), 'old');
    expect(await program('scp', ['-O', ...booted.options, path('old'), `${target()}:old`])).toMatchObject({ code: 0 });
    expect(await ssh(booted, ['cat old'])).toMatchObject({ stdout: 'old' });
  });

  it('are listed, renamed and removed with sftp, and refused if they do not exist', async () => {
    writeFileSync(path('small'), 'small');
    const batch = `put ${path('small')} a\nrename a b\nmkdir d\nln -s b l\nls -l\nrm b\nrm l\nrmdir d\nchmod 600 .ssh/authorized_keys\n`;
    const listed = await program('sftp', [...booted.options, '-b', '-', target()], { input: batch });
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toMatch(/ b\s*$/m);
    const missing = await program('sftp', [...booted.options, '-b', '-', target()], { input: 'get nothing\n' });
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('not found') });
  });

  it('are cloned with git over SSH', async () => {
    await ssh(booted, [
      'git init -q -b main repo && cd repo && echo hi > file && git add . && git -c user.name=a -c user.email=a@b commit -qm one',
    ]);
    const command = ['ssh', ...booted.options].join(' ');
    const cloned = await program('git', ['clone', '-q', `ssh://${target()}:${booted.port}/${'~'}/repo`, path('clone')], {
      variables: { GIT_SSH_COMMAND: command, GIT_CONFIG_GLOBAL: '/dev/null' },
    });
    expect(cloned).toMatchObject({ code: 0 });
    expect(readFileSync(path('clone/file'), 'utf8')).toBe('hi\n');
  });
});

describe('forwarding', () => {
  it('reaches only ports of the instance', async () => {
    const web = createServer((_request, response) => response.end('from inside'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void web.close());
    const { port: inside } = web.address() as { port: number };
    const [local, foreign] = [await freePort(), await freePort()];
    const tunnels = ['-L', `127.0.0.1:${local}:localhost:${inside}`, '-L', `127.0.0.1:${foreign}:192.0.2.1:80`];
    const holding = spawnTerminal('ssh', ['-N', ...booted.options, ...tunnels, target()], {});
    onTestFinished(() => holding.kill('SIGKILL'));
    await expect
      .poll(
        () =>
          fetch(`http://127.0.0.1:${local}/`).then(
            (answer) => answer.text(),
            () => '',
          ),
        { timeout: 10_000 },
      )
      .toBe('from inside');
    await expect(fetch(`http://127.0.0.1:${foreign}/`)).rejects.toThrow();
  });

  it('forwards the agent of the client', async () => {
    const agent = await program('ssh-agent', ['-a', path('agent')]);
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent.stdout)?.[1]);
    onTestFinished(() => void process.kill(pid));
    const variables = { SSH_AUTH_SOCK: path('agent') };
    expect(await program('ssh-add', ['-q', bench.userKey.path], { variables })).toMatchObject({ code: 0 });
    const options = booted.options.map((option) => (option === 'IdentityAgent=none' ? `IdentityAgent=${path('agent')}` : option));
    const listed = await program('ssh', ['-A', ...options, target(), 'ssh-add -L; ssh-add -L; echo $SSH_AUTH_SOCK'], {
      variables,
    });
    const [first, second, socket = ''] = listed.stdout.split('\n');
    const [, body = 'none'] = bench.userKey.publicKey.split(' ');
    expect([first, second]).toEqual([expect.stringContaining(body), expect.stringContaining(body)]);
    await expect.poll(async () => (await ssh(booted, [`test -e ${socket}`])).code).toBe(1);
  });
});
