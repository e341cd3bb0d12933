import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { deployForTests } from '../harness/deployment.ts';
import type { User } from '../harness/users.ts';
import { runStart, runStop } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
let bob: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
  bob = user('bob');
});
beforeEach(async () => {
  expect((await runStart(aws, { autoStop: { kind: 'after', minutes: 60 } })).status).toBe('SUCCEEDED');
});

const minute = 60_000;
const stopAt = async () => {
  const record = await readEnvironment(aws.clients.dynamodb, { owner: 'alice', repository: 'acme/api' });
  return record?.wanted.stopAt === undefined ? undefined : Date.parse(record.wanted.stopAt);
};
const json = async (...args: string[]) => (await alice.run([...args, '--json'])).json as { autoStop: string | null; stopAt: string | null };

/** How a command of Alice is refused. */
async function refused(command: string[]): Promise<{ code: number | null; error: string }> {
  const { code, json } = await alice.run([...command, '--json']);
  const { error } = json as { error: { name: string; message: string } };
  return { code, error: `${error.name}: ${error.message}` };
}

describe('recode aws extend', () => {
  it('postpones the next stop by a duration, and says when it comes', async () => {
    const before = (await stopAt()) ?? 0;
    const { code, stdout } = await alice.prints(['extend', 'acme/api', '2h']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n✓ acme\/api stops (today|tomorrow|\w{3} \d+ \w+) \d\d:\d\d \(.+\)\n$/);
    expect(await stopAt()).toBe(before + 120 * minute);
    expect(await json('extend', 'acme/api', '90m')).toMatchObject({
      autoStop: '1h',
      stopAt: new Date(before + 210 * minute).toISOString(),
    });
  });

  it.each(['never', '20:00', '0h', '8 hours', '169h'])('refuses %s', async (duration) => {
    const message = `Invalid duration '${duration}'. Use hours or minutes, up to 7 days, for example 2h or 90m.`;
    expect(await refused(['extend', 'acme/api', duration])).toEqual({ code: 2, error: `AutoStopNotValid: ${message}` });
  });

  it('refuses to postpone more than a week in all', async () => {
    await alice.run(['extend', 'acme/api', '167h']);
    const before = await stopAt();
    const error = expect.stringMatching(/^AutoStopNotAllowed: A stop at .* is too late: the next stop may be 168h ahead at most\.$/);
    expect(await refused(['extend', 'acme/api', '2h'])).toEqual({ code: 3, error });
    expect(await stopAt()).toBe(before);
  });

  it('has nothing to postpone where no stop is planned', async () => {
    await runStop(aws);
    const error = 'NoStopToPostpone: No automatic stop is planned for acme/api.';
    expect(await refused(['extend', 'acme/api', '2h'])).toEqual({ code: 3, error });
  });

  it('is for whom the team lets act on it, too', async () => {
    const before = (await stopAt()) ?? 0;
    expect((await bob.run(['extend', 'acme/api', '1h', '--owner', 'alice'])).code).toBe(0);
    expect(await stopAt()).toBe(before + 60 * minute);
  });
});

describe('recode aws schedule', () => {
  it('sets when the environment stops, shows it, and goes back to the default of the team', async () => {
    expect(await json('schedule', 'set', 'acme/api', 'never')).toMatchObject({ autoStop: 'never', stopAt: null });
    expect((await alice.prints(['schedule', 'show', 'acme/api'])).stdout).toBe(
      'acme/api never stops automatically (chosen for it: never)\n',
    );
    const set = await json('schedule', 'set', 'acme/api', '19:30', '--time-zone', 'Europe/Paris');
    expect(set).toMatchObject({ autoStop: '19:30 Europe/Paris', stopAt: expect.stringMatching(/T(17|18):30:00\.000Z$/) });
    const cleared = await json('schedule', 'clear', 'acme/api');
    expect(cleared).toMatchObject({ autoStop: null, stopAt: expect.stringMatching(/T20:00:00\.000Z$/) });
    expect((await alice.prints(['schedule', 'show', 'acme/api'])).stdout).toMatch(/^acme\/api stops .* \(your team's default\)\n$/);
  });

  it('keeps what was chosen for the next start of a stopped environment', async () => {
    await runStop(aws);
    const { stdout } = await alice.prints(['schedule', 'set', 'acme/api', '2h']);
    expect(stdout).toContain('✓ acme/api is not started, so it has no next stop\n');
    const started = await runStart(aws);
    expect(Date.parse(started.output?.stopAt ?? '') - aws.clock.now()).toBeGreaterThan(118 * minute);
    expect(Date.parse(started.output?.stopAt ?? '') - aws.clock.now()).toBeLessThanOrEqual(120 * minute);
  });

  it('refuses a time zone for a duration', async () => {
    const error = 'UsageNotValid: --time-zone cannot be used with 2h. It needs a time, for example 20:00.';
    expect(await refused(['schedule', 'set', 'acme/api', '2h', '--time-zone', 'Europe/Paris'])).toEqual({ code: 2, error });
  });
});
