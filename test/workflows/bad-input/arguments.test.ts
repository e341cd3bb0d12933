import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedAws, type TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorName } from '../../../core/errors.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../../harness/failure.ts';
import { recode } from '../../harness/recode.ts';
import { recodeStart } from '../../harness/workflows.ts';

let aws: TestAws;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'recode-arguments-'));
  aws = await embeddedAws();
});
afterAll(async () => {
  // Nothing runs, unless something was started that should have been refused.
  await recode(['local', 'down'], { directory });
  await aws.stop();
  rmSync(directory, { recursive: true });
});

const noRepository = (text: string) =>
  `"${text}" is not the name of a GitHub repository. Write it as owner/name, for example "recode-sh/workspace".`;
const otherHost = (text: string, host: string) =>
  `"${text}" is on ${host}. Recode uses github.com, unless GITHUB_SERVER_URL names another GitHub. Write it as owner/name, for example "recode-sh/workspace".`;
const noSize = (text: string) => `Invalid --volume-size '${text}'. Use a whole number of GiB from 8 to 16384.`;
const noBlock = (text: string) => `Invalid --allow-cidr '${text}'. Use an IPv4 block, for example 203.0.113.0/24.`;
const noType = (text: string) => `Invalid --instance-type '${text}'. Use the name of an EC2 instance type, for example t3.medium.`;
const noOwner = (text: string) => `Invalid --owner '${text}'. Use 1 to 128 letters, digits and + = , . _ @ -.`;
const noStop = (text: string) => `Invalid --auto-stop '${text}'. Use a time (20:00), a duration up to 7 days (8h, 90m) or never.`;
const noRegion = (text: string) => `Invalid region '${text}'. Use the name of an AWS region, for example us-east-1.`;

const refused: [ErrorName, string[], string][] = [
  ['RepositoryNotValid', ['my api'], noRepository('my api')],
  ['RepositoryNotValid', ['my api', '--json'], noRepository('my api')],
  ['RepositoryNotValid', ['acme/'], noRepository('acme/')],
  ['RepositoryNotValid', ['/api'], noRepository('/api')],
  ['RepositoryNotValid', ['acme/api/web'], noRepository('acme/api/web')],
  ['RepositoryNotValid', ['../api'], noRepository('../api')],
  ['RepositoryNotValid', ['https://github.com/acme'], noRepository('https://github.com/acme')],
  ['RepositoryNotValid', ['https://gitlab.com/acme/api'], otherHost('https://gitlab.com/acme/api', 'gitlab.com')],
  ['InstanceTypeNotValid', ['acme/api', '--instance-type', 'large'], noType('large')],
  ['VolumeSizeNotValid', ['acme/api', '--volume-size', '7'], noSize('7')],
  ['VolumeSizeNotValid', ['acme/api', '--volume-size', '16385'], noSize('16385')],
  ['VolumeSizeNotValid', ['acme/api', '--volume-size', '-16'], noSize('-16')],
  ['VolumeSizeNotValid', ['acme/api', '--volume-size', 'big'], noSize('big')],
  ['CidrNotValid', ['acme/api', '--allow-cidr', '10.0.0.0/33'], noBlock('10.0.0.0/33')],
  ['CidrNotValid', ['acme/api', '--allow-cidr', '10.0.0.0/8', '--allow-cidr', '::/0'], noBlock('::/0')],
  ['AutoStopNotValid', ['acme/api', '--auto-stop', '25:00'], noStop('25:00')],
  ['AutoStopNotValid', ['acme/api', '--auto-stop', '8 h', '--json'], noStop('8 h')],
  [
    'AutoStopNotValid',
    ['acme/api', '--auto-stop', '20:00', '--time-zone', 'Europe/Pariss'],
    "Invalid time zone 'Europe/Pariss'. Use a name from the IANA database, for example Europe/Paris.",
  ],
  ['UsageNotValid', ['acme/api', '--time-zone', 'UTC'], '--time-zone needs --auto-stop with a time, for example --auto-stop 20:00.'],
  [
    'UsageNotValid',
    ['acme/api', '--auto-stop', '8h', '--time-zone', 'UTC'],
    '--time-zone cannot be used with --auto-stop 8h. It needs a time, for example --auto-stop 20:00.',
  ],
  ['UsageNotValid', ['acme/api', '--region', '../us-east-1'], noRegion('../us-east-1')],
  ['UsageNotValid', ['acme/api', '--owner', 'Alice A.'], noOwner('Alice A.')],
  [
    'UsageNotValid',
    ['acme/api', '--volume-type', 'io1'],
    "Option '--volume-type <type>' argument 'io1' is invalid. Allowed choices are gp2, gp3.",
  ],
  ['UsageNotValid', ['acme/api', '--volume-size'], "Option '--volume-size <GiB>' argument missing."],
  ['UsageNotValid', ['acme/api', '--local', '--profile', 'team'], "Option '--local' cannot be used with option '--profile <name>'."],
  [
    'UsageNotValid',
    ['acme/api', '--instance-typ', 't2.nano'],
    'Unknown option \'--instance-typ\' for "recode aws start". Did you mean --instance-type?',
  ],
  ['UsageNotValid', ['acme/api', '--jso', '--json'], 'Unknown option \'--jso\' for "recode aws start". Did you mean --json?'],
  ['UsageNotValid', ['acme/api', 'acme/web'], "Too many arguments for 'start'. Expected 1 argument but got 2."],
  ['UsageNotValid', [], "Missing required argument 'repository'."],
];

const otherCommands: [string, string[], string][] = [
  ['recode', ['frobnicate'], 'Unknown command \'frobnicate\' for "recode".'],
  ['recode', ['loca', 'up'], 'Unknown command \'loca\' for "recode". Did you mean "recode local"?'],
  ['recode aws', ['aws', 'strat', 'acme/api'], 'Unknown command \'strat\' for "recode aws". Did you mean "recode aws start acme/api"?'],
  ['recode aws stop', ['aws', 'stop', 'acme/api', '--volume-size', '16'], 'Unknown option \'--volume-size\' for "recode aws stop".'],
  ['recode aws remove', ['aws', 'remove'], "Missing required argument 'repository'."],
  ['recode aws list', ['aws', 'list', 'acme/api'], "Too many arguments for 'list'. Expected 0 arguments but got 1."],
  ['recode aws uninstall', ['aws', 'uninstall', '--region', 'eu_west'], noRegion('eu_west')],
  ['recode local up', ['local', 'up', '--region', 'us_east_1'], noRegion('us_east_1')],
  ['recode local down', ['local', 'down', 'now'], "Too many arguments for 'down'. Expected 0 arguments but got 1."],
];

describe('what is typed', () => {
  it.concurrent.each(refused)('is refused as %s: recode aws start %j', async (name, args, message) => {
    expectFailure(await recodeStart(aws, directory, args), ['aws', 'start', ...args], { name, message });
  });

  it.concurrent.each(otherCommands)('is explained by the help of %s: %j', async (usage, args, message) => {
    expectFailure(await recode(args, { directory }), args, { name: 'UsageNotValid', message, usage });
  });

  it('is refused before anything is asked of AWS or written to this machine', async () => {
    expect(await aws.get('calls')).toMatchObject({ calls: [] });
    expect(readdirSync(join(directory, 'home'))).toEqual([]);
    expect(readdirSync(directory)).toEqual(['home']);
    expectAllRaised(raisedBy.arguments);
  });
});
