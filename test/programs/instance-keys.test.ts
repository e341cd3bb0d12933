import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { replaceInstanceKeys } from '../../cli/ssh/instance-keys.ts';
import { withoutComment } from '../../core/instance/keys.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { mountTrouble, smallDisk } from '../harness/small-disk.ts';
import { type Sshd, sshdTrouble, startSshd } from '../harness/sshd.ts';

const trouble = sshdTrouble() ?? (spawnSync('sudo', ['-n', 'true']).status === 0 ? undefined : 'sudo asks for a password');
const cannotMount = mountTrouble();
const [one, two, three] = [1, 2, 3].map((seed) => keyPairFrom(Buffer.alloc(32, seed + 20), `machine ${seed}`)) as [Pair, Pair, Pair];
type Pair = ReturnType<typeof keyPairFrom>;

// With the sshd, the sudo and the shell of the machine that runs the tests.
describe.skipIf(trouble)(`the keys of a running instance${trouble === undefined ? '' : ` (skipped: ${trouble})`}`, () => {
  let server: Sshd;
  let folder: string;
  let programs: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'recode-keys-'));
    programs = mkdtempSync(join(tmpdir(), 'recode-programs-'));
    server = await startSshd(folder, `${programs}:${process.env.PATH}`);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    for (const made of [folder, programs]) rmSync(made, { recursive: true });
  });
  const file = () => join(folder, 'recode');
  const text = (...pairs: Pair[]) => pairs.map(({ publicKey }) => `${withoutComment(publicKey)}\n`).join('');
  const keys = (...pairs: Pair[]) => pairs.map(({ publicKey }) => publicKey);
  beforeEach(() => writeFileSync(file(), text(one)));
  afterEach(() => {
    for (const name of readdirSync(programs)) rmSync(join(programs, name));
  });
  const logsIn = ({ privateKey }: Pair) => {
    const { sshConfig, name } = server.hostFor(privateKey);
    return new Promise<string>((resolve) =>
      execFile('ssh', ['-F', sshConfig, '-o', 'BatchMode=yes', name, 'echo in'], (_, stdout, stderr) => resolve(stdout || stderr)),
    );
  };
  const refused = expect.stringContaining('Permission denied (publickey');

  it('are replaced as a whole, and count from the next login on', async () => {
    expect(await logsIn(two)).toEqual(refused);
    const before = await replaceInstanceKeys(server.hostFor(one.privateKey), keys(one, two));
    expect(before).toEqual([withoutComment(one.publicKey)]);
    expect(readFileSync(file(), 'utf8')).toBe(text(one, two));
    expect([statSync(file()).mode & 0o777, statSync(folder).mode & 0o777, statSync(file()).uid]).toEqual([0o644, 0o755, 0]);
    expect(await logsIn(two)).toBe('in\n');

    expect(await replaceInstanceKeys(server.hostFor(two.privateKey), keys(two, three))).toEqual(
      [one, two].map(({ publicKey }) => withoutComment(publicKey)),
    );
    expect(await Promise.all([one, two, three].map(logsIn))).toEqual([refused, 'in\n', 'in\n']);
    expect(readdirSync(folder)).toEqual(['recode']);
  });

  it('are not written again if the instance has them', async () => {
    const { ino } = statSync(file());
    expect(await replaceInstanceKeys(server.hostFor(one.privateKey), keys(one))).toEqual([withoutComment(one.publicKey)]);
    expect(statSync(file()).ino).toBe(ino);
  });

  it('let a machine in at each moment that is in the old and the new ones, however many replace them at once', async () => {
    const host = server.hostFor(one.privateKey);
    const sets = Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? keys(one, two) : keys(three, one)));
    const [, ...logins] = await Promise.all([
      Promise.all(sets.map((set) => replaceInstanceKeys(host, set))),
      ...Array.from({ length: 12 }, () => logsIn(one)),
    ]);
    expect(new Set(logins)).toEqual(new Set(['in\n']));
    expect([text(one, two), text(three, one)]).toContain(readFileSync(file(), 'utf8'));
    expect(readdirSync(folder)).toEqual(['recode']);
  });

  it('are not made where the instance reads its keys elsewhere', async () => {
    const host = server.hostFor(one.privateKey);
    // sshd has let the machine in before the file goes.
    writeFileSync(join(programs, 'sudo'), `#!/bin/sh\nmv ${file()} ${folder}/away\nPATH=\${PATH#*:} exec sudo "$@"\n`, { mode: 0o755 });
    await expect(replaceInstanceKeys(host, keys(one, two))).rejects.toThrow(
      expect.objectContaining({
        name: 'InstanceKeysNotReplaced',
        message: `The instance says: cat: ${file()}: No such file or directory.`,
      }),
    );
    expect(readdirSync(folder)).toEqual(['away']);
    rmSync(join(folder, 'away'));
  });

  it('stay as they are where nobody may become root', async () => {
    writeFileSync(join(programs, 'sudo'), '#!/bin/sh\necho "sudo: a password is required" >&2\nexit 1\n', { mode: 0o755 });
    await expect(replaceInstanceKeys(server.hostFor(one.privateKey), keys(one, two))).rejects.toThrow(
      expect.objectContaining({ name: 'InstanceKeysNotReplaced', message: 'The instance says: sudo: a password is required.' }),
    );
    expect(readFileSync(file(), 'utf8')).toBe(text(one));
  });

  it('stay as they are where their new file is killed half-way', async () => {
    writeFileSync(join(programs, 'mv'), '#!/bin/sh\nkill -KILL $PPID\n', { mode: 0o755 });
    writeFileSync(join(programs, 'sudo'), `#!/bin/sh\nshift\nexec "$@"\n`, { mode: 0o755 });
    await expect(replaceInstanceKeys(server.hostFor(one.privateKey), keys(one, two))).rejects.toThrow(
      expect.objectContaining({ name: 'InstanceKeysNotReplaced' }),
    );
    expect(readFileSync(file(), 'utf8')).toBe(text(one));
    rmSync(join(programs, 'mv'));
    await replaceInstanceKeys(server.hostFor(one.privateKey), keys(one, two));
    expect(readFileSync(file(), 'utf8')).toBe(text(one, two));
    expect(readdirSync(folder)).toEqual(['recode']);
  });

  it.skipIf(cannotMount)(`stay as they are on a full disk${cannotMount === undefined ? '' : ` (skipped: ${cannotMount})`}`, async () => {
    using disk = smallDisk({ kibibytes: 64 });
    const inside = join(disk.folder, 'keys');
    mkdirSync(inside);
    writeFileSync(join(inside, 'recode'), text(one));
    disk.fill();
    await using full = await startSshd(inside);
    await expect(replaceInstanceKeys(full.hostFor(one.privateKey), keys(one, two))).rejects.toThrow(
      expect.objectContaining({ name: 'InstanceDiskFull', message: 'The instance says: No space left on device.' }),
    );
    expect(readFileSync(join(inside, 'recode'), 'utf8')).toBe(text(one));
    disk.free();
    await replaceInstanceKeys(full.hostFor(one.privateKey), keys(one, two));
    expect(readFileSync(join(inside, 'recode'), 'utf8')).toBe(text(one, two));
  });
});
