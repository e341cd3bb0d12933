import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureFolder } from '../store.ts';
import type { Sudone } from './sudo.ts';

/** The programs of all instances that are not those of this machine: `sudo` and `systemctl`. Their work is done here, where the files are. */
export interface OwnPrograms {
  /**
   * Installs those of an instance in its folder, which hide this machine's.
   *
   * @param run does the work, for a user
   */
  install(instanceId: string, folder: string, users: readonly string[], run: RunProgram): void;
  /** From now on, they do not answer. */
  remove(instanceId: string): void;
  close(): void;
}

export type RunProgram = (program: (typeof names)[number], args: readonly string[], user: string) => Sudone;

const names = ['sudo', 'systemctl'] as const;

/** The folder with a user's programs, for the PATH of their processes, in the folder of an instance. */
export const binOf = (folder: string, user: string): string => join(folder, 'bin', user);

/** Listens to the programs of instances, as soon as one has been installed: on one socket for all, because open files are few. */
export function openPrograms(): OwnPrograms {
  const instances = new Map<string, RunProgram>();
  let opened: { readonly folder: string; readonly socketPath: string; readonly server: Server } | undefined;
  const open = () => {
    // In the temporary folder, because the path of a socket has at most 107 bytes.
    const socketFolder = mkdtempSync(join(tmpdir(), 'programs-'));
    const socketPath = join(socketFolder, 'socket');
    const server = createServer({ allowHalfOpen: true }, (socket) =>
      answer(socket, ({ instanceId, user, program, args }) => instances.get(instanceId)?.(program, args, user)),
    );
    // The embedded AWS ends without waiting for it.
    return { folder: socketFolder, socketPath, server: server.listen(socketPath).unref() };
  };
  return {
    install(instanceId, folder, users, run) {
      opened ??= open();
      instances.set(instanceId, run);
      const client = join(folder, clientFile);
      writeFileSync(client, clientProgram, { mode: 0o600 });
      ensureFolder(join(folder, 'bin'), 0o700);
      for (const user of users) {
        ensureFolder(binOf(folder, user), 0o700);
        for (const program of names) {
          const words = [process.execPath, client, opened.socketPath, instanceId, user, program].map(quoted);
          writeFileSync(join(binOf(folder, user), program), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
          chmodSync(join(binOf(folder, user), program), 0o700);
        }
      }
    },
    remove(instanceId) {
      instances.delete(instanceId);
    },
    close() {
      opened?.server.close();
      if (opened) rmSync(opened.folder, { recursive: true, force: true });
      opened = undefined;
    },
  };
}

/** A word for the shell. */
const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

/** What the programs have in the folder of the instance besides `bin`. */
export const clientFile = 'programs.cjs';

/** The profile of a new user. The one of the system may have replaced the PATH, as on Debian. */
export const profile = `case ":$PATH:" in
  *":\${HOME%/home/*}/bin/\${HOME##*/}:"*) ;;
  *) PATH="\${HOME%/home/*}/bin/\${HOME##*/}:$PATH" ;;
esac
`;

function answer(socket: Socket, run: (asked: Asked) => Sudone | undefined): void {
  let text = '';
  // The client may be killed at any time.
  socket.on('error', () => socket.destroy());
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  socket.on('end', () => {
    const asked = askedIn(text);
    const done = asked && run(asked);
    if (!done) return socket.destroy();
    const { code, stdout, stderr } = done;
    socket.end(JSON.stringify({ code, stdout, stderr }));
  });
}

/** What a program asks for. */
interface Asked {
  readonly instanceId: string;
  readonly user: string;
  readonly program: (typeof names)[number];
  readonly args: readonly string[];
}

/** Undefined where the client was killed before it had asked. */
function askedIn(text: string): Asked | undefined {
  if (!text.endsWith('\n')) return undefined;
  return JSON.parse(text) as Asked;
}

const clientProgram = `// Passes the words behind a program on to the embedded AWS, and prints its answer.
const [, , path, instanceId, user, program, ...args] = process.argv;
const socket = require('node:net').connect(path);
let answer = '';
const fail = (reason) => {
  process.stderr.write(program + ': the embedded AWS does not answer: ' + reason + '\\n');
  process.exitCode = 1;
};
socket.setEncoding('utf8');
socket.on('error', (error) => fail(error.message));
socket.on('data', (text) => (answer += text));
socket.on('end', () => {
  if (answer === '') return fail('it has closed the connection.');
  const { code, stdout, stderr } = JSON.parse(answer);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
});
socket.end(JSON.stringify({ instanceId, user, program, args }) + '\\n');
`;
