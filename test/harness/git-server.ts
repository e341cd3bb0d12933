import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A repository on a server, and how the server treats who clones it. */
export interface ServedRepository {
  /** The files of its only commit, by path. A value of `{ executable }` makes the file one. */
  readonly files: Readonly<Record<string, string | { readonly executable: string }>>;
  /** The files that Git LFS keeps, by path. */
  readonly large?: Readonly<Record<string, Buffer>>;
  /** Other branches, each with one more commit. */
  readonly branches?: readonly string[];
  /** How many commits lie before the last one. */
  readonly history?: number;
  /** Submodules by path: repositories of this server (`acme/library`), and the URL to clone them from. */
  readonly submodules?: Readonly<Record<string, { readonly of: string; readonly url: string }>>;
  /** Who may read it: everybody, unless it has a token. */
  readonly token?: string;
  /** Waits in the middle of the pack until this resolves. */
  readonly until?: Promise<unknown>;
  /** Ends the connection in the middle of the pack. */
  readonly dies?: boolean;
}

export interface GitServer extends AsyncDisposable {
  /** What GITHUB_SERVER_URL is to be. */
  readonly url: string;
  /** The folder with the bare repositories. */
  readonly root: string;
  /** What was asked so far: paths, and what was given to prove who asks. */
  readonly requests: readonly { readonly path: string; readonly authorization: string | undefined }[];
  /** Serves a repository (`acme/api`), or replaces it. */
  add(name: string, repository: ServedRepository): void;
}

/**
 * A git server of a test's own on loopback: git's own, over smart HTTP.
 *
 * @param everyOther what it serves under every other name
 */
export async function gitServer(everyOther?: ServedRepository): Promise<GitServer> {
  const root = mkdtempSync(join(tmpdir(), 'recode-git-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  const repositories = new Map<string, ServedRepository>();
  const requests: { path: string; authorization: string | undefined }[] = [];
  const answers = new Map<string, Promise<Answer>>();
  const shared = 'every/other';
  if (everyOther) create(root, shared, everyOther);

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://server');
    const { authorization } = request.headers;
    requests.push({ path: pathname, authorization });
    const [, asked = '', rest = ''] = /^\/([^/]+\/[^/]+)\.git(\/.*)$/.exec(pathname) ?? [];
    const repository = repositories.get(asked) ?? (asked === '' ? undefined : everyOther);
    const body = await bodyOf(request);
    if (!repository) return end(response, 404, 'Repository not found.\n');
    if (repository.token !== undefined && passwordIn(authorization) !== repository.token) {
      response.setHeader('www-authenticate', 'Basic realm="GitHub"');
      return end(response, 401, 'Repository not found.\n');
    }
    if (rest.startsWith('/info/lfs/'))
      return serveLarge(response, rest, body, { repository, url: `http://${request.headers.host}${pathname}` });
    const name = repositories.has(asked) ? asked : shared;
    const path = `/${name}.git${rest}`;
    const answering = () => runGit(root, request, path, searchParams.toString(), body);
    // What is never changed is asked of git once.
    const key = [path, searchParams, request.headers['git-protocol'], body.toString('latin1')].join(' ');
    const answer = await (name === shared ? (answers.get(key) ?? remember(answers, key, answering())) : answering());
    response.writeHead(answer.status, answer.headers);
    const packed = rest === '/git-upload-pack' && answer.body.includes('PACK');
    const half = packed && (repository.until || repository.dies) ? answer.body.length / 2 : 0;
    response.write(answer.body.subarray(0, half));
    if (packed) await repository.until;
    // What was written is to arrive before the connection ends.
    if (packed && repository.dies) setTimeout(() => response.socket?.destroy(), 50);
    else response.end(answer.body.subarray(half));
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error) => end(response, 500, String(error)));
  });
  // It ends with its process, whatever is connected still.
  server.unref().on('connection', (socket) => socket.unref());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    root,
    requests,
    add(name, repository) {
      create(root, name, repository);
      repositories.set(name, repository);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/**
 * Answers as a server of Git LFS: where the objects are, then what they contain.
 * https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
 */
function serveLarge(
  response: ServerResponse,
  path: string,
  body: Buffer,
  { repository, url }: { readonly repository: ServedRepository; readonly url: string },
): void {
  const contents = Object.values(repository.large ?? {});
  if (path === '/info/lfs/objects/batch') {
    const { objects } = JSON.parse(body.toString()) as { objects: { oid: string; size: number }[] };
    const isThere = (oid: string) => contents.some((content) => oidOf(content) === oid);
    const found = objects.map(({ oid, size }) =>
      isThere(oid)
        ? { oid, size, actions: { download: { href: url.replace(/batch$/, oid) } } }
        : { oid, size, error: { code: 404, message: 'Object does not exist' } },
    );
    response.writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' });
    response.end(JSON.stringify({ transfer: 'basic', objects: found }));
    return;
  }
  const content = contents.find((each) => path === `/info/lfs/objects/${oidOf(each)}`);
  response.writeHead(content ? 200 : 404, { 'content-type': 'application/octet-stream' });
  response.end(content);
}

const oidOf = (content: Buffer) => createHash('sha256').update(content).digest('hex');

/** What git has instead of a large file: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md#the-pointer */
const pointerTo = (content: Buffer) => `version https://git-lfs.github.com/spec/v1\noid sha256:${oidOf(content)}\nsize ${content.length}\n`;

/** The files of git for those of Git LFS. */
function pointers(large: Readonly<Record<string, Buffer>>): Record<string, string> {
  const paths = Object.keys(large);
  if (paths.length === 0) return {};
  const attributes = paths.map((path) => `${path} filter=lfs diff=lfs merge=lfs -text\n`).join('');
  return {
    '.gitattributes': attributes,
    ...Object.fromEntries(Object.entries(large).map(([path, content]) => [path, pointerTo(content)])),
  };
}

let everybodys: Promise<GitServer> | undefined;

/** The URL of the server that all tests of this process share. It has one small repository under every name. */
export async function sharedGitServer(): Promise<string> {
  everybodys ??= gitServer({ files: { 'README.md': 'A small repository.\n' } });
  return (await everybodys).url;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

function remember(answers: Map<string, Promise<Answer>>, key: string, answer: Promise<Answer>): Promise<Answer> {
  answers.set(key, answer);
  return answer;
}

/** Git in an environment that has nothing of the machine's. */
function git(cwd: string, ...args: readonly string[]): string {
  const person = { NAME: 'Somebody', EMAIL: 'somebody@example.com', DATE: '2026-01-01T00:00:00Z' };
  const people = Object.entries(person).flatMap(([key, value]) => [
    [`GIT_AUTHOR_${key}`, value],
    [`GIT_COMMITTER_${key}`, value],
  ]);
  const env = { PATH: process.env.PATH, HOME: cwd, GIT_CONFIG_NOSYSTEM: '1', ...Object.fromEntries(people) };
  return execFileSync('git', ['-c', 'init.defaultBranch=main', ...args], { cwd, env, encoding: 'utf8' }).trim();
}

function create(root: string, name: string, repository: ServedRepository): void {
  const { large = {}, branches = [], history = 0, submodules = {} } = repository;
  const files = { ...repository.files, ...pointers(large) };
  const work = mkdtempSync(join(tmpdir(), 'recode-git-'));
  try {
    git(work, 'init', '-q');
    for (let commit = 1; commit <= history; commit += 1) git(work, 'commit', '-q', '--allow-empty', '-m', `Commit ${commit}`);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      const [text, mode] = typeof content === 'string' ? [content, 0o644] : [content.executable, 0o755];
      writeFileSync(join(work, path), text, { mode });
    }
    git(work, 'add', '-A');
    git(work, 'commit', '-q', '--allow-empty', '-m', 'First commit');
    for (const [path, { of, url }] of Object.entries(submodules)) {
      // As "git submodule add", which would ask this very process.
      git(work, 'config', '--file', '.gitmodules', `submodule.${path}.path`, path);
      git(work, 'config', '--file', '.gitmodules', `submodule.${path}.url`, url);
      const commit = git(join(root, `${of}.git`), 'rev-parse', 'main');
      git(work, 'add', '.gitmodules');
      git(work, 'update-index', '--add', '--cacheinfo', `160000,${commit},${path}`);
      git(work, 'commit', '-q', '-m', 'Add a submodule');
    }
    for (const branch of branches) {
      git(work, 'checkout', '-q', '-b', branch, 'main');
      git(work, 'commit', '-q', '--allow-empty', '-m', `Begin ${branch}`);
    }
    git(work, 'checkout', '-q', 'main');
    const bare = join(root, `${name}.git`);
    rmSync(bare, { recursive: true, force: true });
    mkdirSync(dirname(bare), { recursive: true });
    git(work, 'clone', '-q', '--bare', work, bare);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Answers a request with `git http-backend`, by the rules of CGI. */
async function runGit(root: string, { method, headers }: IncomingMessage, path: string, query: string, body: Buffer): Promise<Answer> {
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: method,
      CONTENT_TYPE: headers['content-type'],
      HTTP_CONTENT_ENCODING: headers['content-encoding'],
      CONTENT_LENGTH: String(body.length),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Git may answer and end before it has read all.
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  child.stdin.end(body);
  const output = await bodyOf(child.stdout);
  const end = output.indexOf('\r\n\r\n');
  const lines = output.subarray(0, end).toString().split('\r\n');
  const all = Object.fromEntries(lines.map((line) => line.split(': ', 2) as [string, string]));
  const { Status: status = '200', ...rest } = all;
  return { status: Number.parseInt(status, 10), headers: rest, body: output.subarray(end + 4) };
}

async function bodyOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function passwordIn(authorization = ''): string | undefined {
  const [, encoded = ''] = /^Basic (.+)$/.exec(authorization) ?? [];
  return Buffer.from(encoded, 'base64').toString().split(':')[1];
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' });
  response.end(text);
}
