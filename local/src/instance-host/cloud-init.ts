import ssh2 from 'ssh2';
import * as v from 'valibot';
import { parse } from 'yaml';
import { runBootScript } from './boot-script.ts';
import { type Disk, filesOf, type InstanceUser } from './disk.ts';
import { imageSshdConfig, readSshdSettings, type SshdSettings } from './sshd-config.ts';
import { absolute, BootRefused, freshSystem, makeFolder, parentOf, type SystemFiles } from './system-files.ts';

/** An instance after cloud-init. */
export interface BootedSystem {
  readonly users: readonly InstanceUser[];
  /** The host keys of the user data, as OpenSSH private keys. If there are none, the instance creates its own. */
  readonly hostKeys: readonly string[];
  readonly sshd: SshdSettings;
  readonly system: SystemFiles;
  /** The output of cloud-init. */
  readonly log: readonly string[];
}

/**
 * Applies user data to an Ubuntu image: its users, keys and sshd settings. `keyPair` is the public key of the launch's key pair. With the
 * `disk` of an earlier boot of the instance, only boot commands run: cloud-init does the rest once per instance. On the disk of another
 * instance, it does the rest again: it replaces the host keys, and adds users and their keys to those that are there.
 * Throws `BootRefused` for malformed or unsupported user data.
 */
export function bootSystem(userData: Uint8Array, keyPair: string | undefined, instanceId: string, disk?: Disk): BootedSystem {
  const config = readCloudConfig(userData);
  const system = disk ? filesOf(disk) : freshSystem(imageSshdConfig);
  const log = [...runBootCommands(config.bootcmd ?? [], system)];
  const bootedBefore = disk && (disk.instanceId ?? instanceId) === instanceId;
  if (bootedBefore) return { users: disk.users, hostKeys: disk.hostKeys, system, sshd: readSshdSettings(system.files), log };
  for (const file of config.write_files ?? []) writeFile(file, system);
  const users = together(disk?.users ?? [], configuredUsers(config, keyPair));
  for (const user of users) log.push(...unreadableKeys(user));
  return { users, hostKeys: hostKeysOf(config.ssh_keys ?? {}), system, sshd: readSshdSettings(system.files), log };
}

const Keys = v.union([
  v.array(v.string()),
  v.pipe(
    v.string(),
    v.transform((key) => [key]),
  ),
]);
const UserName = v.pipe(v.string(), v.regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is not a user name'));
const Sudo = v.union([v.string(), v.array(v.string()), v.boolean(), v.null()]);

const User = v.strictObject({
  name: UserName,
  shell: v.optional(v.pipe(v.string(), v.startsWith('/'))),
  ssh_authorized_keys: v.optional(Keys),
  sudo: v.optional(Sudo),
  // These have no effect: the processes of an instance run as the user of the embedded AWS.
  groups: v.optional(v.union([v.string(), v.array(v.string())])),
  gecos: v.optional(v.string()),
  lock_passwd: v.optional(v.literal(true)),
});

const WriteFile = v.strictObject({
  path: v.string(),
  content: v.optional(v.string(), ''),
  encoding: v.optional(v.picklist(['text/plain', 'b64', 'base64']), 'text/plain'),
  append: v.optional(v.boolean(), false),
  owner: v.optional(v.string()),
  permissions: v.optional(v.pipe(v.string(), v.regex(/^0?[0-7]{3,4}$/))),
});

const HostKeys = v.strictObject({
  ed25519_private: v.optional(v.string()),
  ed25519_public: v.optional(v.string()),
  rsa_private: v.optional(v.string()),
  rsa_public: v.optional(v.string()),
});

const CloudConfig = v.strictObject({
  users: v.optional(v.array(v.union([UserName, User]))),
  ssh_authorized_keys: v.optional(Keys),
  ssh_keys: v.optional(HostKeys),
  bootcmd: v.optional(v.array(v.union([v.string(), v.array(v.string())]))),
  write_files: v.optional(v.array(WriteFile)),
  // These have no effect that is visible over SSH.
  manage_etc_hosts: v.optional(v.union([v.boolean(), v.literal('localhost')])),
  preserve_hostname: v.optional(v.boolean()),
  disable_root: v.optional(v.literal(true)),
  ssh_pwauth: v.optional(v.literal(false)),
  ssh_deletekeys: v.optional(v.boolean()),
});
type CloudConfig = v.InferOutput<typeof CloudConfig>;

function readCloudConfig(userData: Uint8Array): CloudConfig {
  if (userData.length === 0) return {};
  const text = Buffer.from(userData).toString('utf8');
  if (!/^#cloud-config[ \t]*(\r?\n|$)/.test(text)) {
    throw new BootRefused('the user data does not start with "#cloud-config", and only cloud-config is supported');
  }
  let document: unknown;
  try {
    // cloud-init reads YAML 1.1. The console shows the reason, so it must not quote the text around the mistake, which may be a key.
    document = parse(text, { version: '1.1', prettyErrors: false, logLevel: 'error' }) ?? {};
  } catch (error) {
    throw new BootRefused(`the user data is not valid YAML: ${(error as Error).message}`);
  }
  const result = v.safeParse(CloudConfig, document);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new BootRefused(
    `the user data is not supported at "${v.getDotPath(issue) ?? 'its root'}": ${issue.expected === 'never' ? 'unknown key' : `expected ${issue.expected}`}`,
  );
}

/** Like cloud-init, runs all commands as one script. A string is a line of it, a list is a command with its arguments. */
function* runBootCommands(commands: readonly (string | readonly string[])[], system: SystemFiles): Generator<string> {
  if (commands.length === 0) return;
  const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
  const script = commands.map((command) => (typeof command === 'string' ? command : command.map(quote).join(' '))).join('\n');
  const { code, printed } = runBootScript(script, system);
  const output = printed.map(({ text }) => text).join('');
  if (output !== '') yield output.trimEnd();
  // cloud-init continues after a failure, too.
  if (code !== 0) yield `cloud-init: Running module bootcmd failed: exit code ${code}`;
}

function writeFile(file: v.InferOutput<typeof WriteFile>, system: SystemFiles): void {
  const path = absolute(file.path);
  // Sessions see the file system of the real machine, which an instance must not change.
  if (!path.startsWith('/etc/')) throw new BootRefused(`write_files to ${path} is not supported: only files below /etc are`);
  makeFolder(system, parentOf(path));
  const content = file.encoding === 'text/plain' ? file.content : Buffer.from(file.content, 'base64').toString('utf8');
  system.files.set(path, file.append ? `${system.files.get(path) ?? ''}${content}` : content);
}

function configuredUsers(config: CloudConfig, keyPair: string | undefined): InstanceUser[] {
  const ubuntu = {
    name: 'ubuntu',
    shell: '/bin/bash',
    sudo: true,
    authorizedKeys: [...(keyPair === undefined ? [] : [keyPair]), ...(config.ssh_authorized_keys ?? [])],
  };
  const users = (config.users ?? ['default']).map((user): InstanceUser => {
    if (user === 'default') return ubuntu;
    // The default of useradd.
    if (typeof user === 'string') return { name: user, shell: '/bin/sh', sudo: false, authorizedKeys: [] };
    const { name, shell = '/bin/sh', ssh_authorized_keys: authorizedKeys = [] } = user;
    return { name, shell, sudo: mayBecomeRoot(user.sudo), authorizedKeys };
  });
  const twice = users.find(({ name }, index) => users.findIndex((user) => user.name === name) !== index);
  if (twice) throw new BootRefused(`the user data names the user ${twice.name} twice`);
  return users;
}

/** The users of a disk with those of the user data. A user who is there keeps the shell and what they may become. */
function together(existing: readonly InstanceUser[], configured: readonly InstanceUser[]): InstanceUser[] {
  const again = (name: string) => configured.find((user) => user.name === name);
  return [
    ...existing.map((user) => ({
      ...user,
      sudo: user.sudo || again(user.name)?.sudo === true,
      authorizedKeys: again(user.name)?.authorizedKeys ?? [],
    })),
    ...configured.filter(({ name }) => existing.every((user) => user.name !== name)),
  ];
}

/** Whether the rules of a user let them become root without a password, which no user has. */
const mayBecomeRoot = (rules: v.InferOutput<typeof Sudo> | undefined) =>
  (Array.isArray(rules) ? rules : [rules]).some(
    (rule) => typeof rule === 'string' && /^ALL=\(ALL(:ALL)?\) NOPASSWD: ?ALL$/.test(rule.trim()),
  );

function* unreadableKeys({ name, authorizedKeys }: InstanceUser): Generator<string> {
  for (const key of authorizedKeys) {
    if (ssh2.utils.parseKey(key) instanceof Error) yield `sshd: an authorized key of ${name} cannot be read and opens nothing`;
  }
}

function hostKeysOf(keys: v.InferOutput<typeof HostKeys>): string[] {
  const found: string[] = [];
  for (const type of ['ed25519', 'rsa'] as const) {
    const [privateKey, publicKey] = [keys[`${type}_private`], keys[`${type}_public`]];
    if (privateKey === undefined) continue;
    // OpenSSH reads RSA keys also in PEM, but ed25519 keys only in this format. The examples of cloud-init use it for both.
    const key = privateKey.startsWith('-----BEGIN OPENSSH PRIVATE KEY-----')
      ? ssh2.utils.parseKey(privateKey)
      : new Error('not in OpenSSH format');
    // Without the reason, which may quote the key.
    if (key instanceof Error || !key.isPrivateKey())
      throw new BootRefused(`sshd: ssh_keys.${type}_private is not a private key in OpenSSH format`);
    const body = publicKey?.trim().split(/\s+/)[1];
    if (body !== undefined && body !== key.getPublicSSH().toString('base64')) {
      throw new BootRefused(`sshd: ssh_keys.${type}_public is not the public half of ssh_keys.${type}_private`);
    }
    found.push(privateKey);
  }
  if (found.length === 0 && Object.keys(keys).length > 0) throw new BootRefused('ssh_keys names no private key');
  return found;
}
