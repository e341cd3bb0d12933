import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectConverged } from '../harness/inventory.ts';
import { recode } from '../harness/recode.ts';
import { deployedAws, recodeStart } from '../harness/workflows.ts';

// Concurrency is shown with as many processes on an account where nothing exists, not with promises in one process.
let aws: TestAws;
let directory: string;
beforeEach(async () => {
  aws = await deployedAws();
  directory = mkdtempSync(join(tmpdir(), 'recode-together-'));
});
afterEach(async () => {
  await aws.stop();
  rmSync(directory, { recursive: true });
});

interface Started {
  name: string;
  created: boolean;
  instanceId: string;
  publicIpAddress: string;
  executionArn: string;
}
const json = (ran: { stdout: string; stderr: string; code: number | null }) => {
  expect(ran.code, ran.stderr + ran.stdout).toBe(0);
  return JSON.parse(ran.stdout) as Started;
};

describe('people who start at once', () => {
  it('share one network when two of them are the first in the region', async () => {
    const [one, other] = await Promise.all(
      ['alice', 'bob'].map((user) => recodeStart(aws, join(directory, user), ['acme/api', '--json'], { AWS_ACCESS_KEY_ID: user })),
    );
    const names = [one, other].map((ran) => ran && json(ran).name).sort();
    expect(names[0]).toBe('acme-api');
    expect(names[1]).toMatch(/^acme-api-(alice|bob)$/);
    await expectConverged(aws, 2);
  });

  it('get one instance when eight start one environment, and all are told of it', async () => {
    const ran = await Promise.all(Array.from({ length: 8 }, () => recodeStart(aws, directory, ['acme/api', '--json'])));
    const started = ran.map(json);
    expect(new Set(started.map(({ instanceId }) => instanceId)).size).toBe(1);
    expect(started.filter(({ created }) => created)).toHaveLength(1);
    await expectConverged(aws, 1);
  });

  it('share one embedded AWS, too, when all are the first on a machine', async () => {
    const start = () => recode(['aws', 'start', 'acme/api', '--local', '--json'], { directory });
    try {
      const started = (await Promise.all(Array.from({ length: 4 }, start))).map(json);
      expect(new Set(started.map(({ instanceId }) => instanceId)).size).toBe(1);
      expect(started.filter(({ created }) => created)).toHaveLength(1);
    } finally {
      await recode(['local', 'down'], { directory });
    }
  });
});
