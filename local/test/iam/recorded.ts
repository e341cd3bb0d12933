import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { createClock } from '../../src/clock.ts';
import { createEc2 } from '../../src/ec2/ec2.ts';
import { needsOfEc2 } from '../../src/iam/authorization/ec2.ts';
import type { Need } from '../../src/iam/policy.ts';
import { createInstanceHost } from '../../src/instance-host/instance-host.ts';
import { serve } from '../ec2/server.ts';

/** The embedded EC2 in us-east-1, which records the needs of each call. */
export interface RecordedEc2 {
  readonly client: EC2Client;
  /** The needs of a call, whether it succeeds or not. */
  needs(call: (client: EC2Client) => Promise<unknown>): Promise<string[]>;
  /** POST to `/_local/ec2`. */
  set(settings: object): void;
  stop(): Promise<void>;
}

export async function startRecordedEc2(): Promise<RecordedEc2> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'iam-ec2-'));
  const clock = createClock();
  const instances = createInstanceHost({ stateDirectory, clock });
  let recorded: Need[] = [];
  const ec2 = createEc2({
    accountId: '000000000000',
    clock,
    stateDirectory,
    instances,
    authorize(_, action, input, region) {
      recorded = needsOfEc2(action, input, region);
    },
  });
  const server = await serve(ec2);
  const credentials = { accessKeyId: 'alice', secretAccessKey: 'secret' };
  const client = new EC2Client({ endpoint: server.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  return {
    client,
    async needs(call) {
      recorded = [];
      await call(client).catch(() => undefined);
      return recorded.map(inLine);
    },
    set: (settings) => void ec2.admin('POST', settings),
    async stop() {
      client.destroy();
      await ec2.stop();
      await instances.stop();
      clock.stop();
      await server.stop();
      rmSync(stateDirectory, { recursive: true, force: true });
    },
  };
}

const shown = ['aws:requesttag/team', 'aws:resourcetag/team', 'ec2:createaction'];

/** A need as a line: its action, its resource without the beginning that all in this account share, and its condition keys. */
export function inLine({ action, resource, keys }: Need): string {
  const conditions = shown.flatMap((key) => {
    const value = keys(key);
    return value === undefined ? [] : [`${key}=${value}`];
  });
  return [action, resource.replace(/^arn:aws:\w+:us-east-1:000000000000:/, ''), ...conditions].join(' ');
}
