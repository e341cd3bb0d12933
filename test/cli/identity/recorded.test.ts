import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identify } from '../../../cli/identity/identify.ts';

// What the AWS CLI 2.9.19 and botocore 1.44.8 took from these files, recorded on 28 November 2026. A null in `env` unsets a variable.
interface Recorded {
  readonly name: string;
  readonly config: string;
  readonly credentials?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string | null>>;
  readonly profile?: string;
  readonly identity: string;
  readonly sessionToken?: string;
  readonly region: string;
}
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded.json'), 'utf8')) as Recorded[];

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'recode-recorded-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function write(path: string, text: string): void {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

it.each(recorded)('takes the identity and the region that the AWS CLI takes: $name', async (from) => {
  write('.aws/config', from.config);
  if (from.credentials !== undefined) write('.aws/credentials', from.credentials);
  for (const [path, text] of Object.entries(from.files ?? {})) write(path, text);
  const variables = Object.entries(from.env ?? {}).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
  const environment = { HOME: home, AWS_EC2_METADATA_DISABLED: 'true', ...Object.fromEntries(variables) };
  const { region, clientConfig } = await identify(from.profile === undefined ? {} : { profile: from.profile }, environment);
  const { accessKeyId, sessionToken } = await clientConfig('sts').credentials();
  expect({ region, accessKeyId, sessionToken }).toEqual({
    region: from.region,
    accessKeyId: from.identity,
    sessionToken: from.sessionToken,
  });
});
