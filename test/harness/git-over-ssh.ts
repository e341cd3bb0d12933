import { spawn } from 'node:child_process';
import { join } from 'node:path';
import ssh2, { type AuthContext, type ParsedKey } from 'ssh2';

/** A server that lets git in over SSH. */
export interface GitOverSsh extends AsyncDisposable {
  /** `127.0.0.1:40000` */
  readonly host: string;
  /** As GitHub's API tells it. */
  readonly hostKey: string;
  /** The commands that it was asked to run. */
  readonly commands: readonly string[];
}

/**
 * Serves the repositories in a folder over SSH, to those who have one key.
 *
 * @param publicKey `ssh-ed25519 AAAA…`
 */
export async function gitOverSsh(root: string, publicKey: string): Promise<GitOverSsh> {
  const { private: hostKey, public: hostPublicKey } = newKeyPair();
  const accepted = ssh2.utils.parseKey(publicKey);
  if (accepted instanceof Error) throw accepted;
  const commands: string[] = [];
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => client.end());
    client.on('authentication', (context) => {
      if (isKnown(context, accepted)) context.accept();
      else context.reject(['publickey']);
    });
    client.on('session', (acceptSession) => {
      const session = acceptSession();
      session.on('exec', (acceptExec, reject, { command }) => {
        commands.push(command);
        const [, path] = /^git-upload-pack '\/?([\w./-]+)'$/.exec(command) ?? [];
        if (path === undefined) return reject();
        const channel = acceptExec();
        const git = spawn('git', ['upload-pack', '--strict', join(root, path)], { env: { PATH: process.env.PATH } });
        channel.pipe(git.stdin);
        git.stdout.pipe(channel, { end: false });
        git.stderr.pipe(channel.stderr, { end: false });
        git.on('close', (code) => {
          channel.exit(code ?? 1);
          channel.end();
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    host: `127.0.0.1:${port}`,
    hostKey: hostPublicKey.split(' ').slice(0, 2).join(' '),
    commands,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function isKnown(context: AuthContext, accepted: ParsedKey): boolean {
  if (context.method !== 'publickey' || context.username !== 'git') return false;
  const { key, blob, signature, hashAlgo } = context;
  if (!accepted.getPublicSSH().equals(key.data)) return false;
  // Without a signature, the client only asks whether the key is acceptable.
  return blob === undefined || signature === undefined || accepted.verify(blob, signature, hashAlgo) === true;
}

/** For one key in 256, ssh2 drops the leading zero byte of the public key, and then cannot read the pair. */
function newKeyPair(): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
