import { BootRefused } from './system-files.ts';

/** The settings of sshd. */
export interface SshdSettings {
  readonly ports: readonly number[];
  /** The environment variables that a client may set, with `*` as a wildcard. */
  readonly acceptEnv: readonly string[];
  readonly agentForwarding: boolean;
  readonly tcpForwarding: boolean;
  readonly rootLogin: boolean;
  /** The files with the keys of a user, which may be relative to the home folder. `%u` is the name of the user. */
  readonly authorizedKeysFiles: readonly string[];
}

export const sshdConfigPath = '/etc/ssh/sshd_config';

/** The sshd configuration of an Ubuntu image on EC2. */
export const imageSshdConfig: Readonly<Record<string, string>> = {
  [sshdConfigPath]: [
    'Include /etc/ssh/sshd_config.d/*.conf',
    'KbdInteractiveAuthentication no',
    'UsePAM yes',
    'X11Forwarding yes',
    'PrintMotd no',
    'AcceptEnv LANG LC_*',
    'Subsystem sftp /usr/lib/openssh/sftp-server',
    '',
  ].join('\n'),
  '/etc/ssh/sshd_config.d/60-cloudimg-settings.conf': 'PasswordAuthentication no\n',
};

/**
 * Reads the settings like sshd: the first value of a keyword counts, but every `Port` and `AcceptEnv` does.
 * Throws `BootRefused` for a configuration with which sshd would not start, or that is not supported.
 */
export function readSshdSettings(files: ReadonlyMap<string, string>): SshdSettings {
  const ports: number[] = [];
  const acceptEnv: string[] = [];
  const first = new Map<string, string>();
  let authorizedKeysFiles: string[] | undefined;
  for (const { where, keyword, value } of directives(sshdConfigPath, files)) {
    const allowed = honored.get(keyword);
    if (allowed === undefined) throw new BootRefused(`sshd: ${where}: the option "${keyword}" is not supported`);
    if (!allowed.test(value)) throw new BootRefused(`sshd: ${where}: the value "${value}" of ${keyword} is not supported`);
    if (keyword === 'port') ports.push(portNumber(value, where));
    else if (keyword === 'acceptenv') acceptEnv.push(...value.split(/\s+/));
    else if (keyword === 'authorizedkeysfile') authorizedKeysFiles ??= value.split(/\s+/);
    else if (!first.has(keyword)) first.set(keyword, value.toLowerCase());
  }
  return {
    ports: ports.length > 0 ? [...new Set(ports)] : [22],
    acceptEnv,
    agentForwarding: first.get('allowagentforwarding') !== 'no',
    tcpForwarding: first.get('allowtcpforwarding') !== 'no',
    rootLogin: first.get('permitrootlogin') !== 'no',
    authorizedKeysFiles: authorizedKeysFiles ?? ['.ssh/authorized_keys', '.ssh/authorized_keys2'],
  };
}

const flag = /^(yes|no)$/i;
const anything = /\S/;

/** The supported options and their values. Passwords never work, because no user has one. */
const honored: ReadonlyMap<string, RegExp> = new Map([
  ['port', /^\S+$/],
  ['acceptenv', anything],
  ['allowagentforwarding', flag],
  ['allowtcpforwarding', flag],
  ['permitrootlogin', /^(no|prohibit-password|without-password|yes)$/i],
  ['pubkeyauthentication', /^yes$/i],
  ['authorizedkeysfile', /^(?:[^\s%"]|%u)+(?:\s+(?:[^\s%"]|%u)+)*$/],
  ['passwordauthentication', flag],
  ['permitemptypasswords', /^no$/i],
  ['kbdinteractiveauthentication', flag],
  ['challengeresponseauthentication', flag],
  ['usepam', flag],
  ['usedns', flag],
  ['x11forwarding', flag],
  ['printmotd', flag],
  ['printlastlog', flag],
  ['tcpkeepalive', flag],
  ['loglevel', anything],
  ['clientaliveinterval', /^\d+$/],
  ['clientalivecountmax', /^\d+$/],
  ['subsystem', /^sftp\s/],
]);

function* directives(
  path: string,
  files: ReadonlyMap<string, string>,
  depth = 0,
): Generator<{ where: string; keyword: string; value: string }> {
  const text = files.get(path);
  if (text === undefined || depth > 16) throw new BootRefused(`sshd: ${path}: No such file or directory`);
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const where = `${path} line ${index + 1}`;
    const [, keyword = '', value = ''] = /^(\w+)(?:\s*=\s*|\s+)(.*)$/.exec(line) ?? [];
    if (keyword === '' || value === '') throw new BootRefused(`sshd: ${where}: the line "${line}" lacks a value`);
    const plain = value.replace(/^"([^"]*)"$/, '$1').replace(/\s+#.*$/, '');
    if (keyword.toLowerCase() !== 'include') yield { where, keyword: keyword.toLowerCase(), value: plain };
    else for (const included of matching(plain, files)) yield* directives(included, files, depth + 1);
  }
}

/** The files of an Include, in the order in which sshd reads them. */
function matching(pattern: string, files: ReadonlyMap<string, string>): string[] {
  const full = pattern.startsWith('/') ? pattern : `/etc/ssh/${pattern}`;
  if (/[?[\]\s]/.test(full)) throw new BootRefused(`sshd: Include ${pattern} is not supported`);
  const expression = new RegExp(`^${full.split('*').map(literally).join('[^/]*')}$`);
  return [...files.keys()].filter((path) => expression.test(path)).sort();
}

const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function portNumber(value: string, where: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port < 1 || port > 65_535) throw new BootRefused(`sshd: ${where}: Badly formatted port number "${value}"`);
  return port;
}
