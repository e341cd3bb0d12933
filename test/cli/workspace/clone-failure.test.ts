import { expect, it } from 'vitest';
import { cloneFailure } from '../../../cli/workspace/clone-failure.ts';
import type { Source } from '../../../cli/workspace/source.ts';
import type { ErrorName } from '../../../core/errors.ts';

const server = 'https://github.com';
const https: Source = { protocol: 'https', url: `${server}/acme/api.git`, server, token: async () => ({ missing: 'None.' }) };
const ssh: Source = { protocol: 'ssh', url: 'git@github.com:acme/api.git', host: 'github.com', hostKeys: [] };
const token = { value: 'secret', name: 'token in GH_TOKEN' };

// As git 2.39, OpenSSH 9.2 and github.com say it.
it.each<[ErrorName, Source, readonly string[], string]>([
  [
    'CloneRefused',
    https,
    [
      "Cloning into '/home/recode/workspace/.recode~clone.x/clone'...",
      'remote: Repository not found.',
      `fatal: repository '${https.url}/' not found`,
    ],
    'https://github.com has no repository acme/api that the token in GH_TOKEN can read.',
  ],
  [
    'CloneRefused',
    https,
    ['remote: Invalid username or token.', `fatal: Authentication failed for '${https.url}/'`],
    'https://github.com has no repository acme/api that the token in GH_TOKEN can read.',
  ],
  [
    'CloneRefused',
    ssh,
    [
      'git@github.com: Permission denied (publickey).',
      'fatal: Could not read from remote repository.',
      '',
      'Please make sure you have the correct access rights',
      'and the repository exists.',
    ],
    "git@github.com:acme/api.git cannot be cloned with the keys of this machine's SSH agent. git@github.com: Permission denied (publickey).",
  ],
  [
    'CloneRefused',
    ssh,
    [
      'ERROR: Repository not found.',
      'fatal: Could not read from remote repository.',
      '',
      'Please make sure you have the correct access rights',
    ],
    "git@github.com:acme/api.git cannot be cloned with the keys of this machine's SSH agent. git says: Repository not found.",
  ],
  [
    'BranchNotFound',
    https,
    ['warning: Could not find remote branch next to clone.', 'fatal: Remote branch next not found in upstream origin'],
    'acme/api has no branch next.',
  ],
  [
    'InstanceDiskFull',
    https,
    ['fatal: write error: No space left on device', 'fatal: fetch-pack: invalid index-pack output'],
    'acme/api could not be cloned. git says: write error: No space left on device.',
  ],
  [
    'InstanceDiskFull',
    https,
    ["mkdir: cannot create directory '/home/recode/workspace': Disk quota exceeded"],
    "acme/api could not be cloned. mkdir: cannot create directory '/home/recode/workspace': Disk quota exceeded.",
  ],
  [
    'GitServerUnreachable',
    https,
    [`fatal: unable to access '${https.url}/': Could not resolve host: github.com`],
    `The instance cannot clone ${https.url}. git says: unable to access '${https.url}/': Could not resolve host: github.com.`,
  ],
  [
    'GitServerUnreachable',
    https,
    [`fatal: unable to access '${https.url}/': Operation too slow. Less than 1 bytes/sec transferred the last 60 seconds`],
    `The instance cannot clone ${https.url}. git says: unable to access '${https.url}/': Operation too slow. Less than 1 bytes/sec transferred the last 60 seconds.`,
  ],
  [
    'GitServerUnreachable',
    https,
    [
      'error: RPC failed; curl 18 transfer closed with outstanding read data remaining',
      'error: 1234 bytes of body are still expected',
      'fetch-pack: unexpected disconnect while reading sideband packet',
      'fatal: early EOF',
      'fatal: fetch-pack: invalid index-pack output',
    ],
    `The instance cannot clone ${https.url}. git says: RPC failed; curl 18 transfer closed with outstanding read data remaining.`,
  ],
  [
    'GitServerUnreachable',
    ssh,
    ['ssh: connect to host github.com port 22: Connection timed out', 'fatal: Could not read from remote repository.'],
    `The instance cannot clone ${ssh.url}. ssh: connect to host github.com port 22: Connection timed out.`,
  ],
  [
    'CloneFailed',
    https,
    ['error: unable to create file a: File name too long', 'fatal: unable to checkout working tree'],
    `acme/api could not be cloned from ${https.url}. git says: unable to checkout working tree.`,
  ],
  ['CloneFailed', https, [], `acme/api could not be cloned from ${https.url}. git said nothing.`],
])('is %s by what git says: %#', (name, source, said, message) => {
  expect(cloneFailure({ repository: 'acme/api', source, branch: 'next', token, said })).toMatchObject({ name, message });
});

it('tells what is known of a token, and never its value', () => {
  const said = ["fatal: could not read Username for 'https://github.com': terminal prompts disabled"];
  const missing = cloneFailure({ repository: 'acme/api', source: https, token: { missing: 'None is set.' }, said });
  expect(missing.message).toBe('https://github.com has no public repository acme/api. A private one needs a token. None is set.');
  expect(JSON.stringify(cloneFailure({ repository: 'acme/api', source: https, token, said }))).not.toContain('secret');
});
