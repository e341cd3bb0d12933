import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, describe, expect, it } from 'vitest';
import { deployForTests } from '../harness/deployment.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { inventory } from '../harness/inventory.ts';
import { recodeStart } from '../harness/workflows.ts';

let aws: TestAws;
let directory: string;
let server: Server;
/** What the stand-in for AWS's service says of this machine. */
let says: string;
deployForTests(async (deployed) => {
  directory = mkdtempSync(join(tmpdir(), 'recode-allowed-'));
  aws = deployed;
  server = createServer((_, response) => response.end(says));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

const service = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const start = (args: readonly string[], env: Record<string, string> = {}) =>
  recodeStart(aws, directory, args, { RECODE_CHECKIP_URL: service(), ...env });
const allowed = async () =>
  (await inventory(aws)).items?.find(({ kind }) => kind === 'environment') as { wanted?: { allowCidrs?: string[] } } | undefined;

describe('--allow-cidr mine', () => {
  it('that the service cannot answer ends before anything is made', async () => {
    says = '<html>Please sign in</html>';
    await aws.delete('calls');
    const args = ['acme/api', '--allow-cidr', 'mine'];
    expectFailure(await start(args), ['aws', 'start', ...args], {
      name: 'PublicAddressUnknown',
      message: `${service()} did not answer with an IPv4 address.`,
    });
    expect(await allowed()).toBeUndefined();
  });

  it('lets this machine in, beside the blocks that are named', async () => {
    says = '127.0.0.1\n';
    const ran = await start(['acme/api', '--allow-cidr', 'mine', '--allow-cidr', '203.0.113.0/24']);
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect((await allowed())?.wanted?.allowCidrs).toEqual(['203.0.113.0/24', '127.0.0.1/32']);
  });
});

describe('a machine whose address is not allowed', () => {
  it('says so while it tries, fails by that name, and is let in by the next step', async () => {
    says = '198.51.100.7\n';
    // The command waits half a minute of its own clock.
    const hurry = `const now = Date.now; const begun = now(); Date.now = () => begun + (now() - begun) * 100;`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hurry)}`;
    const args = ['acme/api', '--allow-cidr', '203.0.113.0/24'];
    const ran = await start(args, { NODE_OPTIONS });
    const message = 'Your address 198.51.100.7 is not in the allowed blocks 203.0.113.0/24.';
    expect(ran.stdout).toContain(`${message} Still trying to connect.`);
    const [, fix = ''] = /connect with "(ssh -F [^"]+)"/.exec(ran.stderr) ?? [];
    expectFailure(ran, ['aws', 'start', ...args], { name: 'AddressNotAllowed', message, fix });
    expect(fix).toBe(
      (await start(['acme/api', '--allow-cidr', '127.0.0.0/8', '--json']).then(({ json }) => json as { sshCommand: string })).sshCommand,
    );
    expect(ran.stderr).toContain('run "recode aws start acme/api --allow-cidr mine"');
    says = '127.0.0.1\n';
    expect((await start(['acme/api', '--allow-cidr', 'mine'])).code).toBe(0);
    expect((await allowed())?.wanted?.allowCidrs).toEqual(['127.0.0.1/32']);
  });
});

it('raises all that an address can fail with', () => {
  expectAllRaised(raisedBy.allowed);
});
