import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { failureOf, isAlive, payloadOf, useLambda, whoAmI } from './functions.ts';

const { deploy, directory, lambda, make } = useLambda();

describe('an invocation', () => {
  it('passes the event to the handler and returns its result', async () => {
    const echo = make(
      'echo',
      'export const handler = async (event, context) => ({ event, name: context.functionName, arn: context.invokedFunctionArn });',
    );
    const event = { text: 'Grüße', list: [1, null] };
    expect(await payloadOf(deploy([echo]).invoke(echo.arn, event))).toEqual({ event, name: 'echo', arn: echo.arn });
  });

  it('returns null for a handler that returns nothing', async () => {
    const silent = make('silent', 'export const handler = async () => {};');
    expect(await deploy([silent]).invoke(silent.arn, {})).toEqual({ payload: null });
  });

  it('reports a thrown error with its name, message and trace', async () => {
    const failing = make(
      'failing',
      `class DependencyStillInUse extends Error { name = 'DependencyStillInUse'; }
       export const handler = async () => { throw new DependencyStillInUse('the group is in use'); };`,
    );
    const { error, cause } = await failureOf(deploy([failing]).invoke(failing.arn, {}));
    expect(error).toBe('DependencyStillInUse');
    expect(cause).toEqual({ errorType: 'DependencyStillInUse', errorMessage: 'the group is in use', trace: expect.any(Array) });
  });

  it('keeps the sandbox of a handler that threw', async () => {
    const odd = make(
      'odd',
      'export const handler = async ({ fail }) => { if (fail) throw new Error("no"); return { pid: process.pid }; };',
    );
    deploy([odd]);
    const { pid } = await payloadOf(lambda().invoke(odd.arn, {}));
    await failureOf(lambda().invoke(odd.arn, { fail: true }));
    expect((await payloadOf(lambda().invoke(odd.arn, {}))).pid).toBe(pid);
  });

  it('ends with Sandbox.Timedout after the timeout of the function, and ends its process', async () => {
    const slow = make(
      'slow',
      `import { writeFileSync } from 'node:fs';\n${whoAmI}\nwriteFileSync(process.env.PID_FILE, String(process.pid));`,
      {
        timeoutSeconds: 1,
        environment: { PID_FILE: join(directory(), 'pid') },
      },
    );
    const { error, cause } = await failureOf(deploy([slow]).invoke(slow.arn, { sleep: 30_000 }));
    expect(error).toBe('Sandbox.Timedout');
    expect(cause).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/),
    });
    const pid = Number(readFileSync(join(directory(), 'pid'), 'utf8'));
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    expect((await payloadOf(lambda().invoke(slow.arn, {}))).pid).not.toBe(pid);
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
    const { error, cause } = await failureOf(deploy([exiting]).invoke(exiting.arn, {}));
    expect(error).toBe('Runtime.ExitError');
    expect(cause.errorMessage).toMatch(new RegExp(`^RequestId: [0-9a-f-]{36} Error: ${reason}$`));
  });

  it.each([
    [
      'a missing import',
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
    ['a missing file', 'export const handler = 1;', 'other.handler', 'Runtime.ImportModuleError', /Cannot find module 'other'/],
    ['a syntax error', 'export const handler = (;', 'index.handler', 'Runtime.UserCodeSyntaxError', /^SyntaxError: /],
    ['an error while loading', "throw new TypeError('no table');", 'index.handler', 'TypeError', /^no table$/],
  ])('reports %s as Lambda does', async (_, source, handler, expected, message) => {
    const broken = make('broken', source, { handler });
    const { error, cause } = await failureOf(deploy([broken]).invoke(broken.arn, {}));
    expect(error).toBe(expected);
    expect(cause).toMatchObject({ errorType: expected, errorMessage: expect.stringMatching(message) });
  });

  it('reports an unhandled rejection, and starts another sandbox for the next invocation', async () => {
    const stray = make(
      'stray',
      `export const handler = async ({ stray }) => {
        if (!stray) return { pid: process.pid };
        Promise.reject(new Error('lost'));
        await new Promise((resolve) => setTimeout(resolve, 30_000));
      };`,
    );
    deploy([stray]);
    const { pid } = await payloadOf(lambda().invoke(stray.arn, {}));
    const { error, cause } = await failureOf(lambda().invoke(stray.arn, { stray: true }));
    expect(error).toBe('Runtime.UnhandledPromiseRejection');
    expect(cause.errorMessage).toBe('Error: lost');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    expect((await payloadOf(lambda().invoke(stray.arn, {}))).pid).not.toBe(pid);
  });

  it('refuses an event or a result beyond the limit of Lambda', async () => {
    const long = make('long', "export const handler = async ({ length = 0 }) => 'x'.repeat(length);");
    deploy([long]);
    expect(await lambda().invoke(long.arn, 'x'.repeat(6_291_456))).toMatchObject({ error: 'Lambda.RequestTooLargeException' });
    expect((await failureOf(lambda().invoke(long.arn, { length: 6_400_000 }))).error).toBe('Function.ResponseSizeTooLarge');
    expect(await payloadOf<string>(lambda().invoke(long.arn, { length: 6_000_000 }))).toHaveLength(6_000_000);
  });

  it('refuses a function that is not in the stack', async () => {
    expect(await deploy([]).invoke('arn:aws:lambda:us-east-1:000000000000:function:nobody', {})).toMatchObject({
      error: 'Lambda.ResourceNotFoundException',
    });
  });
});
