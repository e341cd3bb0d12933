import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What something took in a sandbox, in milliseconds of real time. */
export interface Effort {
  /** On a CPU. */
  readonly cpu: number;
  /** Waiting for one, because this machine is busy. */
  readonly queued: number;
}

export const noEffort: Effort = { cpu: 0, queued: 0 };

/** The host of one sandbox. The Runtime API calls it. */
export interface SandboxHost {
  /** The sandbox waits for its next event, as the answer to this request. The effort of the first one is that of the initialization. */
  next(response: ServerResponse, effort: Effort): void;
  /** The handler's answer to an event; undefined if it was too long. */
  response(requestId: string, payload: string | undefined, notes: Notes): void;
  /** The handler's error, or without a request ID, the error of the initialization. */
  error(requestId: string | undefined, failure: RuntimeFailure, notes: Notes): void;
}

/** What Lambda's own runtime does not tell about an answer. */
export interface Notes {
  readonly effort: Effort;
  /** Now the process of the sandbox ends. */
  readonly last: boolean;
}

export interface RuntimeFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export interface RuntimeApi {
  /** Serves one sandbox. `address` is the AWS_LAMBDA_RUNTIME_API of its process. */
  serve(host: SandboxHost): { address: string; close(): void };
  stop(): Promise<void>;
}

/** The longest answer of a function, in bytes. */
export const longestResponse = 6_291_556;

/** Starts the host's side of the Lambda Runtime API: one server for all sandboxes, with a secret path for each. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const hosts = new Map<string, SandboxHost>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, token = '', operation = ''] = /^\/([^/]+)\/2018-06-01\/runtime(\/.*)$/.exec(request.url ?? '') ?? [];
    const host = hosts.get(token);
    if (!host) return void response.writeHead(403).end();
    const [cpu = 0, queued = 0] = String(request.headers['x-embedded-aws-effort'] ?? '')
      .split(' ')
      .map(Number);
    const effort = { cpu, queued };
    if (operation === '/invocation/next') return host.next(response, effort);
    const body = await readBody(request);
    const [, requestId, kind] = /^\/invocation\/([^/]+)\/(response|error)$/.exec(operation) ?? [];
    const notes: Notes = { effort, last: request.headers['x-embedded-aws-last'] !== undefined };
    if (kind === 'response' && requestId) host.response(requestId, body, notes);
    else if (kind === 'error' || operation === '/init/error') host.error(requestId, JSON.parse(body ?? '{}'), notes);
    else return void response.writeHead(404).end();
    response.writeHead(202).end();
  };
  const server = createServer((request, response) => {
    // If a sandbox dies in the middle of a request, its exit reports it.
    answer(request, response).catch(() => response.destroy());
  });
  // A sandbox may wait and work for a long time. Its connection must not close in between.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    serve(host) {
      const token = randomUUID();
      hosts.set(token, host);
      return { address: `127.0.0.1:${port}/${token}`, close: () => void hosts.delete(token) };
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The body as text; undefined if it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= longestResponse) chunks.push(chunk);
  }
  return length > longestResponse ? undefined : Buffer.concat(chunks).toString('utf8');
}
