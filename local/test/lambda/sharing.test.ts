import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createClock } from '../../src/clock.ts';
import { failureOf, isAlive, payloadOf, useLambda, whoAmI } from './functions.ts';

const { deploy, directory, lambda, make } = useLambda();

describe('sandboxes in one process', () => {
  it('are those of functions that run one after another', async () => {
    const [a, b] = [make('a', whoAmI), make('b', `${whoAmI}// b`)];
    deploy([a, b]);
    const ofA = await payloadOf(lambda().invoke(a.arn, {}));
    const ofB = await payloadOf(lambda().invoke(b.arn, {}));
    expect(ofB.pid).toBe(ofA.pid);
    expect(ofB.accessKeyId).not.toBe(ofA.accessKeyId);
    expect(lambda().ownerOf(ofA.accessKeyId)?.functionName).toBe('a');
    expect(lambda().ownerOf(ofB.accessKeyId)?.functionName).toBe('b');
  });

  it('are never two that work at the same time', async () => {
    const functions = Array.from({ length: 4 }, (_, index) => make(`step-${index}`, `${whoAmI}// ${index}`));
    deploy(functions);
    for (const { arn } of functions) await payloadOf(lambda().invoke(arn, {}));
    const together = await Promise.all(functions.map(({ arn }) => payloadOf(lambda().invoke(arn, { sleep: 5_000 }))));
    expect(new Set(together.map(({ pid }) => pid)).size).toBe(4);
  });

  it('are sixteen at most', async () => {
    const functions = Array.from({ length: 17 }, (_, index) => make(`step-${index}`, `${whoAmI}// ${index}`));
    deploy(functions);
    const pids = [];
    for (const { arn } of functions) pids.push((await payloadOf(lambda().invoke(arn, {}))).pid);
    expect(new Set(pids.slice(0, 16)).size).toBe(1);
    expect(pids[16]).not.toBe(pids[0]);
  });

  it('are in different processes if they have the same code', async () => {
    const [a, b] = [make('a', whoAmI), make('b', whoAmI)];
    deploy([a, b]);
    const { pid } = await payloadOf(lambda().invoke(a.arn, {}));
    expect((await payloadOf(lambda().invoke(b.arn, {}))).pid).not.toBe(pid);
  });

  it('keep what they changed to themselves', async () => {
    const stateful = (name: string) => `
      let inModule = 0;
      export const handler = async () => {
        inModule += 1;
        globalThis.counter = (globalThis.counter ?? 0) + 1;
        process.env.COUNTER = Number(process.env.COUNTER ?? 0) + 1;
        const seen = { pid: process.pid, inModule, counter: globalThis.counter, fetch: typeof fetch, name: process.env.NAME,
          variable: process.env.COUNTER, cwd: process.cwd() === process.env.LAMBDA_TASK_ROOT, alien: globalThis['${name}'] };
        ${name === 'a' ? "globalThis.b = 'of a'; delete globalThis.fetch;" : "globalThis.a = 'of b'; process.chdir('/');"}
        return seen;
      };`;
    const [a, b] = ['a', 'b'].map((name) => make(name, stateful(name), { environment: { NAME: name } }));
    if (!a || !b) throw new Error('unreachable');
    deploy([a, b]);
    const answers = [];
    for (const { arn } of [a, b, a, b]) answers.push(await payloadOf<{ pid: number }>(lambda().invoke(arn, {})));
    const pid = answers[0]?.pid;
    const first = { pid, inModule: 1, counter: 1, variable: '1', cwd: true };
    const second = { pid, inModule: 2, counter: 2, variable: '2' };
    expect(answers).toEqual([
      { ...first, name: 'a', fetch: 'function' },
      { ...first, name: 'b', fetch: 'function' },
      { ...second, name: 'a', cwd: true, fetch: 'undefined' },
      { ...second, name: 'b', cwd: false, fetch: 'function' },
    ]);
  });

  it('have the time of the clock when they get their event', async () => {
    const clock = createClock();
    const time = (name: string) => make(name, `export const handler = async () => Date.now(); // ${name}`);
    const [a, b] = [time('a'), time('b')];
    deploy([a, b], { clock });
    clock.advance(60 * 60 * 1000);
    await payloadOf(lambda().invoke(a.arn, {}));
    await payloadOf(lambda().invoke(b.arn, {}));
    clock.advance(60 * 60 * 1000);
    const passed = (await payloadOf<number>(lambda().invoke(a.arn, {}))) - Date.now();
    expect(Math.round(passed / 60_000)).toBe(120);
    clock.stop();
  });

  it('write to logs of their own, also without a line end', async () => {
    const [a, b] = ['a', 'b'].map((name) =>
      make(name, `export const handler = async () => { process.stdout.write('${name} ü'); process.stderr.write('!\\n'); };`),
    );
    if (!a || !b) throw new Error('unreachable');
    deploy([a, b]);
    for (const { arn } of [a, b, b, a]) await payloadOf(lambda().invoke(arn, {}));
    await lambda().stop();
    const logOf = (name: string) => readFileSync(join(directory(), `logs/${name}.log`), 'utf8');
    expect(logOf('a')).toBe('!\n!\na üa ü\n');
    expect(logOf('b')).toBe('!\n!\nb üb ü\n');
  });

  it('start again after one of them has crashed, and those of other processes do not', async () => {
    const waiting = `import { existsSync, writeFileSync } from 'node:fs';
      export const handler = async ({ hold }) => {
        const mine = { pid: process.pid, accessKeyId: process.env.AWS_ACCESS_KEY_ID };
        if (hold) writeFileSync(process.env.FOLDER + '/' + hold, mine.accessKeyId);
        while (hold && !existsSync(process.env.FOLDER + '/release')) await new Promise((resolve) => setTimeout(resolve, 5));
        return mine;
      };`;
    const make3 = (name: string) => make(name, `${waiting}// ${name}`, { environment: { FOLDER: directory() } });
    const [a, b, c] = [make3('a'), make3('b'), make3('c')];
    deploy([a, b, c]);
    const ofA = await payloadOf(lambda().invoke(a.arn, {}));
    const ofB = await payloadOf(lambda().invoke(b.arn, {}));
    expect(ofB.pid).toBe(ofA.pid);
    const doomed = lambda().invoke(a.arn, { hold: 'of-a' });
    await vi.waitFor(() => expect(readFileSync(join(directory(), 'of-a'), 'utf8')).toBe(ofA.accessKeyId), { timeout: 20_000 });
    const spared = lambda().invoke(c.arn, { hold: 'of-c' });
    await vi.waitFor(() => readFileSync(join(directory(), 'of-c')), { timeout: 20_000 });
    expect(await lambda().crash(ofA.accessKeyId)).toBe(true);
    expect(isAlive(ofA.pid)).toBe(false);
    expect((await failureOf(doomed)).cause.errorMessage).toMatch(/Runtime exited with error: signal: killed$/);
    expect(lambda().ownerOf(ofB.accessKeyId)).toBeUndefined();
    writeFileSync(join(directory(), 'release'), '');
    expect((await payloadOf(spared)).pid).not.toBe(ofA.pid);
    expect((await payloadOf(lambda().invoke(b.arn, {}))).accessKeyId).not.toBe(ofB.accessKeyId);
  });

  it('answer although another one has left something that fails', async () => {
    const careless = make(
      'careless',
      `export const handler = async () => { setTimeout(() => { throw new Error('left behind'); }, 200); return { pid: process.pid }; };`,
    );
    const patient = make('patient', whoAmI);
    deploy([careless, patient]);
    const { pid } = await payloadOf(lambda().invoke(careless.arn, {}));
    expect((await payloadOf(lambda().invoke(patient.arn, { sleep: 1_000 }))).pid).toBe(pid);
    // After that, the process ends.
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    expect((await payloadOf(lambda().invoke(patient.arn, {}))).pid).not.toBe(pid);
  });

  it('do not keep one alive that waits for something that never happens', async () => {
    const other = make('other', whoAmI);
    const stuck = make('stuck', 'export const handler = () => new Promise(() => {});');
    deploy([other, stuck]);
    await payloadOf(lambda().invoke(other.arn, {}));
    expect((await failureOf(lambda().invoke(stuck.arn, {}))).cause.errorMessage).toMatch(/Runtime exited with error: exit status 13$/);
  });
});
