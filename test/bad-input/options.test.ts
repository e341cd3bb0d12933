import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { type Inventory, inventory } from '../harness/inventory.ts';
import { recodeStart } from '../harness/workflows.ts';

let aws: TestAws;
let directory: string;
let before: Inventory;
deployForTests(async (deployed) => {
  directory = mkdtempSync(join(tmpdir(), 'recode-options-'));
  aws = deployed;
  before = await inventory(aws);
});
afterEach(async () => {
  expect(await inventory(aws)).toEqual(before);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs a start that is refused. */
async function expectRefused(args: readonly string[], name: Parameters<typeof expectFailure>[2]['name'], message: string) {
  expectFailure(await recodeStart(aws, directory, args), ['aws', 'start', ...args], { name, message });
}

describe('an instance type', () => {
  it('that the region does not know is refused in an account where nothing exists, and a near one is named', async () => {
    await expectRefused(
      ['acme/api', '--instance-type', 't9.large'],
      'InstanceTypeNotFound',
      't9.large is not available in us-east-1. Try t3.large. AWS says: The following supplied instance types do not exist: [t9.large]. ' +
        'The catalog of the embedded AWS does not have t9.large (InvalidInstanceType).',
    );
  });

  it.each([
    ['mac1.metal', 'its architecture is x86_64_mac, not amd64 or arm64'],
    ['mac2.metal', 'its architecture is arm64_mac, not amd64 or arm64'],
  ])('that cannot hold an environment is refused with the reason: %s', async (type, reason) => {
    await expectRefused(
      ['acme/api', '--instance-type', type],
      'InstanceTypeNotSupported',
      `${type} cannot hold an environment: ${reason}.`,
    );
  });
});

describe('an option that differs from those of the environment', () => {
  beforeAll(async () => {
    const started = await recodeStart(aws, directory, ['acme/api', '--json']);
    expect(started.code, started.stderr + started.stdout).toBe(0);
    before = await inventory(aws);
  });

  it.each([
    ['--instance-type', 't2.medium', 't3.medium'],
    ['--volume-size', '16', '64'],
    ['--volume-type', 'gp2', 'gp3'],
  ])('is refused, naming both values: %s', async (option, existing, given) => {
    await expectRefused(
      ['acme/api', option, given],
      'OptionDiffers',
      `The environment acme/api exists with ${option} ${existing}, not ${given}.`,
    );
  });
});
