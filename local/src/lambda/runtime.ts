// A process for the code of functions, and their side of the Lambda Runtime API. Built as a bundle. An order on its third pipe starts a
// sandbox: it loads a handler, and then asks for one event after another. The embedded AWS gives an order or an event to one sandbox at a
// time, and no other one before that has answered.
import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync, readFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isNativeError } from 'node:util/types';
import { importCompiled } from './compiled.ts';
import { mark } from './divide.ts';
import { type Belongings, pack, unpack } from './turns.ts';

/** Starts a sandbox. */
export interface Order {
  readonly id: string;
  readonly environment: Readonly<Record<string, string>> & {
    readonly AWS_LAMBDA_RUNTIME_API: string;
    readonly LAMBDA_TASK_ROOT: string;
    readonly _HANDLER: string;
  };
}

type Handler = (event: unknown, context: unknown) => unknown;

interface Sandbox {
  readonly order: Order;
  readonly belongings: Belongings;
}

/** What the build has compiled, if it has. Beside this program, where nobody else can write. */
const compiledFolder = fileURLToPath(new URL('compiled', import.meta.url));
const RealDate = Date;
const agent = new Agent({ keepAlive: true });
const secret = process.argv[2] ?? '';
const outputs = [process.stdout, process.stderr].map((stream) => stream.write.bind(stream));

/** Of which sandbox the code runs. */
const owner = new AsyncLocalStorage<Sandbox>();
/** The sandbox that had the latest turn. */
let present: Sandbox | undefined;
/** The sandbox that loads or has an event, and what it works on; undefined between events. */
let working: { readonly sandbox: Sandbox; readonly requestId?: string } | undefined;
/** The next answer is the last one: then the process ends. */
let last = false;

/** How long this thread had been on a CPU, and had waited for a busy one, when the latest turn began. */
let before = { onCpu: 0, queued: 0 };

// The embedded AWS holds the other end of this pipe. When it ends in any way, this process ends, too.
const orders = new Socket({ fd: 3, readable: true, writable: false }).on('close', () => process.exit(1));
createInterface(orders).on('line', (line) => {
  const order = JSON.parse(line) as Order;
  const belongings: Belongings = { environment: order.environment, directory: order.environment.LAMBDA_TASK_ROOT, globals: new Map() };
  void serve({ order, belongings });
});
process.on('uncaughtException', (error) => void abandon(error));
process.on('unhandledRejection', (reason) => void abandon(named('Runtime.UnhandledPromiseRejection', String(reason))));
// It waits for something that never happens.
process.on('beforeExit', () => process.exit(13));

async function serve(sandbox: Sandbox): Promise<void> {
  const handler = await initialize(sandbox);
  while (await handleNext(sandbox, handler));
}

/** Gives a sandbox its turn. Meanwhile, nothing but its own work keeps the process alive. */
async function turn<T>(sandbox: Sandbox, requestId: string | undefined, run: () => Promise<T>): Promise<T> {
  working = { sandbox, ...(requestId !== undefined && { requestId }) };
  orders.unref();
  try {
    if (present !== sandbox) {
      if (present) pack(present.belongings);
      present = sandbox;
      for (const write of outputs) write(mark(secret, sandbox.order.id));
      unpack(sandbox.belongings);
    }
    before = threadTimes();
    return await owner.run(sandbox, run);
  } finally {
    working = undefined;
    orders.ref();
  }
}

async function initialize(sandbox: Sandbox): Promise<Handler> {
  const { LAMBDA_TASK_ROOT: taskRoot, _HANDLER: name } = sandbox.order.environment;
  try {
    return await turn(sandbox, undefined, () => loadHandler(taskRoot, name));
  } catch (error) {
    await report(sandbox, '/init/error', error);
    process.exit(1);
  }
}

async function loadHandler(taskRoot: string, name: string): Promise<Handler> {
  const [, moduleName, exportName] = /^([^.]*)\.(.*)$/.exec(basename(name)) ?? [];
  if (!moduleName || !exportName) throw named('Runtime.MalformedHandlerName', 'Bad handler');
  const base = join(taskRoot, dirname(name), moduleName);
  const file = ['.js', '.mjs', '.cjs'].map((extension) => base + extension).find(existsSync);
  if (!file) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${moduleName}'`);
  const module = await importModule(file);
  const found = module[exportName] ?? (module.default as Record<string, unknown> | undefined)?.[exportName];
  if (typeof found !== 'function') throw named('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  return found as Handler;
}

async function importModule(file: string): Promise<Record<string, unknown>> {
  try {
    return (await importCompiled(file, compiledFolder)) ?? (await import(pathToFileURL(file).href));
  } catch (error) {
    if (error instanceof SyntaxError) throw named('Runtime.UserCodeSyntaxError', String(error));
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') throw named('Runtime.ImportModuleError', String(error));
    throw error;
  }
}

/** Waits for an event and passes it to the handler. Resolves to false if there are no more: the sandbox has ended. */
async function handleNext(sandbox: Sandbox, handle: Handler): Promise<boolean> {
  const { status, headers, body } = await call(sandbox, 'GET', '/invocation/next', '', effort());
  if (status !== 200) return false;
  const requestId = String(headers['lambda-runtime-aws-request-id']);
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  let answer: string;
  try {
    answer = await turn(sandbox, requestId, async () => {
      followClock(headers);
      return serialize(await handle(JSON.parse(body), contextOf(requestId, deadline, headers)));
    });
  } catch (error) {
    await report(sandbox, `/invocation/${requestId}/error`, error);
    return true;
  }
  await call(sandbox, 'POST', `/invocation/${requestId}/response`, answer, effort());
  if (last) process.exit(129);
  return true;
}

function contextOf(requestId: string, deadline: number, headers: IncomingHttpHeaders): unknown {
  return {
    awsRequestId: requestId,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    // The timeout is in real time, whatever the clock of the embedded AWS shows.
    getRemainingTimeInMillis: () => Math.max(0, deadline - RealDate.now()),
  };
}

function serialize(result: unknown): string {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

/** Reports an error that no handler caught as the error of the invocation, and ends the process. */
async function abandon(error: unknown): Promise<void> {
  last = true;
  const sandbox = owner.getStore() ?? working?.sandbox;
  // Code of a sandbox that has no turn. The other one may answer first.
  if (working && sandbox !== working.sandbox) return;
  if (working) await report(working.sandbox, working.requestId ? `/invocation/${working.requestId}/error` : '/init/error', error);
  process.exit(129);
}

async function report(sandbox: Sandbox, path: string, error: unknown): Promise<void> {
  const failure = isNativeError(error)
    ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };
  await call(sandbox, 'POST', path, JSON.stringify(failure), {
    'lambda-runtime-function-error-type': failure.errorType.replace(/[^\x20-\x7e]/g, '?'),
    ...effort(),
  });
  if (last) process.exit(129);
}

/** Tells the embedded AWS what the latest turn took here. Lambda's own runtime does not. */
function effort(): Record<string, string> {
  const { onCpu, queued } = threadTimes();
  return { 'x-embedded-aws-effort': `${(onCpu - before.onCpu).toFixed(3)} ${(queued - before.queued).toFixed(3)}` };
}

/** Milliseconds. What else a function waits for, such as an answer of EC2, is neither. */
function threadTimes(): typeof before {
  try {
    // Nanoseconds on a CPU and in the queue for one, of the thread that reads. Node's own threads are left out.
    const [onCpu = 0, queued = 0] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ').map(Number);
    return { onCpu: onCpu / 1e6, queued: queued / 1e6 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // A kernel without these numbers.
    const { user, system } = process.cpuUsage();
    return { onCpu: (user + system) / 1000, queued: 0 };
  }
}

/** Lets `Date` show the time of the embedded AWS if that differs from real time. Timers stay in real time. */
function followClock(headers: IncomingHttpHeaders): void {
  const [now, realNow, rate] = String(headers['x-embedded-aws-clock'] ?? '')
    .split(' ')
    .map(Number);
  if (now === undefined || realNow === undefined || rate === undefined) {
    globalThis.Date = RealDate;
    return;
  }
  const clockNow = () => Math.floor(now + (RealDate.now() - realNow) * rate);
  globalThis.Date = new Proxy(RealDate, {
    get: (target, property, receiver) => (property === 'now' ? clockNow : Reflect.get(target, property, receiver)),
    apply: () => new RealDate(clockNow()).toString(),
    construct: (target, parameters, newTarget) => Reflect.construct(target, parameters.length ? parameters : [clockNow()], newTarget),
  });
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function call({ order }: Sandbox, method: 'GET' | 'POST', operation: string, body = '', headers = {}): Promise<Answer> {
  const [address = '', ...path] = order.environment.AWS_LAMBDA_RUNTIME_API.split('/');
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const target = {
      host,
      port,
      method,
      agent,
      headers: last ? { ...headers, 'x-embedded-aws-last': 'true' } : headers,
      path: [...path.map((part) => `/${part}`), '/2018-06-01/runtime', operation].join(''),
    };
    const sent = request(target, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
    }).on('error', reject);
    // One that waits for an event must not keep the process alive while another one works.
    if (method === 'GET') sent.on('socket', (socket) => socket.unref());
    sent.end(body);
  });
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
