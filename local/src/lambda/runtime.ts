// The sandbox's side of the Lambda Runtime API. It loads the handler, and then asks for one event after another. Built as a bundle.
import { existsSync, readFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isNativeError } from 'node:util/types';

type Handler = (event: unknown, context: unknown) => unknown;

const RealDate = Date;
const agent = new Agent({ keepAlive: true });
const [address = '', ...path] = environment('AWS_LAMBDA_RUNTIME_API').split('/');
const [host, port] = address.split(':');

/** Tells the embedded AWS how much CPU time something took here. Lambda's own runtime does not send it. */
const cpuHeader = 'x-embedded-aws-cpu';
/** The CPU time of this thread when it began what it is doing now. */
let cpuBefore = cpuMilliseconds();

/** The request to which an error outside the handler's promise belongs; undefined between events. */
let currentRequestId: string | undefined;

// The embedded AWS holds the other end of this pipe. When it ends in any way, this process ends, too.
new Socket({ fd: 3, readable: true, writable: false })
  .on('close', () => process.exit(1))
  .resume()
  .unref();
process.on('uncaughtException', (error) => void abandon(error));
process.on('unhandledRejection', (reason) => void abandon(named('Runtime.UnhandledPromiseRejection', String(reason))));

const handler = await initialize();
for (;;) await handleNext(handler);

async function initialize(): Promise<Handler> {
  try {
    return await loadHandler(environment('LAMBDA_TASK_ROOT'), environment('_HANDLER'));
  } catch (error) {
    await report('/init/error', error);
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
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) throw named('Runtime.UserCodeSyntaxError', String(error));
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') throw named('Runtime.ImportModuleError', String(error));
    throw error;
  }
}

async function handleNext(handle: Handler): Promise<void> {
  const { headers, body } = await call('GET', '/invocation/next', '', cpuUsed());
  cpuBefore = cpuMilliseconds();
  const requestId = String(headers['lambda-runtime-aws-request-id']);
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  followClock(headers);
  currentRequestId = requestId;
  const context = {
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
  let answer: string;
  try {
    answer = serialize(await handle(JSON.parse(body), context));
  } catch (error) {
    currentRequestId = undefined;
    await report(`/invocation/${requestId}/error`, error);
    return;
  }
  currentRequestId = undefined;
  await call('POST', `/invocation/${requestId}/response`, answer, cpuUsed());
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
  await report(currentRequestId ? `/invocation/${currentRequestId}/error` : '/init/error', error);
  process.exit(129);
}

async function report(path: string, error: unknown): Promise<void> {
  const failure = isNativeError(error)
    ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] };
  await call('POST', path, JSON.stringify(failure), {
    'lambda-runtime-function-error-type': failure.errorType.replace(/[^\x20-\x7e]/g, '?'),
    ...cpuUsed(),
  });
}

function cpuUsed(): Record<string, string> {
  return { [cpuHeader]: (cpuMilliseconds() - cpuBefore).toFixed(3) };
}

/** A busy machine does not prolong it, and neither does waiting. */
function cpuMilliseconds(): number {
  try {
    // The first number is this thread's time on a CPU, in nanoseconds. It leaves out Node's own threads.
    return Number.parseInt(readFileSync('/proc/thread-self/schedstat', 'latin1'), 10) / 1e6;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // A kernel without these numbers.
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
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

function call(method: string, operation: string, body = '', headers = {}): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const target = {
      host,
      port,
      method,
      agent,
      headers,
      path: [...path.map((part) => `/${part}`), '/2018-06-01/runtime', operation].join(''),
    };
    request(target, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ headers: response.headers, body: text }));
    })
      .on('error', reject)
      .end(body);
  });
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`The environment variable ${name} is missing.`);
  return value;
}
