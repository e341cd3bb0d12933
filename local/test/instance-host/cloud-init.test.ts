import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bootSystem } from '../../src/instance-host/cloud-init.ts';
import { diskOf } from '../../src/instance-host/disk.ts';
import { openWorkbench } from './openssh.ts';

const boot = (text: string, keyPair?: string) => bootSystem(Buffer.from(text), keyPair, 'i-1');
const config = (body: string) => boot(`#cloud-config\n${body}`);
const withBootcmd = (script: string) => config(`bootcmd:\n  - |\n    ${script.replaceAll('\n', '\n    ')}\n`);
const portsAfter = (script: string) => withBootcmd(script).sshd.ports;
const write = (text: string, name = '10-a.conf') => `printf '${text}\\n' > /etc/ssh/sshd_config.d/${name}`;

describe('users', () => {
  it('creates ubuntu with the key pair without user data', () => {
    expect(boot('', 'ssh-ed25519 AAAA me').users).toEqual([
      { name: 'ubuntu', shell: '/bin/bash', sudo: true, authorizedKeys: ['ssh-ed25519 AAAA me'] },
    ]);
  });

  it('does not create ubuntu if the users do not include default', () => {
    expect(boot('#cloud-config\nusers:\n  - name: dev\n', 'ssh-ed25519 AAAA').users).toEqual([
      { name: 'dev', shell: '/bin/sh', sudo: false, authorizedKeys: [] },
    ]);
  });

  it('creates ubuntu and the users if they include default', () => {
    const { users } = boot('#cloud-config\nusers:\n  - default\n  - name: dev\n    ssh_authorized_keys: [a, b]\n', 'key');
    expect(users.map(({ name, authorizedKeys }) => [name, authorizedKeys])).toEqual([
      ['ubuntu', ['key']],
      ['dev', ['a', 'b']],
    ]);
  });
});

// https://cloudinit.readthedocs.io/en/latest/reference/modules.html#users-and-groups has these rules.
it.each([
  ['ALL=(ALL) NOPASSWD:ALL', true],
  ["['ALL=(ALL) PASSWD: ALL', 'ALL=(ALL:ALL) NOPASSWD: ALL']", true],
  ['ALL=(ALL) ALL', false],
  ['ALL=(ALL) NOPASSWD:/usr/bin/apt', false],
  ['false', false],
  ['null', false],
])('lets users become root without a password by the rule: %s', (rule, may) => {
  expect(config(`users:\n  - name: dev\n    sudo: ${rule}\n`).users).toMatchObject([{ sudo: may }]);
});

describe('the port of sshd', () => {
  it('is 22 by default', () => {
    expect(config('').sshd.ports).toEqual([22]);
  });

  it('is read from a file of a boot command', () => {
    expect(portsAfter(`mkdir -p /etc/ssh/sshd_config.d\n${write('Port 4022')}`)).toEqual([4022]);
  });

  it('is read from write_files', () => {
    expect(config('write_files:\n  - path: /etc/ssh/sshd_config.d/x.conf\n    content: |\n      Port 4023\n').sshd.ports).toEqual([4023]);
    expect(
      config('write_files:\n  - path: /etc/ssh/sshd_config.d/x.conf\n    encoding: b64\n    content: UG9ydCA0MDI0Cg==\n').sshd.ports,
    ).toEqual([4024]);
  });

  it('is not read from files that sshd does not include', () => {
    expect(portsAfter("printf 'Port 4022\\n' > /etc/ssh/sshd_config.d/10-a.txt")).toEqual([22]);
  });

  it('may be several ports', () => {
    expect(portsAfter(`${write('Port 4022')}\n${write('Port 4023', '20-b.conf')}`)).toEqual([4022, 4023]);
  });

  it.each(['0', '65536', 'ssh', '22x'])('stops the boot when it is %s', (port) => {
    expect(() => portsAfter(write(`Port ${port}`))).toThrow(/Badly formatted port number/);
  });
});

describe('the files with the keys of users', () => {
  const filesAfter = (line: string) => withBootcmd(write(line)).sshd.authorizedKeysFiles;

  it('are in the home folder by default', () => {
    expect(config('').sshd.authorizedKeysFiles).toEqual(['.ssh/authorized_keys', '.ssh/authorized_keys2']);
  });

  it('are those of the first AuthorizedKeysFile', () => {
    expect(filesAfter('AuthorizedKeysFile /etc/keys/%%u .ssh/Own\\nAuthorizedKeysFile none')).toEqual(['/etc/keys/%u', '.ssh/Own']);
  });

  it('are refused with another token', () => {
    expect(() => filesAfter('AuthorizedKeysFile %%h/keys')).toThrow(/authorizedkeysfile is not supported/);
  });
});

// https://www.freedesktop.org/software/systemd/man/latest/file-hierarchy.html: /run and /tmp are flushed at boot.
it('a later boot finds nothing in /run and /tmp', () => {
  const first = withBootcmd('mkdir -p /run/a /etc/a\necho x > /run/a/b\necho x > /tmp/c\necho x > /etc/a/d');
  const disk = diskOf(first.system, first.users, ['the host key'], 'i-1');
  const { files, folders } = bootSystem(Buffer.from('#cloud-config\n'), undefined, 'i-1', disk).system;
  const left = [...files.keys(), ...folders].filter((path) => /^\/(run|tmp|etc\/a)/.test(path));
  expect(left.sort()).toEqual(['/etc/a', '/etc/a/d', '/run', '/run/systemd', '/run/systemd/system', '/tmp']);
});

describe('a later boot', () => {
  const user = (name: string) => `users:\n  - name: ${name}\n    ssh_authorized_keys: [${name}-key]\n`;
  const file = (port: number) => `write_files:\n  - path: /etc/ssh/sshd_config.d/w.conf\n    content: |\n      Port ${port}\n`;
  const command = (port: number) => `bootcmd: ["printf 'Port ${port}' > /etc/ssh/sshd_config.d/b.conf"]\n`;

  // https://cloudinit.readthedocs.io/en/latest/reference/modules.html: "Module frequency: always" of bootcmd, "once-per-instance" of
  // Users and Groups, SSH and Write Files
  it('runs the boot commands, and keeps users, files and host keys as they are', () => {
    const first = config(command(4022) + user('one') + file(4023));
    const disk = diskOf(first.system, first.users, ['the host key'], 'i-1');
    const later = bootSystem(Buffer.from(`#cloud-config\n${command(4032)}${user('other')}${file(4033)}`), undefined, 'i-1', disk);
    expect(later).toMatchObject({ users: [{ name: 'one', authorizedKeys: ['one-key'] }], hostKeys: ['the host key'] });
    expect(later.sshd.ports).toEqual([4032, 4023]);
  });

  // As cloud-init 22.4.2 on Debian 12 does: host keys are replaced, a user who is there keeps the shell, keys are only ever added.
  it('applies users, files and host keys again on the disk of another instance', async () => {
    await using bench = await openWorkbench();
    const first = config(`users:\n  - name: one\n    shell: /bin/zsh\n${file(4023)}`);
    const disk = diskOf(first.system, first.users, ['the old host key'], 'i-1');
    const hostKey = readFileSync(bench.hostKey.path, 'utf8');
    const keys = `ssh_keys:\n  ed25519_private: |\n    ${hostKey.trimEnd().replaceAll('\n', '\n    ')}\n`;
    const text = `#cloud-config\nusers:\n  - {name: one, ssh_authorized_keys: [new-key]}\n  - name: two\n${file(4033)}${keys}`;
    const later = bootSystem(Buffer.from(text), undefined, 'i-2', disk);
    expect(later.users).toMatchObject([
      { name: 'one', shell: '/bin/zsh', authorizedKeys: ['new-key'] },
      { name: 'two', shell: '/bin/sh' },
    ]);
    expect(later.hostKeys).toEqual([hostKey]);
    expect(later.sshd.ports).toEqual([4033]);
  });
});

describe('boot commands', () => {
  it('run the branch of the condition', () => {
    expect(portsAfter(`if systemctl is-enabled --quiet ssh.socket; then\n  ${write('Port 1')}\nelse\n  ${write('Port 2')}\nfi`)).toEqual([
      2,
    ]);
    expect(
      portsAfter(`if ! systemctl is-enabled --quiet ssh.service; then ${write('Port 1')}; elif true; then ${write('Port 3')}; fi`),
    ).toEqual([3]);
  });

  it('support && and ||', () => {
    expect(portsAfter(`false && ${write('Port 1')} || ${write('Port 2')}`)).toEqual([2]);
    expect(portsAfter(`true || ${write('Port 1')}\ntrue && ${write('Port 4')}`)).toEqual([4]);
  });

  it('append, remove and quote like a shell', () => {
    expect(portsAfter(`echo "Port 5" > /etc/ssh/sshd_config.d/a.conf; echo Port\\ 6 >> /etc/ssh/sshd_config.d/'a'.conf # both`)).toEqual([
      5, 6,
    ]);
    expect(portsAfter(`${write('Port 5')}\nrm -f /etc/ssh/sshd_config.d/10-a.conf /etc/none`)).toEqual([22]);
    expect(portsAfter(`printf 'Port %s\\n' 7 8 > /etc/ssh/sshd_config.d/a.conf`)).toEqual([7, 8]);
  });

  it('take here-documents to the letter', () => {
    const { system, log } = withBootcmd(
      "cat > /etc/a <<'END' && echo yes\n  $HOME `id` 'b'\n\nENDE\nEND\ncat <<'X' >> /etc/a\nX\ncat <<'Y'\nc\nY",
    );
    expect(system.files.get('/etc/a')).toBe("  $HOME `id` 'b'\n\nENDE\n");
    expect(log).toEqual(['yes\nc']);
  });

  it('move files', () => {
    expect(portsAfter(`${write('Port 5', 'a.txt')}\nmv -f /etc/ssh/sshd_config.d/a.txt /etc/ssh/sshd_config.d/a.conf`)).toEqual([5]);
    expect(withBootcmd('mv /etc/none /etc/ssh/none').log.join()).toMatch(/cannot stat '\/etc\/none'.*exit code 1/s);
  });

  it('run a list as one command with its arguments', () => {
    expect(config("bootcmd:\n  - [mkdir, -p, /etc/it's]\n  - [echo, done]\n").log).toEqual(['done']);
  });

  it('log a failure, and the boot continues', () => {
    const { log, sshd } = withBootcmd(`${write('Port 4022')}\necho x > /nowhere/file`);
    expect(sshd.ports).toEqual([4022]);
    expect(log.join('\n')).toMatch(/cannot create \/nowhere\/file\n.*exit code 2/s);
  });

  it.each([
    ['a variable', 'echo $HOME'],
    ['a variable in quotes', 'echo "a $HOME"'],
    ['a substitution', 'echo `id`'],
    ['a pipe', 'echo a | true'],
    ['a background job', 'true & true'],
    ['a redirection of stderr', 'rm /x 2>/dev/null'],
    ['an unknown command', 'curl https://example.com'],
    ['an unknown command in a branch that does not run', 'if false; then\n  curl x\nfi'],
    ['an unknown option', 'rm -rf /etc'],
    ['a relative path', 'echo a > file'],
    ['a glob', 'rm /etc/*'],
    ['an open quote', "echo 'a"],
    ['an if without fi', 'if true; then\n  true'],
    ['a here-document with expansions', 'cat <<EOF\na\nEOF'],
    ['a here-document without its end', "cat <<'EOF'\na"],
    ['two here-documents', "cat <<'A' <<'B'\nA\nB"],
    ['an assignment', 'A=b true'],
  ])('are refused with %s', (_, script) => {
    expect(() => withBootcmd(script)).toThrow(expect.objectContaining({ name: 'BootRefused' }));
  });

  it('write nothing to the real machine', () => {
    withBootcmd('echo canary > /etc/embedded-canary');
    expect(() => readFileSync('/etc/embedded-canary')).toThrow(/ENOENT/);
  });
});

describe('user data that is refused', () => {
  it.each([
    ['a script', '#!/bin/sh\ntrue', /does not start with "#cloud-config"/],
    ['text without a header', 'users: []', /does not start with "#cloud-config"/],
    ['broken YAML', '#cloud-config\nusers: [', /not valid YAML/],
    ['a list', '#cloud-config\n- a', /is not supported/],
    ['an unknown key', '#cloud-config\nruncmd: [ls]', /"runcmd": unknown key/],
    ['an unknown key of a user', '#cloud-config\nusers:\n  - name: a\n    passwd: x', /"users.0(.passwd)?"/],
    ['a bad user name', '#cloud-config\nusers:\n  - name: ../x', /"users.0/],
    ['a file outside /etc', '#cloud-config\nwrite_files:\n  - path: /etc/../home/x', /\/home\/x is not supported/],
    [
      'an unknown sshd option',
      '#cloud-config\nwrite_files:\n  - path: /etc/ssh/sshd_config.d/x.conf\n    content: ForceCommand x',
      /forcecommand/,
    ],
    ['a malformed host key', '#cloud-config\nssh_keys:\n  ed25519_private: hello', /not a private key in OpenSSH format/],
  ])('%s', (_, text, reason) => {
    expect(() => boot(text)).toThrow(reason);
  });

  it('a host key with another public half', async () => {
    await using bench = await openWorkbench();
    const body = readFileSync(bench.hostKey.path, 'utf8').trimEnd().replaceAll('\n', '\n    ');
    const text = `ssh_keys:\n  ed25519_private: |\n    ${body}\n  ed25519_public: ${bench.userKey.publicKey}\n`;
    expect(() => config(text)).toThrow(/not the public half/);
  });

  it('is never quoted, because it may have a private key', () => {
    for (const text of [
      'ssh_keys: SECRET',
      'ssh_keys:\n  ed25519_private: SECRET',
      'ssh_keys: {ed25519_private: "SECRET',
      'users: [{name: [SECRET]}]',
    ]) {
      expect(() => config(text)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('SECRET') }));
    }
  });
});
