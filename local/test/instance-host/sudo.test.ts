import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createInstanceHost } from '../../src/instance-host/instance-host.ts';
import { runSudo } from '../../src/instance-host/sudo.ts';
import { alone, type Booted, bootInstance, cloudConfig, makeKey, openWorkbench, program, ssh, type Workbench } from './openssh.ts';

const keysFile = '/etc/embedded-aws-test-keys/dev';
/** Cloud-config whose sshd reads the keys of the user from a file of root, which the first boot writes. */
function rootsKeys(bench: Workbench, port: number): Buffer {
  const text = cloudConfig(bench, 'dev', port).toString();
  return Buffer.from(
    text.replace(/ssh_authorized_keys: .*/, 'gecos: Developer').replace(
      'bootcmd:\n',
      `write_files:
  - path: ${keysFile}
    content: ${bench.userKey.publicKey}
  - path: /etc/ssh/sshd_config.d/20-keys.conf
    content: AuthorizedKeysFile /etc/embedded-aws-test-keys/%u .ssh/authorized_keys
bootcmd:
`,
    ),
  );
}
const as = (booted: Booted, bench: Workbench, key: string, command = 'echo in') =>
  ssh({ ...booted, options: booted.options.map((option) => (option === bench.userKey.path ? key : option)) }, [command]);
const isIn = { code: 0, stdout: 'in\n' };
const isRefused = { code: 255, stderr: expect.stringContaining('Permission denied (publickey)') };

describe('sudo on an instance', () => {
  it('replaces a file of root, which sshd reads at the next login and the disk keeps', async () => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench, { userData: (port) => rootsKeys(bench, port) });
    const other = await makeKey(join(bench.directory, 'other'));
    expect(await as(booted, bench, other.path)).toMatchObject(isRefused);
    const script = `printf "%s\\n" "${other.publicKey}" > ${keysFile}.next && chmod 644 ${keysFile}.next && mv -f ${keysFile}.next ${keysFile}`;
    expect(await ssh(booted, [`sudo -n sh -c '${script}'; sudo cat ${keysFile}`])).toEqual({
      code: 0,
      stdout: `${other.publicKey}\n`,
      stderr: '',
    });
    expect(await as(booted, bench, other.path)).toMatchObject(isIn);
    expect(await as(booted, bench, bench.userKey.path)).toMatchObject(isRefused);
    expect(existsSync(keysFile)).toBe(false);

    await bench.host.stop();
    const later = createInstanceHost({ stateDirectory: bench.directory, clock: bench.clock });
    await later.boot({ ...booted, userData: rootsKeys(bench, booted.port), ...alone });
    expect(await as(booted, bench, other.path)).toMatchObject(isIn);
    expect(await as(booted, bench, bench.userKey.path)).toMatchObject(isRefused);
    await later.stop();
  });

  it('is the one of the instance in a login shell too, and in a terminal', async () => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench);
    const { stdout: path } = await ssh(booted, ['command -v sudo']);
    expect(path).toMatch(new RegExp(`^${bench.directory}/instances/${booted.id}/`));
    // As the one of Debian, /etc/profile may replace the PATH.
    expect(await ssh(booted, ['exec env PATH=/usr/bin:/bin bash -lc "command -v sudo"'])).toMatchObject({ stdout: path });
    expect(await ssh(booted, [], { input: 'command -v sudo\n' })).toMatchObject({ stdout: path });
    expect(await ssh(booted, ['sudo cat /etc/ssh/sshd_config.d/60-cloudimg-settings.conf'], { options: ['-tt'] })).toMatchObject({
      code: 0,
      stdout: 'PasswordAuthentication no\r\n',
    });
  });

  it('runs nothing of this machine, whatever the words are', async () => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench);
    const file = join(bench.directory, 'made');
    for (const command of [
      `touch '${file}'`,
      `sh -c 'touch "${file}"'`,
      `sh -c 'echo x | tee "${file}"'`,
      `-u root touch '${file}'`,
      `-- sh '${file}'`,
      '',
    ]) {
      const { code, stderr } = await ssh(booted, [`sudo ${command}`]);
      expect({ code, stderr }, command).toEqual({
        code: 1,
        stderr: expect.stringMatching(
          /^sudo: .+\nIn an instance of the embedded AWS, sudo changes only the instance's own files below \/etc, \/run and \/var\/log\./,
        ),
      });
    }
    expect(existsSync(file)).toBe(false);
  });

  it('asks users for a password whom the user data does not let become root', async () => {
    await using bench = await openWorkbench();
    const userData = (port: number) =>
      Buffer.from(
        cloudConfig(bench, 'dev', port)
          .toString()
          .replace(/ {4}sudo: .*\n/, ''),
      );
    const booted = await bootInstance(bench, { userData });
    expect(await ssh(booted, ['sudo -n true'])).toEqual({ code: 1, stdout: '', stderr: 'sudo: a password is required\n' });
  });

  it('says so if its instance or the embedded AWS is gone', async () => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench);
    const { stdout } = await ssh(booted, ['command -v sudo']);
    const sudo = () => program(stdout.trim(), ['true']);
    const silent = 'sudo: the embedded AWS does not answer';
    await bench.host.halt(booted.id);
    expect(await sudo()).toMatchObject({ code: 1, stderr: `${silent}: it has closed the connection.\n` });
    await bench.host.stop();
    expect(await sudo()).toMatchObject({ code: 1, stderr: expect.stringContaining(`${silent}: connect ENOENT`) });
  });

  it('of one instance does not reach another', async () => {
    await using bench = await openWorkbench();
    const one = await bootInstance(bench);
    expect(await ssh(one, ["sudo sh -c 'printf one > /etc/who'"])).toMatchObject({ code: 0 });
    const { stdout: sudo } = await ssh(one, ['command -v sudo']);
    const other = await bootInstance(bench);
    expect(await ssh(other, ['sudo cat /etc/who'])).toMatchObject({ code: 1, stderr: expect.stringContaining('No such file') });
    expect(await program(sudo.trim(), ['cat', '/etc/who'])).toMatchObject({ code: 0, stdout: 'one' });
  });

  it('works on the disk of an earlier version, which does not tell who may become root', async () => {
    await using bench = await openWorkbench();
    const booted = await bootInstance(bench);
    await bench.host.halt(booted.id);
    const file = join(bench.directory, 'instances', booted.id, 'disk.json');
    const disk = JSON.parse(readFileSync(file, 'utf8')) as { users: object[] };
    writeFileSync(file, JSON.stringify({ ...disk, users: disk.users.map((user) => ({ ...user, sudo: undefined })) }));
    await bench.host.boot({ ...booted, userData: cloudConfig(bench, 'dev', booted.port), ...alone });
    expect(await ssh(booted, ['sudo true'])).toMatchObject({ code: 0 });
  });
});

describe('a command of root', () => {
  const dev = { name: 'dev', shell: '/bin/bash', sudo: true, authorizedKeys: [] };
  const system = {
    files: new Map([['/etc/motd', 'Hello\n']]),
    folders: new Set(['/', '/etc', '/home', '/run']),
    timers: new Set<string>(),
  };
  const run = (...args: string[]) => runSudo(args, dev, system);

  it.each(['growpart', 'resizefs'])('may run the module %s of cloud-init, which has nothing to do, and no other', (name) => {
    expect(run('-n', 'cloud-init', 'single', '--name', name)).toMatchObject({ code: 0, stdout: '', stderr: '', system });
    expect(run('cloud-init', 'single', '--name', 'runcmd')).toMatchObject({ code: 1, stderr: expect.stringContaining('"cloud-init"') });
    expect(run('cloud-init', 'clean')).toMatchObject({ code: 1 });
  });

  it('may fail half-way, and what it did before stays done', () => {
    const { code, stdout, stderr, system: after } = run('sh', '-c', 'printf A > /etc/a; cat /etc/a /etc/none');
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: 'A', stderr: 'cat: /etc/none: No such file or directory\n' });
    expect(after?.files.get('/etc/a')).toBe('A');
    expect(system.files.has('/etc/a')).toBe(false);
  });

  it.each([
    ['a file that is not the instance’s own', ['sh', '-c', 'printf A > /etc/a; printf B > /home/b'], '/home/b cannot be changed'],
    ['a folder that is not its own', ['mkdir', '/srv'], '/srv cannot be changed'],
    ['a way around', ['mkdir', '/etc/../srv'], '/srv cannot be changed'],
    ['a service', ['systemctl', 'restart', 'ssh'], 'of systemctl, only "systemctl poweroff" is supported'],
    ['a shell with more options', ['sh', '-e', '-c', 'true'], '"sh" is supported with -c and one script only'],
    ['input', ['cat'], '"cat" without a file or a here-document is not supported'],
    ['another option', ['-i'], 'the option -i is not supported'],
    ['no command', [], 'no command is given'],
  ])('is refused for %s, and then nothing has changed', (_, args, reason) => {
    const { code, stderr, system: after } = run(...args);
    expect({ code, after }).toEqual({ code: 1, after: undefined });
    expect(stderr.split('\n')[0]).toBe(`sudo: ${reason}`);
  });
});
