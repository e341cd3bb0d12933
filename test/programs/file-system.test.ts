import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { growFileSystem } from '../../cli/ssh/file-system.ts';
import { withoutComment } from '../../core/instance/keys.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { type Sshd, sshdTrouble, startSshd } from '../harness/sshd.ts';

const trouble = sshdTrouble();
const { publicKey, privateKey } = keyPairFrom(Buffer.alloc(32, 31), 'machine');

// With the sshd and the shell of the machine that runs the tests, and a sudo that notes what it is to run.
describe.skipIf(trouble)(`the file system of a running instance${trouble === undefined ? '' : ` (skipped: ${trouble})`}`, () => {
  let server: Sshd;
  let folder: string;
  let programs: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'recode-keys-'));
    programs = mkdtempSync(join(tmpdir(), 'recode-programs-'));
    server = await startSshd(folder, `${programs}:${process.env.PATH}`);
    writeFileSync(join(folder, 'recode'), `${withoutComment(publicKey)}\n`);
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    for (const made of [folder, programs]) rmSync(made, { recursive: true });
  });
  const sudo = (then: string) =>
    writeFileSync(join(programs, 'sudo'), `#!/bin/sh\nprintf '%s\\n' "$*" >> '${programs}/asked'\n${then}\n`, { mode: 0o755 });
  const asked = () => readFileSync(join(programs, 'asked'), 'utf8');

  it('is grown by the modules of cloud-init, the partition first', async () => {
    sudo('echo "noise of cloud-init"');
    expect(await growFileSystem(server.hostFor(privateKey))).toBeUndefined();
    expect(asked()).toBe('-n cloud-init single --name growpart\n-n cloud-init single --name resizefs\n');
  });

  it('is not grown where the partition is not, which the instance explains', async () => {
    sudo('echo "growpart: no space" >&2; exit 2');
    expect(await growFileSystem(server.hostFor(privateKey))).toBe('growpart: no space.');
    expect(asked()).toBe('-n cloud-init single --name growpart\n');
  });
});
