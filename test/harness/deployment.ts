import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll } from 'vitest';
import { sharedAws } from './shared-aws.ts';
import { type User, userOf } from './users.ts';

/**
 * Gives an embedded AWS with the packaged stack and an empty account to the tests of a file. They leave it to the next file as they like.
 *
 * @param begin gets it before the first test, and makes its users: each has a home, or one for each of their machines, that is deleted in
 *   the end
 */
export function deployForTests(begin: (aws: TestAws, user: (name: string, machine?: string) => User) => void | Promise<void>): void {
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'recode-users-'));
    const aws = await sharedAws();
    await begin(aws, (name, machine = 'desktop') => userOf(aws, name, join(directory, machine)));
  });
  afterAll(() => rmSync(directory, { recursive: true }));
}
