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

describe('a change that an environment cannot have', () => {
  beforeAll(async () => {
    const started = await recodeStart(aws, directory, ['acme/api', '--json']);
    expect(started.code, started.stderr + started.stdout).toBe(0);
    before = await inventory(aws);
  });

  it.each([
    ['--volume-size', '8', 'VolumeCannotShrink', 'The volume of acme/api has 16 GiB. It cannot shrink to 8 GiB.'],
    [
      '--instance-type',
      't3.medium',
      'InstanceNotStopped',
      'acme/api runs as a t2.medium. It can become a t3.medium only while it is stopped.',
    ],
    ['--instance-type', 'm6g.large', 'ArchitectureDiffers', 'acme/api is a t2.medium with amd64. m6g.large has arm64.'],
  ] as const)('is refused, naming both values: %s %s', async (option, given, name, message) => {
    await expectRefused(['acme/api', option, given], name, message);
  });
});
