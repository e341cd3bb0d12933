import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeLock } from '@recode/embedded-aws/control/lock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { recode } from '../harness/recode.ts';

let directory: string;
let local: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-machine-'));
  local = join(directory, 'local');
});
afterEach(async () => {
  // Nothing runs, unless something was started that should have been refused.
  await recode(['local', 'down'], { directory });
  rmSync(directory, { recursive: true });
});

const start = ['aws', 'start', 'acme/api', '--local'];
const entries = (folder: string) => readdirSync(folder, { recursive: true });
// As `recode local up` has left it, deployed in eu-west-1.
const settings = JSON.stringify({ holds: 'the state of the embedded AWS', region: 'eu-west-1' });

describe('a state directory', () => {
  it.each([[start], [['local', 'up']]])('with a file in its place is refused by %j', async (args) => {
    writeFileSync(local, 'mine');
    expectFailure(await recode(args, { directory }), args, {
      name: 'StateDirectoryNotWritable',
      message: `The embedded AWS cannot keep its state in ${local}: a file of that name, or of a folder above it, is in its place.`,
    });
    expect(readFileSync(local, 'utf8')).toBe('mine');
  });

  it.each([[start], [['local', 'up']], [['local', 'reset', '--force']]])(
    'that holds something else is left as it is by %j',
    async (args) => {
      mkdirSync(local);
      writeFileSync(join(local, 'thesis.tex'), 'mine');
      expectFailure(await recode(args, { directory }), args, {
        name: 'StateDirectoryNotOurs',
        message: `${local} is not a state directory of the embedded AWS. Name a new or an empty directory.`,
      });
      expect(entries(local)).toEqual(['thesis.tex']);
    },
  );

  it('is not made for a region that the embedded AWS does not have', async () => {
    const args = [...start, '--region', 'mars-north-1', '--json'];
    const { code, json } = await recode(args, { directory });
    const message = expect.stringMatching(/^The embedded AWS does not have the region mars-north-1\. It has af-south-1, .*, us-west-2\.$/);
    expect({ code, json }).toMatchObject({ code: 2, json: { error: { name: 'UsageNotValid', message } } });
    expect(entries(directory)).not.toContain('local');
  });

  it('that is damaged is named and left as it is', async () => {
    mkdirSync(local);
    const file = join(local, 'settings.json');
    const damaged = settings.replace('region', 'notion');
    writeFileSync(file, damaged);
    expectFailure(await recode(start, { directory }), start, {
      name: 'StateDamaged',
      message: `The state file ${file} is damaged: it does not name a region.`,
    });
    expect(readFileSync(file, 'utf8')).toBe(damaged);
    expect(entries(local)).toEqual(['settings.json']);
  });

  it('of another region is named with both regions', async () => {
    mkdirSync(local);
    writeFileSync(join(local, 'settings.json'), settings);
    const args = [...start, '--region', 'us-east-2'];
    expectFailure(await recode(args, { directory }), args, {
      name: 'LocalRegionDiffers',
      message: `The embedded AWS in ${local} is deployed in eu-west-1, not in us-east-2. Its region cannot change.`,
    });
    expect(entries(local)).toEqual(['settings.json']);
  });
});

describe('the embedded AWS', () => {
  it('that does not start shows the end of its log', async () => {
    mkdirSync(local);
    writeFileSync(join(local, 'settings.json'), settings);
    writeFileSync(join(local, 'state'), 'no directory');
    const ran = await recode(start, { directory });
    const log = join(local, 'embedded-aws.log');
    const reason = `EEXIST: file already exists, mkdir '${join(local, 'state')}'`;
    expect(readFileSync(log, 'utf8')).toContain(reason);
    expectFailure(ran, start, {
      name: 'LocalAwsDidNotStart',
      message: `${reason}. Its log is ${log}, and ends:\n${readFileSync(log, 'utf8').trimEnd()}`,
    });
    expect(readFileSync(join(local, 'state'), 'utf8')).toBe('no directory');
  });

  it('that holds the directory but does not answer is not ended blindly', async () => {
    mkdirSync(local);
    writeFileSync(join(local, 'settings.json'), settings);
    const lock = await takeLock(local);
    lock?.announce();
    const args = ['local', 'down'];
    expectFailure(await recode(args, { directory }), args, {
      name: 'LocalAwsDidNotStop',
      message: `The embedded AWS of ${local} does not answer, and its process is unknown. End it by hand.`,
    });
    await lock?.release();
  });

  it('is refused where it cannot run', async () => {
    const preload = `data:text/javascript,${encodeURIComponent("Object.defineProperty(process, 'platform', { value: 'darwin' })")}`;
    const ran = await recode(start, { directory, env: { NODE_OPTIONS: `--import=${preload}` } });
    expectFailure(ran, start, {
      name: 'PlatformNotSupported',
      message: 'The embedded AWS needs Linux (or WSL); this machine runs darwin.',
    });
    expect(readdirSync(directory)).toEqual(['home']);
  });
});

describe('a home folder', () => {
  // As in a container that runs as a user ID which /etc/passwd does not have: setpriv --reuid=12345 --clear-groups env -u HOME node.
  const nobody = `import os from 'node:os';
    import { syncBuiltinESMExports } from 'node:module';
    os.userInfo = () => { throw Object.assign(new Error('uv_os_get_passwd returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' }); };
    syncBuiltinESMExports();`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(nobody)}`;

  it.each([
    ['', 'HOME is not set'],
    ['home', 'HOME is "home", which is not an absolute path'],
  ])('is asked for if it is missing: HOME=%s', async (HOME, problem) => {
    const ran = await recode(start, { directory, env: { HOME, NODE_OPTIONS } });
    expectFailure(ran, start, { name: 'NoHome', message: `${problem}, and the system knows no home folder for this user.` });
    expect(readdirSync(directory)).toEqual(['home']);
  });

  it('is asked for where the embedded AWS would keep its state in it', async () => {
    const args = ['local', 'status'];
    expectFailure(await recode(args, { directory, env: { HOME: '', RECODE_LOCAL_DIR: '', NODE_OPTIONS } }), args, {
      name: 'NoHome',
      message: 'HOME is not set, and the system knows no home folder for this user.',
    });
  });
});

it('raises all that this machine can be the cause of', () => {
  expectAllRaised(raisedBy.machine);
});
