import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClock } from '../../../local/clock.ts';
import { createPool, type Invocation, type Pool } from '../../../local/lambda/pool.ts';
import type { StackFunction } from '../../../local/stack.ts';
import { accountId, bundleRuntime, region, zipFunction } from './functions.ts';

let shared: string;
let runtimeFile: string;
let directory: string;
let pool: Pool;
const clock = createClock();

beforeAll(async () => {
  shared = mkdtempSync(join(tmpdir(), 'pool-runtime-'));
  runtimeFile = await bundleRuntime(shared);
});
afterAll(() => rmSync(shared, { recursive: true }));
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pool-'));
});
afterEach(async () => {
  await pool.stop();
  rmSync(directory, { recursive: true });
});

function poolOf(functions: StackFunction[], rest: { limit?: number; clock?: typeof clock } = {}): Pool {
  const stack = { accountId, region, functions, stateMachines: [] };
  pool = createPool({ stack, stateDirectory: directory, endpoint: () => 'http://127.0.0.1:1', clock, runtimeFile, ...rest });
  return pool;
}

function make(name: string, source: string, rest: Partial<StackFunction> = {}): StackFunction {
  return zipFunction(join(directory, 'package'), name, source, rest);
}

/** Answers with its process and access key, after so many milliseconds. */
const whoAmI = `export const handler = async ({ sleep = 0 }) => {
  await new Promise((resolve) => setTimeout(resolve, sleep));
  return { pid: process.pid, accessKeyId: process.env.AWS_ACCESS_KEY_ID };
};`;

async function payloadOf<T = { pid: number; accessKeyId: string }>(invocation: Promise<Invocation>): Promise<T> {
  const result = await invocation;
  if ('error' in result) throw new Error(`${result.error}: ${result.cause}`);
  return result.payload as T;
}

async function failureOf(invocation: Promise<Invocation>): Promise<{ error: string; cause: Record<string, unknown> }> {
  const result = await invocation;
  if (!('error' in result)) throw new Error(`answered ${JSON.stringify(result.payload)}`);
  return { error: result.error, cause: JSON.parse(result.cause) };
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');

describe('an invocation', () => {
  it('passes the event to the handler and its answer back', async () => {
    const echo = make(
      'echo',
      'export const handler = async (event, context) => ({ event, name: context.functionName, arn: context.invokedFunctionArn });',
    );
    const event = { text: 'Grüße', list: [1, null] };
    expect(await payloadOf(poolOf([echo]).invoke(echo.arn, event))).toEqual({ event, name: 'echo', arn: echo.arn });
  });

  it('answers null for a handler that returns nothing', async () => {
    const silent = make('silent', 'export const handler = async () => {};');
    expect(await poolOf([silent]).invoke(silent.arn, {})).toEqual({ payload: null });
  });

  it('reports a thrown error by its own name, with message and trace', async () => {
    const failing = make(
      'failing',
      `class DependencyStillInUse extends Error { name = 'DependencyStillInUse'; }
       export const handler = async () => { throw new DependencyStillInUse('the group is in use'); };`,
    );
    const { error, cause } = await failureOf(poolOf([failing]).invoke(failing.arn, {}));
    expect(error).toBe('DependencyStillInUse');
    expect(cause).toEqual({ errorType: 'DependencyStillInUse', errorMessage: 'the group is in use', trace: expect.any(Array) });
  });

  it('keeps the sandbox of a handler that threw', async () => {
    const odd = make(
      'odd',
      'export const handler = async ({ fail }) => { if (fail) throw new Error("no"); return { pid: process.pid }; };',
    );
    poolOf([odd]);
    const { pid } = await payloadOf(pool.invoke(odd.arn, {}));
    await failureOf(pool.invoke(odd.arn, { fail: true }));
    expect((await payloadOf(pool.invoke(odd.arn, {}))).pid).toBe(pid);
  });

  it('ends with Sandbox.Timedout at the time-out of the function, and its process with it', async () => {
    const slow = make(
      'slow',
      `import { writeFileSync } from 'node:fs';\n${whoAmI}\nwriteFileSync(process.env.PID_FILE, String(process.pid));`,
      {
        timeoutSeconds: 1,
        environment: { PID_FILE: join(directory, 'pid') },
      },
    );
    const { error, cause } = await failureOf(poolOf([slow]).invoke(slow.arn, { sleep: 30_000 }));
    expect(error).toBe('Sandbox.Timedout');
    expect(cause).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/),
    });
    const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    expect((await payloadOf(pool.invoke(slow.arn, {}))).pid).not.toBe(pid);
  });

  it.each([
    ['process.exit(3)', 'Runtime exited with error: exit status 3'],
    ['process.exit(0)', 'Runtime exited without providing a reason'],
    ["process.kill(process.pid, 'SIGKILL')", 'Runtime exited with error: signal: killed'],
  ])('ends with Runtime.ExitError when the handler does %s', async (statement, reason) => {
    const exiting = make(
      'exiting',
      `export const handler = async () => { ${statement}; await new Promise(() => setTimeout(() => {}, 60_000)); };`,
    );
    const { error, cause } = await failureOf(poolOf([exiting]).invoke(exiting.arn, {}));
    expect(error).toBe('Runtime.ExitError');
    expect(cause.errorMessage).toMatch(new RegExp(`^RequestId: [0-9a-f-]{36} Error: ${reason}$`));
  });

  it.each([
    [
      'an import that is not there',
      "import 'no-such-package'; export const handler = async () => 1;",
      'index.handler',
      'Runtime.ImportModuleError',
      /no-such-package/,
    ],
    [
      'a handler that is not exported',
      'export const other = 1;',
      'index.handler',
      'Runtime.HandlerNotFound',
      /index\.handler is undefined or not exported/,
    ],
    ['a file that is not there', 'export const handler = 1;', 'other.handler', 'Runtime.ImportModuleError', /Cannot find module 'other'/],
    ['a syntax error', 'export const handler = (;', 'index.handler', 'Runtime.UserCodeSyntaxError', /^SyntaxError: /],
    ['a throw while loading', "throw new TypeError('no table');", 'index.handler', 'TypeError', /^no table$/],
  ])('reports %s as Lambda does', async (_, source, handler, expected, message) => {
    const broken = make('broken', source, { handler });
    const { error, cause } = await failureOf(poolOf([broken]).invoke(broken.arn, {}));
    expect(error).toBe(expected);
    expect(cause).toMatchObject({ errorType: expected, errorMessage: expect.stringMatching(message) });
  });

  it('reports a rejection that nobody handles, and starts afresh afterwards', async () => {
    const stray = make(
      'stray',
      `export const handler = async ({ stray }) => {
        if (!stray) return { pid: process.pid };
        Promise.reject(new Error('lost'));
        await new Promise((resolve) => setTimeout(resolve, 30_000));
      };`,
    );
    poolOf([stray]);
    const { pid } = await payloadOf(pool.invoke(stray.arn, {}));
    const { error, cause } = await failureOf(pool.invoke(stray.arn, { stray: true }));
    expect(error).toBe('Runtime.UnhandledPromiseRejection');
    expect(cause.errorMessage).toBe('Error: lost');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    expect((await payloadOf(pool.invoke(stray.arn, {}))).pid).not.toBe(pid);
  });

  it('refuses an event and an answer that are longer than Lambda takes', async () => {
    const long = make('long', "export const handler = async ({ length = 0 }) => 'x'.repeat(length);");
    poolOf([long]);
    expect(await pool.invoke(long.arn, 'x'.repeat(6_291_456))).toMatchObject({ error: 'Lambda.RequestTooLargeException' });
    expect((await failureOf(pool.invoke(long.arn, { length: 6_400_000 }))).error).toBe('Function.ResponseSizeTooLarge');
    expect(await payloadOf<string>(pool.invoke(long.arn, { length: 6_000_000 }))).toHaveLength(6_000_000);
  });

  it('refuses a function that the stack does not have', async () => {
    expect(await poolOf([]).invoke('arn:aws:lambda:us-east-1:000000000000:function:nobody', {})).toMatchObject({
      error: 'Lambda.ResourceNotFoundException',
    });
  });
});

describe('a sandbox', () => {
  it('serves one invocation after the other', async () => {
    const who = make('who', whoAmI);
    poolOf([who]);
    const first = await payloadOf(pool.invoke(who.arn, {}));
    expect(await payloadOf(pool.invoke(who.arn, {}))).toEqual(first);
  });

  it('runs one invocation at a time', async () => {
    const who = make('who', whoAmI);
    poolOf([who]);
    const pids = await Promise.all([1, 2, 3].map(async () => (await payloadOf(pool.invoke(who.arn, { sleep: 100 }))).pid));
    expect(new Set(pids).size).toBe(3);
  });

  it('has an environment of its own and nothing of the user', async () => {
    process.env.SECRET_OF_THE_USER = 'x';
    process.env.AWS_PROFILE = 'production';
    const nosy = make('nosy', 'export const handler = async () => ({ ...process.env, cwd: process.cwd() });', {
      environment: { TABLE: 'demo', AWS_REGION: 'eu-west-1' },
    });
    const { PATH, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ACCESS_KEY_ID, AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, cwd, ...rest } =
      await payloadOf<Record<string, string>>(poolOf([nosy]).invoke(nosy.arn, {}));
    delete process.env.SECRET_OF_THE_USER;
    delete process.env.AWS_PROFILE;
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

  it('has credentials of its own, which name its function', async () => {
    const who = make('who', whoAmI);
    poolOf([who]);
    const [first, second] = await Promise.all([
      payloadOf(pool.invoke(who.arn, { sleep: 50 })),
      payloadOf(pool.invoke(who.arn, { sleep: 50 })),
    ]);
    expect(first.accessKeyId).not.toBe(second.accessKeyId);
    expect(pool.ownerOf(first.accessKeyId)).toEqual({ functionName: 'who', arn: 'arn:aws:sts::000000000000:assumed-role/who/who' });
    expect(pool.ownerOf('alice')).toBeUndefined();
  });

  it('can be crashed in the middle of an invocation', async () => {
    const who = make(
      'who',
      `import { writeFileSync } from 'node:fs';\n${whoAmI}\nwriteFileSync(process.env.KEY_FILE, process.env.AWS_ACCESS_KEY_ID + ' ' + process.pid);`,
      {
        environment: { KEY_FILE: join(directory, 'key') },
      },
    );
    const running = poolOf([who]).invoke(who.arn, { sleep: 30_000 });
    const [key = '', pid] = await vi.waitFor(() => {
      const parts = readFileSync(join(directory, 'key'), 'utf8').split(' ');
      expect(parts).toHaveLength(2);
      return parts;
    });
    expect(await pool.crash(key)).toBe(true);
    expect(isAlive(Number(pid))).toBe(false);
    expect((await failureOf(running)).cause.errorMessage).toMatch(/Runtime exited with error: signal: killed$/);
    expect(await pool.crash(key)).toBe(false);
  });

  it('tells its handler the time of a clock that was moved, and real time again after that', async () => {
    const moved = createClock();
    const time = make(
      'time',
      'export const handler = async () => ({ now: Date.now(), date: new Date().getTime(), fixed: new Date(5).getTime(), text: Date(), same: new Date() instanceof Date });',
    );
    poolOf([time], { clock: moved });
    type Answer = { now: number; date: number; fixed: number; text: string; same: boolean };
    const real = await payloadOf<Answer>(pool.invoke(time.arn, {}));
    expect(Math.abs(real.now - Date.now())).toBeLessThan(5_000);
    const day = 24 * 60 * 60 * 1000;
    moved.advance(3 * day);
    const later = await payloadOf<Answer>(pool.invoke(time.arn, {}));
    for (const instant of [later.now, later.date, Date.parse(later.text)])
      expect(Math.abs(instant - Date.now() - 3 * day)).toBeLessThan(5_000);
    expect(later).toMatchObject({ fixed: 5, same: true });
    moved.setRate(3600);
    const fast = make(
      'fast',
      'export const handler = async () => { const a = Date.now(); await new Promise((r) => setTimeout(r, 100)); return Date.now() - a; };',
    );
    await pool.stop();
    const passed = await payloadOf<number>(poolOf([fast], { clock: moved }).invoke(fast.arn, {}));
    expect(passed).toBeGreaterThan(90 * 3600);
    moved.stop();
  });

  it('has its output in the log of its function, a line at a time', async () => {
    const chatty = make(
      'chatty',
      "export const handler = async () => { console.log('one\\ntwo'); console.error('three'); process.stdout.write('four'); };",
    );
    await poolOf([chatty]).invoke(chatty.arn, {});
    await pool.stop();
    const lines = readFileSync(join(directory, 'logs/chatty.log'), 'utf8').trimEnd().split('\n');
    expect(lines.toSorted()).toEqual(['four', 'one', 'three', 'two']);
  });

  it('unpacks the same code once, and other code beside it', async () => {
    const who = make('who', whoAmI);
    await payloadOf(poolOf([who]).invoke(who.arn, {}));
    await pool.stop();
    await payloadOf(poolOf([who]).invoke(who.arn, {}));
    expect(readdirSync(join(directory, 'code'))).toHaveLength(1);
    await pool.stop();
    const changed = make('who', `${whoAmI}// changed`);
    await payloadOf(poolOf([changed]).invoke(changed.arn, {}));
    expect(readdirSync(join(directory, 'code'))).toHaveLength(2);
  });
});

describe('the pool', () => {
  it('never has more sandboxes than its limit, and lets the rest wait', async () => {
    const first = make('first', whoAmI);
    const second = make('second', whoAmI);
    poolOf([first, second], { limit: 2 });
    const seen = new Set<number>();
    let most = 0;
    const invocations = Array.from({ length: 12 }, async (_, index) => {
      const { pid } = await payloadOf(pool.invoke(index % 3 ? first.arn : second.arn, { sleep: 20 }));
      seen.add(pid);
      most = Math.max(most, [...seen].filter(isAlive).length);
    });
    await Promise.all(invocations);
    expect(invocations).toHaveLength(12);
    expect(most).toBeLessThanOrEqual(2);
  });

  it('ends the sandbox that was idle longest when another function needs its place', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => make(name, whoAmI)) as [StackFunction, StackFunction, StackFunction];
    poolOf([a, b, c], { limit: 2 });
    const ofA = await payloadOf(pool.invoke(a.arn, {}));
    const ofB = await payloadOf(pool.invoke(b.arn, {}));
    await payloadOf(pool.invoke(a.arn, {}));
    await payloadOf(pool.invoke(c.arn, {}));
    expect(isAlive(ofB.pid)).toBe(false);
    expect((await payloadOf(pool.invoke(a.arn, {}))).pid).toBe(ofA.pid);
  });

  it('waits a moment for a busy sandbox of its function before it ends that of another', async () => {
    const [a, b] = ['a', 'b'].map((name) => make(name, whoAmI)) as [StackFunction, StackFunction];
    poolOf([a, b], { limit: 2 });
    const ofA = await payloadOf(pool.invoke(a.arn, {}));
    const ofB = await payloadOf(pool.invoke(b.arn, {}));
    const short = await Promise.all([payloadOf(pool.invoke(b.arn, { sleep: 50 })), payloadOf(pool.invoke(b.arn, {}))]);
    expect(short).toEqual([ofB, ofB]);
    expect(isAlive(ofA.pid)).toBe(true);
    const long = await Promise.all([payloadOf(pool.invoke(b.arn, { sleep: 1500 })), payloadOf(pool.invoke(b.arn, {}))]);
    expect(long[0]).toEqual(ofB);
    expect(long[1]).not.toEqual(ofB);
    expect(isAlive(ofA.pid)).toBe(false);
  });

  it('ends a sandbox that had nothing to do for a minute', async () => {
    const who = make('who', whoAmI);
    poolOf([who]);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { pid } = await payloadOf(pool.invoke(who.arn, {}));
      vi.advanceTimersByTime(59_000);
      expect((await payloadOf(pool.invoke(who.arn, {}))).pid).toBe(pid);
      vi.advanceTimersByTime(59_000);
      expect(isAlive(pid)).toBe(true);
      vi.advanceTimersByTime(2_000);
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    } finally {
      vi.useRealTimers();
    }
  });

  it('serves those who wait in the order in which they came', async () => {
    const [a, b] = ['a', 'b'].map((name) => make(name, whoAmI)) as [StackFunction, StackFunction];
    poolOf([a, b], { limit: 1 });
    const order: string[] = [];
    const ask = (lambda: StackFunction, label: string) => pool.invoke(lambda.arn, {}).then(() => order.push(label));
    await Promise.all([ask(a, 'a1'), ask(b, 'b1'), ask(a, 'a2'), ask(b, 'b2')]);
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  it('ends what runs and what waits when it stops', async () => {
    const who = make('who', whoAmI);
    poolOf([who], { limit: 1 });
    await payloadOf(pool.invoke(who.arn, {}));
    const running = pool.invoke(who.arn, { sleep: 30_000 });
    const waiting = pool.invoke(who.arn, {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    await pool.stop();
    expect(await running).toMatchObject({ error: 'Runtime.ExitError' });
    expect(await waiting).toMatchObject({ error: 'Lambda.ServiceException' });
    expect(await pool.invoke(who.arn, {})).toMatchObject({ error: 'Lambda.ServiceException' });
  });

  it('refuses a zip that names a file outside of itself', async () => {
    const { strToU8, zipSync } = await import('fflate');
    const evil = make('evil', whoAmI);
    writeFileSync(evil.zipFile, zipSync({ '../../escaped.mjs': strToU8('1') }));
    await expect(poolOf([evil]).invoke(evil.arn, {})).rejects.toThrow('outside of itself');
  });
});
