import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createClock } from '../../src/clock.ts';
import { failureOf, isAlive, payloadOf, region, useLambda, whoAmI } from './functions.ts';

const { deploy, directory, lambda, make } = useLambda();

describe('a sandbox', () => {
  it('serves one invocation after another', async () => {
    const who = make('who', whoAmI);
    deploy([who]);
    const first = await payloadOf(lambda().invoke(who.arn, {}));
    expect(await payloadOf(lambda().invoke(who.arn, {}))).toEqual(first);
  });

  it('runs one invocation at a time', async () => {
    const busy = make(
      'busy',
      `let running = 0; export const handler = async () => {
        running += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
        return { running: running-- };
      };`,
    );
    deploy([busy]);
    const invocations = [1, 2, 3, 4].map(() => payloadOf<{ running: number }>(lambda().invoke(busy.arn, {})));
    expect(await Promise.all(invocations)).toEqual(invocations.map(() => ({ running: 1 })));
  });

  it('has the environment of its function and nothing from that of the user', async () => {
    vi.stubEnv('SECRET_OF_THE_USER', 'x');
    vi.stubEnv('AWS_PROFILE', 'production');
    onTestFinished(() => void vi.unstubAllEnvs());
    const nosy = make('nosy', 'export const handler = async () => ({ ...process.env, cwd: process.cwd() });', {
      environment: { TABLE: 'demo', AWS_REGION: 'eu-west-1' },
    });
    const { PATH, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ACCESS_KEY_ID, AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, cwd, ...rest } =
      await payloadOf<Record<string, string>>(deploy([nosy]).invoke(nosy.arn, {}));
    expect(rest).toEqual({
      TABLE: 'demo',
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_LAMBDA_FUNCTION_NAME: 'nosy',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/nosy',
      AWS_LAMBDA_LOG_STREAM_NAME: AWS_ACCESS_KEY_ID,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      _HANDLER: 'index.handler',
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
    });
    expect(AWS_ACCESS_KEY_ID).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(cwd).toBe(LAMBDA_TASK_ROOT);
    expect([PATH, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_LAMBDA_RUNTIME_API].every(Boolean)).toBe(true);
  });

  it('has its own credentials, which identify its function', async () => {
    const who = make('who', whoAmI);
    deploy([who]);
    const [first, second] = await Promise.all([
      payloadOf(lambda().invoke(who.arn, { sleep: 5_000 })),
      payloadOf(lambda().invoke(who.arn, { sleep: 5_000 })),
    ]);
    expect(first.accessKeyId).not.toBe(second.accessKeyId);
    expect(lambda().ownerOf(first.accessKeyId)).toEqual({ functionName: 'who', arn: 'arn:aws:sts::000000000000:assumed-role/who/who' });
    expect(lambda().ownerOf('alice')).toBeUndefined();
  });

  it('can crash in the middle of an invocation', async () => {
    const who = make(
      'who',
      `import { writeFileSync } from 'node:fs';\n${whoAmI}\nwriteFileSync(process.env.KEY_FILE, process.env.AWS_ACCESS_KEY_ID + ' ' + process.pid);`,
      {
        environment: { KEY_FILE: join(directory(), 'key') },
      },
    );
    const running = deploy([who]).invoke(who.arn, { sleep: 30_000 });
    const [key = '', pid] = await vi.waitFor(() => {
      const parts = readFileSync(join(directory(), 'key'), 'utf8').split(' ');
      expect(parts).toHaveLength(2);
      return parts;
    });
    expect(await lambda().crash(key)).toBe(true);
    expect(isAlive(Number(pid))).toBe(false);
    expect((await failureOf(running)).cause.errorMessage).toMatch(/Runtime exited with error: signal: killed$/);
    expect(await lambda().crash(key)).toBe(false);
  });

  it('runs its handler on the time of the clock', async () => {
    const moved = createClock();
    const time = make(
      'time',
      'export const handler = async () => ({ now: Date.now(), date: new Date().getTime(), fixed: new Date(5).getTime(), text: Date(), same: new Date() instanceof Date });',
    );
    deploy([time], { clock: moved });
    type Answer = { now: number; date: number; fixed: number; text: string; same: boolean };
    const real = await payloadOf<Answer>(lambda().invoke(time.arn, {}));
    expect(Math.abs(real.now - Date.now())).toBeLessThan(5_000);
    const day = 24 * 60 * 60 * 1000;
    moved.advance(3 * day);
    const later = await payloadOf<Answer>(lambda().invoke(time.arn, {}));
    for (const instant of [later.now, later.date, Date.parse(later.text)])
      expect(Math.abs(instant - Date.now() - 3 * day)).toBeLessThan(5_000);
    expect(later).toMatchObject({ fixed: 5, same: true });
    moved.setRate(3600);
    const fast = make(
      'fast',
      'export const handler = async () => { const a = Date.now(); await new Promise((r) => setTimeout(r, 100)); return Date.now() - a; };',
    );
    await lambda().stop();
    const passed = await payloadOf<number>(deploy([fast], { clock: moved }).invoke(fast.arn, {}));
    expect(passed).toBeGreaterThan(90 * 3600);
    moved.stop();
  });

  it('writes its output to the log of its function, line by line', async () => {
    const chatty = make(
      'chatty',
      "export const handler = async () => { console.log('one\\ntwo'); console.error('three'); process.stdout.write('four'); };",
    );
    await deploy([chatty]).invoke(chatty.arn, {});
    await lambda().stop();
    const lines = readFileSync(join(directory(), 'logs/chatty.log'), 'utf8').trimEnd().split('\n');
    expect(lines.toSorted()).toEqual(['four', 'one', 'three', 'two']);
  });

  it('writes control characters to the log as escapes', async () => {
    const nasty = make(
      'nasty',
      String.raw`export const handler = async () => console.log('tab\t \x07 \x1b[31m \x7f \x85 \x9b31m \u2028 \u202e \u200b \u{e0001} é 🙂');`,
    );
    await deploy([nasty]).invoke(nasty.arn, {});
    await lambda().stop();
    const log = readFileSync(join(directory(), 'logs/nasty.log'), 'utf8');
    expect(log).toBe('tab\t \\u0007 \\u001b[31m \\u007f \\u0085 \\u009b31m \\u2028 \\u202e \\u200b \\udb40\\udc01 é 🙂\n');
  });

  it('unpacks the same code once, and changed code next to it', async () => {
    const who = make('who', whoAmI);
    await payloadOf(deploy([who]).invoke(who.arn, {}));
    await lambda().stop();
    await payloadOf(deploy([who]).invoke(who.arn, {}));
    expect(readdirSync(join(directory(), 'code'))).toHaveLength(1);
    await lambda().stop();
    const changed = make('who', `${whoAmI}// changed`);
    await payloadOf(deploy([changed]).invoke(changed.arn, {}));
    expect(readdirSync(join(directory(), 'code'))).toHaveLength(2);
  });
});
