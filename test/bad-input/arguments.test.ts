import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedAws, type TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorName } from '../../core/errors.ts';
import { expectAllRaised, expectFailure, raisedBy } from '../harness/failure.ts';
import { recode } from '../harness/recode.ts';
import { recodeStart } from '../harness/workflows.ts';

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

const noRepository = (text: string) => `"${text}" is not the name of a GitHub repository.`;
const otherHost = (text: string, host: string) =>
  `"${text}" is on ${host}. Recode uses github.com, unless GITHUB_SERVER_URL names another GitHub.`;
const noSize = (text: string) => `Invalid --volume-size '${text}'. Use a whole number of GiB from 8 to 16384.`;
const noBlock = (text: string) => `Invalid --allow-cidr '${text}'. Use an IPv4 block, for example 203.0.113.0/24.`;
const noPrefix = (text: string, network: string) =>
  `Invalid --allow-cidr '${text}'. Use ${text}/32 for this address, or a shorter prefix for a network, for example ${network}.`;
const helpMeant = (command: string) =>
  `Did you mean "${command} --help"? If you mean a repository with the name help, write it as owner/help.`;
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
  ['CidrNotValid', ['acme/api', '--allow-cidr', '10.0.0.0'], noPrefix('10.0.0.0', '10.0.0.0/24')],
  ['CidrNotValid', ['acme/api', '--allow-cidr', 'mine', '--allow-cidr', '203.0.113.7'], noPrefix('203.0.113.7', '203.0.113.0/24')],
  [
    'UsageNotValid',
    ['acme/api', ...Array.from({ length: 61 }, (_, index) => ['--allow-cidr', `10.0.${index}.0/24`]).flat()],
    'Too many --allow-cidr. A security group takes 60 blocks.',
  ],
  ['AutoStopNotValid', ['acme/api', '--auto-stop', '25:00'], noStop('25:00')],
  ['AutoStopNotValid', ['acme/api', '--auto-stop', '8 h', '--json'], noStop('8 h')],
  [
    'AutoStopNotValid',
    ['acme/api', '--auto-stop', '20:00', '--time-zone', 'Europe/Pariss'],
    "Invalid time zone 'Europe/Pariss'. Use a name from the IANA database, for example Europe/Paris.",
  ],
  ['IdleStopNotValid', ['acme/api', '--idle-stop', '5m'], "Invalid --idle-stop '5m'. Use a duration from 15m to 7 days (30m, 2h) or off."],
  ['UsageNotValid', ['acme/api', '--time-zone', 'UTC'], '--time-zone needs --auto-stop with a time, for example --auto-stop 20:00.'],
  [
    'UsageNotValid',
    ['acme/api', '--auto-stop', '8h', '--time-zone', 'UTC'],
    '--time-zone cannot be used with --auto-stop 8h. It needs a time, for example --auto-stop 20:00.',
  ],
  ['UsageNotValid', ['acme/api', '--region', '../us-east-1'], noRegion('../us-east-1')],
  ['UsageNotValid', ['acme/api', '--owner', 'Alice A.'], noOwner('Alice A.')],
  ['UsageNotValid', ['acme/api', '--volume-type', 'io2'], "Invalid --volume-type 'io2'. Use gp2 or gp3."],
  ['UsageNotValid', ['acme/api', '--volume-size'], '--volume-size needs a value.'],
  ['UsageNotValid', ['acme/api', '--volume-size='], '--volume-size needs a value.'],
  ['UsageNotValid', ['acme/api', '--allow-cidr', ''], '--allow-cidr needs a value.'],
  ['UsageNotValid', ['acme/api', '--profile', '--local'], '--profile needs a value.'],
  ['UsageNotValid', ['acme/api', '--owner', '--force'], '--owner needs a value.'],
  ['UsageNotValid', ['acme/api', '--force=yes'], '--force takes no value.'],
  ['UsageNotValid', ['acme/api', '--local', '--profile', 'team'], '--local cannot be used with --profile.'],
  [
    'UsageNotValid',
    ['acme/api', '--instance-typ', 't2.nano'],
    'Unknown option \'--instance-typ\' for "recode aws start". Did you mean --instance-type?',
  ],
  ['UsageNotValid', ['acme/api', '--jso', '--json'], 'Unknown option \'--jso\' for "recode aws start". Did you mean --json?'],
  ['UsageNotValid', ['acme/api', 'acme/web'], 'recode aws start takes one argument: <repository>.'],
  ['UsageNotValid', [], 'recode aws start needs one argument: <repository>.'],
  ['UsageNotValid', ['help'], helpMeant('recode aws start')],
];

const groups: [string, string[], string][] = [
  ['recode', ['frobnicate'], 'Unknown command \'frobnicate\' for "recode".'],
  ['recode', ['loca', 'up'], 'Unknown command \'loca\' for "recode". Did you mean "recode local"?'],
  ['recode', ['version'], 'Unknown command \'version\' for "recode". Did you mean "recode --version"?'],
  ['recode', ['-V'], 'Unknown option \'-V\' for "recode". Did you mean --version?'],
  ['recode aws', ['aws', 'version'], 'Unknown command \'version\' for "recode aws". Did you mean "recode --version"?'],
  ['recode aws', ['aws', '--bogus'], 'Unknown option \'--bogus\' for "recode aws".'],
  ['recode aws', ['aws', 'strat', 'acme/api'], 'Unknown command \'strat\' for "recode aws". Did you mean "recode aws start acme/api"?'],
];

const otherCommands: [string, string[], string][] = [
  ['recode aws stop', ['aws', 'stop', 'acme/api', '--volume-size', '16'], 'Unknown option \'--volume-size\' for "recode aws stop".'],
  ['recode aws remove', ['aws', 'remove'], 'recode aws remove needs one argument: <repository>.'],
  ['recode aws follow', ['aws', 'follow', 'help'], helpMeant('recode aws follow')],
  ['recode aws list', ['aws', 'list', 'acme/api'], 'recode aws list takes no arguments.'],
  ['recode aws list', ['aws', 'list', '--region', '--all'], '--region needs a value.'],
  ['recode aws uninstall', ['aws', 'uninstall', '--region', 'eu_west'], noRegion('eu_west')],
  ['recode local up', ['local', 'up', '--region', 'us_east_1'], noRegion('us_east_1')],
  ['recode local down', ['local', 'down', 'now'], 'recode local down takes no arguments.'],
  ['recode local up', ['local', 'up', '--latency', 'slow'], "Invalid --latency 'slow'. Use instant, calibrated or throttled."],
  ['recode local up', ['local', 'up', '--shell', '--json'], '--shell cannot be used with --json.'],
];

describe('what is typed', () => {
  it.concurrent.each(refused)('is refused as %s: recode aws start %j', async (name, args, message) => {
    expectFailure(await recodeStart(aws, directory, args, { GITHUB_SERVER_URL: '' }), ['aws', 'start', ...args], { name, message });
  });

  it.concurrent.each(otherCommands)('is explained by the help of %s: %j', async (usage, args, message) => {
    expectFailure(await recode(args, { directory }), args, { name: 'UsageNotValid', message, usage });
  });

  it.concurrent.each(groups)('is explained by the help of %s, which shows its commands: %j', async (usage, args, message) => {
    expectFailure(await recode(args, { directory }), args, { name: 'UsageNotValid', message, usage, offer: 'the commands' });
  });

  it('is refused before anything is asked of AWS or written to this machine', async () => {
    expect(await aws.get('calls')).toMatchObject({ calls: [] });
    expect(readdirSync(join(directory, 'home'))).toEqual([]);
    expect(readdirSync(directory)).toEqual(['home']);
    expectAllRaised(raisedBy.arguments);
  });
});
