import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { recode } from '../harness/recode.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-kill-'));
});
afterEach(async () => {
  await recode(['local', 'down'], { directory });
  rmSync(directory, { recursive: true });
});

interface Status {
  running: boolean;
  endpoint: string;
  pid: number;
  stateDirectory: string;
}
const status = async () => (await recode(['local', 'status', '--json'], { directory })).json as Status;
const start = () => recode(['aws', 'start', 'acme/api', '--local', '--json'], { directory });
const post = async (name: string, body: unknown) => {
  const { endpoint } = await status();
  await fetch(`${endpoint}/_local/${name}`, { method: 'POST', body: JSON.stringify(body) });
};

describe('an embedded AWS that is killed in the middle of a start', () => {
  it('goes on where it was: the next start converges on one environment', async () => {
    await recode(['local', 'up'], { directory });
    await post('ec2', { latency: 'calibrated' });
    const first = start();
    const { pid, endpoint } = await status();
    await vi.waitFor(
      async () => {
        const { calls } = (await (await fetch(`${endpoint}/_local/calls`)).json()) as { calls: { action: string }[] };
        expect(calls.map(({ action }) => action)).toContain('RunInstances');
      },
      { timeout: 30_000, interval: 50 },
    );
    process.kill(pid, 'SIGKILL');
    expect((await first).code).not.toBe(0);

    await recode(['local', 'up'], { directory });
    await post('clock', { rate: 20 }); // nobody enters before the killed execution's last Lambda must be dead
    const second = await start();
    expect(second.code, second.stderr + second.stdout).toBe(0);
    expect(second.json).toMatchObject({ status: 'started', created: false });
    const third = await start();
    expect(third.json).toEqual({
      ...(second.json as object),
      created: false,
      changed: false,
      executionArn: expect.any(String),
      updatedAt: expect.any(String),
    });
  });
});

describe('a damaged state file', () => {
  it('is named, left as it is, and nothing else is lost', async () => {
    expect((await start()).code).toBe(0);
    const { stateDirectory } = await status();
    await recode(['local', 'down'], { directory });
    const files = readdirSync(stateDirectory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      const torn = text.slice(0, text.length / 2);
      writeFileSync(file, torn);
      const ran = await start();
      expect(ran.code, file).toBe(1);
      expect(ran.json).toMatchObject({
        error: { name: 'StateDamaged', message: expect.stringContaining(file), nextStep: expect.stringContaining('recode local reset') },
      });
      expect(readFileSync(file, 'utf8')).toBe(torn);
      writeFileSync(file, text);
    }
    const again = await start();
    expect(again.json).toMatchObject({ created: false });
  });
});
