import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll } from 'vitest';
import { type User, userOf } from './users.ts';
import { deployedAws } from './workflows.ts';

/**
 * Deploys the stack for the tests of a file, and stops it after them.
 *
 * @param begin gets it before the first test, and makes its users: each has a home that is deleted in the end
 */
export function deployForTests(begin: (aws: TestAws, user: (name: string) => User) => void | Promise<void>): void {
  let aws: TestAws;
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'recode-users-'));
    aws = await deployedAws();
    await begin(aws, (name) => userOf(aws, name, directory));
  });
  afterAll(async () => {
    await aws.stop();
    rmSync(directory, { recursive: true });
  });
}
