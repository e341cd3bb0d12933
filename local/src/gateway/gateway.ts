import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, holding, reached } from '../clock.ts';
import { AwsFailure, type AwsRequest, type AwsResponse, type Service } from '../service.ts';
import { storageFailure } from '../storage.ts';
import { type Admin, answerAdmin, clockAdmin, json } from './admin.ts';
import { createCallLog } from './calls.ts';
import type { Fault, Faults } from './faults.ts';
import { ownUserOnly } from './peer.ts';
import { bareFailure, credentialFailure, guessService, type Scope, scopeOf } from './scope.ts';
import { type Secret, signatureFailure } from './signature.ts';

export interface Gateway {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Stops listening and closes all connections. */
  stop(): Promise<void>;
}

export interface GatewayOptions {
  /** By their names in the SigV4 credential scope: `ec2`, `states`, … */
  services: Readonly<Record<string, Service>>;
  /** The settings at `/_local/<name>`, in addition to `faults`, `calls` and `clock`. */
  admin: Readonly<Record<string, Admin>>;
  clock: Clock;
  faults: Faults;
  stateDirectory: string;
  /** The function whose sandbox has an access key. */
  ownerOf(accessKeyId: string): { functionName: string } | undefined;
  /** What an access key signs with; undefined if any signature is accepted. */
  secretOf(accessKeyId: string): Secret | undefined;
  /** Kills the sandbox with an access key. Resolves when it is dead, to false if it did not exist. */
  crash(accessKeyId: string): Promise<boolean>;
  /** The preferred port. Without it, or if it is in use, a free port is taken. */
  port?: number;
}

/**
 * The HTTP port of the embedded AWS, on 127.0.0.1. A request goes to the service that its SigV4 credential scope names.
 * The access key ID says who the caller is. It verifies the signatures of the keys whose secrets it knows, and at STS the time and the form of
 * each signature. It accepts every process of the current OS user.
 * It refuses other OS users, and web pages: requests for another host (DNS rebinding) or from a page (`Origin`).
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { services, clock, faults } = options;
  const calls = createCallLog();
  const admin = { ...options.admin, faults: faults.admin, calls: calls.admin, clock: clockAdmin(clock) };

  const server = createServer((request, response) => {
    holding(clock, () => respond(request, response)).catch((error: unknown) => {
      endIfStateLost(error);
      // If the client went away in the middle of its request, there is nobody to answer.
      if (request.complete) console.error(error);
      response.destroy();
    });
  });
  // Longer than clients keep an idle connection. Otherwise it could close one just when a client uses it again.
  server.keepAliveTimeout = 120_000;
  const strangerAt = ownUserOnly(server);
  await listen(server, options.port ?? 0);
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = request;
    const stranger = strangerAt(request.socket);
    if (stranger) {
      response.setHeader('connection', 'close');
      return send(response, bareFailure(new AwsFailure('AccessDenied', stranger, 403), { id: randomUUID(), headers }));
    }
    const refusal = refusalOf(request);
    if (refusal) return send(response, json(403, { message: refusal }));
    const body = await readBody(request);
    if (path.startsWith('/_local/')) {
      return send(response, body ? await answerAdmin(admin, method, path, body) : json(413, { message: tooLarge }));
    }
    const scope = scopeOf(headers);
    const { accessKeyId = '', region = '' } = scope ?? {};
    const aws: AwsRequest = { id: randomUUID(), method, path, headers, body: body ?? Buffer.alloc(0), accessKeyId, region };
    response.setHeader('x-amzn-requestid', aws.id);
    // A client blames a failure on its time, and repeats the call, if that differs from this date. The time of a Lambda is that of the clock.
    if (options.ownerOf(accessKeyId)) response.setHeader('date', new Date(clock.now()).toUTCString());

    const name = scope?.service ?? guessService(aws);
    const service = name !== undefined && Object.hasOwn(services, name) ? services[name] : undefined;
    const unsigned = body && scope && service && refusalOfSignature(aws, scope);
    if (unsigned) return send(response, service.failure(unsigned, aws));
    if (body && scope && service) {
      const answer = await call(scope.service, service, aws);
      if (answer) send(response, answer);
      else response.destroy();
      return;
    }
    const failure = !body
      ? new AwsFailure('RequestEntityTooLarge', tooLarge, 413)
      : scope
        ? new AwsFailure('UnsupportedOperation', `The embedded AWS does not serve ${name}, only ${Object.keys(services).join(', ')}.`)
        : credentialFailure(aws);
    send(response, service ? service.failure(failure, aws) : bareFailure(failure, aws, name));
  }

  /** Why a request does not prove who sends it. A Lambda has a clock of its own, and nobody else has its key. */
  function refusalOfSignature(request: AwsRequest, scope: Scope): AwsFailure | undefined {
    const { accessKeyId } = request;
    const secret = options.secretOf(accessKeyId);
    const isVerified = secret !== undefined || scope.service === 'sts';
    if (!isVerified || options.ownerOf(accessKeyId)) return undefined;
    return signatureFailure(request, scope, { secret, now: Date.now() });
  }

  /** Lets the service answer unless a fault applies. Resolves to undefined to close the connection without an answer. */
  async function call(name: string, service: Service, request: AwsRequest): Promise<AwsResponse | undefined> {
    const { accessKeyId, region } = request;
    const functionName = options.ownerOf(accessKeyId)?.functionName;
    const caller = { accessKeyId, region, ...(functionName === undefined ? {} : { functionName }) };
    let action: string;
    try {
      action = service.action(request);
    } catch (error) {
      const failure = asFailure(error, name);
      calls.begin({ service: name, action: '', ...caller }).end(failure.code);
      return service.failure(failure, request);
    }

    const record = calls.begin({ service: name, action, ...caller });
    const fault = faults.take({ service: name, action, functionName });
    if (fault?.kind === 'crash-before') {
      await options.crash(accessKeyId);
      record.end(fault.kind);
      return undefined;
    }
    const { answer, outcome } = await handle(name, service, request, fault);
    if (fault?.kind === 'crash-after') await options.crash(accessKeyId);
    const lost = fault?.kind === 'crash-after' || fault?.kind === 'lost-answer';
    record.end(lost ? fault.kind : outcome);
    return lost ? undefined : answer;
  }

  /** Ends the process if an error means that a write of the state failed. The next process would not know what it answers from now on. */
  function endIfStateLost(error: unknown): boolean {
    const failure = storageFailure(error, options.stateDirectory);
    if (!failure) return false;
    // Only the handler in main.ts catches it, to record it.
    process.nextTick(() => {
      throw failure;
    });
    return true;
  }

  async function handle(
    name: string,
    service: Service,
    request: AwsRequest,
    fault?: Fault,
  ): Promise<{ answer: AwsResponse | undefined; outcome: string }> {
    try {
      if (fault?.kind === 'error') {
        if (fault.effect) await service.handle(request);
        throw new AwsFailure(fault.code, fault.message, fault.status);
      }
      if (fault?.kind === 'delay') await reached(clock, clock.now() + fault.milliseconds);
      return { answer: await service.handle(request), outcome: 'ok' };
    } catch (error) {
      if (endIfStateLost(error)) return { answer: undefined, outcome: 'no answer' };
      const failure = asFailure(error, name);
      return { answer: service.failure(failure, request), outcome: failure.code };
    }
  }
}

// DynamoDB's, which are the largest of all services here.
const longestBody = 16 * 1024 * 1024;
const tooLarge = `The request is longer than ${longestBody} bytes.`;

function refusalOf({ headers }: IncomingMessage): string | undefined {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  if (!/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host))
    return `The embedded AWS answers only as 127.0.0.1 or localhost, not as ${host}.`;
  // A browser sends no Origin with a GET, but it says how the page is related to this address. `none` means that a person entered it.
  const site = headers['sec-fetch-site'] ?? 'none';
  if (headers.origin !== undefined || site !== 'none') return 'The embedded AWS does not answer to web pages.';
  return undefined;
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Reads to the end even if it is too long, because clients read the answer only after they have sent everything.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= longestBody) chunks.push(chunk);
  }
  return length <= longestBody ? Buffer.concat(chunks) : undefined;
}

function send(response: ServerResponse, { status, headers, body }: AwsResponse): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}

const internalCodes: Readonly<Record<string, string>> = { ec2: 'InternalError', dynamodb: 'InternalServerError' };

function asFailure(error: unknown, service: string): AwsFailure {
  if (error instanceof AwsFailure) return error;
  console.error(error);
  const code = internalCodes[service] ?? 'InternalFailure';
  return new AwsFailure(code, 'The embedded AWS failed. See its log.', 500);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' && port !== 0) listen(server, 0).then(resolve, reject);
      else reject(error);
    });
    server.once('listening', resolve);
    server.listen(port, '127.0.0.1');
  });
}
