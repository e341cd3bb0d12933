import crypto from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect, it, onTestFinished, vi } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { expectConverged, inventory } from '../harness/inventory.ts';
import { recodeStart } from '../harness/workflows.ts';

let aws: TestAws;
deployForTests((deployed) => {
  aws = deployed;
});

it('names the addresses that were tried where port 2200 is taken on all of them, and the next start goes on', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'recode-port-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const host = onlyAddress();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen({ host, port: 2200, exclusive: true }, resolve));

  const refused = await recodeStart(aws, directory, ['acme/api']);
  await new Promise((resolve) => taken.close(resolve));
  const [, reason = ''] = /^ {2}(The instance i-[0-9a-f]+ is terminated: Server.InternalError: .*)$/m.exec(refused.stderr) ?? [];
  expectFailure(refused, ['aws', 'start', 'acme/api'], { name: 'InstanceFailedToLaunch', message: reason });
  const tried = Array(5).fill(`${host} (address already in use)`).join(', ');
  expect(reason).toContain(
    `No address of this machine is free for an SSH server on port 2200. Tried ${tried}. Stop the program that listens there`,
  );
  expect((await inventory(aws)).instances).toEqual([]);

  const started = await recodeStart(aws, directory, ['acme/api', '--json']);
  expect(started.code, started.stderr + started.stdout).toBe(0);
  expect(started.json).toMatchObject({ publicIpAddress: host });
  await expectConverged(aws, 1);
});

/** The addresses of instances are random. In this test all are one, so that it can be taken without disturbing anybody else. */
function onlyAddress(): string {
  const { randomInt } = crypto;
  const address = [127, randomInt(64, 128), randomInt(0, 256), 200];
  let drawn = 0;
  const spy = vi.spyOn(crypto, 'randomInt').mockImplementation((first: number, second?: number) => {
    if (second === undefined) return randomInt(first);
    drawn = (drawn % 3) + 1;
    return address[drawn];
  });
  // For modules that are loaded already, too.
  syncBuiltinESMExports();
  onTestFinished(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
  });
  return address.join('.');
}
