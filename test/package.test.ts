import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import aslValidator from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { readStack } from '../local/stack.ts';

const dist = join(import.meta.dirname, '../dist');
const stack = readStack(join(dist, 'stack'), { accountId: '000000000000', region: 'eu-west-3' });

describe('the packaged state machines', () => {
  it.each(stack.stateMachines.map(({ name, definition }) => [name, definition]))(
    'takes %s for valid Amazon States Language',
    (_, definition) => {
      const { isValid, errorsText } = aslValidator(JSON.parse(definition), { checkPaths: true, checkArn: true });
      expect(isValid, errorsText()).toBe(true);
    },
  );

  it('leaves no placeholder without a function', () => {
    for (const { definition } of stack.stateMachines) expect(definition).not.toContain('${');
  });

  it('invokes functions of the stack only', () => {
    const arns = stack.functions.map(({ arn }) => arn);
    for (const { definition } of stack.stateMachines) {
      const invoked = definition.match(/arn:aws:lambda:[^"]+/g) ?? [];
      expect(invoked.length).toBeGreaterThan(0);
      expect(arns).toEqual(expect.arrayContaining(invoked));
    }
  });
});

describe('the bundles', () => {
  const bundles = readdirSync(join(dist, 'functions')).filter((file) => file.endsWith('.mjs'));

  it.each(bundles)('keeps %s under 350 KB', (file) => {
    expect(statSync(join(dist, 'functions', file)).size).toBeLessThan(350 * 1024);
  });

  it('loads where there is nothing but Node.js itself', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'recode-bundles-'));
    for (const file of bundles) cpSync(join(dist, 'functions', file), join(empty, file));
    const script = bundles.map((file) => `console.log(typeof (await import('./${file}')).handler);`).join('\n');
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { cwd: empty });
    rmSync(empty, { recursive: true });
    expect(stdout.trim().split('\n')).toEqual(bundles.map(() => 'function'));
  });
});
