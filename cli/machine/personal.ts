import { userInfo } from 'node:os';
import type { Environment } from '../../core/environment.ts';
import type { Account } from '../account.ts';
import { thisSystem } from '../home.ts';
import type { KeptFolder } from './checks/keys.ts';
import { proxyHosts } from './checks/proxy.ts';
import type { Personal, PersonalKind } from './redact.ts';

const all = (kind: PersonalKind, values: readonly (string | undefined)[]): Personal[] =>
  values.flatMap((value) => (value ? [{ kind, value }] : []));

/** What this machine tells of the person. */
export function personalOfMachine(variables: NodeJS.ProcessEnv): Personal[] {
  const { HOME, USERPROFILE, USER, LOGNAME, USERNAME } = variables;
  return [
    ...all('home', [HOME, USERPROFILE, thisSystem.home()]),
    ...all('user', [USER, LOGNAME, USERNAME, userName()]),
    ...all('host', proxyHosts(variables)),
  ];
}

export const personalOfFolder = ({ account, owner, repository }: KeptFolder): Personal[] => [
  // Behind it, a folder of the embedded AWS has a hash.
  ...all('account', account.split('-').slice(0, 1)),
  ...all('owner', [owner]),
  ...all('repository', [repository]),
];

export const personalOfAccount = ({ accountId, owner }: Account): Personal[] => [...all('account', [accountId]), ...all('owner', [owner])];

export const personalOfEnvironment = ({ owner, repository, name, observed }: Environment): Personal[] => [
  ...all('owner', [owner]),
  ...all('repository', [repository]),
  ...all('name', [name]),
  ...all('address', [observed?.publicIpAddress]),
];

/** The hosts that are somebody's own. */
export const personalHosts = (hosts: readonly string[]): Personal[] =>
  all(
    'host',
    hosts.filter((host) => !/\.amazonaws\.com(\.cn)?$/.test(host)),
  );

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch (error) {
    // A container may run as a user id without a name.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
    return undefined;
  }
}
