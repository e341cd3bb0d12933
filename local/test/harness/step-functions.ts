import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type Clock, createClock } from '../../src/clock.ts';
import type { StackFunction } from '../../src/lambda/functions.ts';
import { createLambda } from '../../src/lambda/lambda.ts';
import { defaultLatency, type Latency } from '../../src/profiles.ts';
import { AwsFailure, type Service } from '../../src/service.ts';
import type { StackStateMachine } from '../../src/step-functions/state-machines.ts';
import { createStepFunctions } from '../../src/step-functions/step-functions.ts';
import { openStore } from '../../src/store.ts';
import { accountId, bundleRuntime, region, zipFunction } from '../lambda/functions.ts';

/** Step Functions over HTTP and Lambda, with the state machines and functions of a test. */
export interface Embedded {
  readonly sfn: SFNClient;
  readonly clock: Clock;
  readonly directory: string;
  /** A client of the same endpoint in another region. */
  clientIn(otherRegion: string): SFNClient;
  /** Starts an execution and waits until it has ended. */
  run(stateMachine: string, input?: unknown): Promise<Outcome>;
  start(stateMachine: string, input?: unknown, name?: string): Promise<string>;
  /** Waits until the execution is closed. */
  end(executionArn: string): Promise<Outcome>;
  history(executionArn: string): Promise<HistoryEvent[]>;
  /** The beginning of a graceful stop. */
  stopStepFunctions(): void;
  stop(): Promise<void>;
}

export interface Outcome {
  readonly executionArn: string;
  readonly status: string | undefined;
  /** Parsed. */
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

export interface Deployment {
  readonly runtimeFile: string;
  /** Definitions by name. `${name}` in a Resource is the ARN of a function. */
  readonly stateMachines: Readonly<Record<string, object>>;
  /** Sources by name. */
  readonly functions?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  /** A state directory to continue with, like a new process after a kill. It is copied. */
  readonly takeOver?: string;
  readonly clock?: Clock;
  /** Of Step Functions, not of Lambda. */
  readonly latency?: Latency;
}

export { bundleRuntime };

/** A definition of a single state. */
export const one = (state: object) => ({ StartAt: 'Only', States: { Only: { End: true, ...state } } });

/** For a test file in which each test deploys a state machine named `machine`. */
export function useDeployments() {
  let shared: string;
  let runtimeFile: string;
  let current: Embedded | undefined;
  beforeAll(async () => {
    shared = mkdtempSync(join(tmpdir(), 'step-functions-runtime-'));
    runtimeFile = await bundleRuntime(shared);
  });
  afterAll(() => rmSync(shared, { recursive: true }));
  afterEach(async () => {
    await current?.stop();
    current = undefined;
  });
  return {
    async deploy(definition: object, rest: Partial<Deployment> = {}): Promise<void> {
      current = await embed({ runtimeFile, stateMachines: { machine: definition }, ...rest });
    },
    embedded(): Embedded {
      if (!current) throw new Error('The test has deployed nothing.');
      return current;
    },
  };
}

export async function embed({
  runtimeFile,
  stateMachines,
  functions = {},
  timeoutSeconds = 20,
  takeOver,
  clock = createClock(),
  latency = defaultLatency,
}: Deployment): Promise<Embedded> {
  const directory = mkdtempSync(join(tmpdir(), 'step-functions-'));
  if (takeOver) cpSync(join(takeOver, 'executions'), join(directory, 'executions'), { recursive: true });
  const lambdas: StackFunction[] = Object.entries(functions).map(([name, source]) =>
    zipFunction(join(directory, 'package'), name, source, { timeoutSeconds }),
  );
  const stack = {
    accountId,
    region,
    functions: lambdas,
    stateMachines: Object.entries(stateMachines).map(
      ([name, definition]): StackStateMachine => ({
        name,
        arn: machineArn(name),
        definition: JSON.stringify(definition).replace(
          /\$\{(\w+)\}/g,
          (_, called) => `arn:aws:lambda:${region}:${accountId}:function:${called}`,
        ),
      }),
    ),
  };
  const lambda = createLambda({ stack, stateDirectory: directory, endpoint: () => 'http://127.0.0.1:1', clock, runtimeFile });
  const stepFunctions = (() => {
    try {
      return createStepFunctions({ stack, clock, store: openStore(directory), lambda });
    } catch (error) {
      rmSync(directory, { recursive: true });
      throw error;
    }
  })();
  stepFunctions.admin('POST', { latency });
  const { endpoint, close } = await serve(stepFunctions);
  const clientIn = (clientRegion: string) =>
    new SFNClient({ endpoint, region: clientRegion, credentials: { accessKeyId: 'alice', secretAccessKey: 'secret' }, maxAttempts: 1 });
  const sfn = clientIn(region);

  const start = async (stateMachine: string, input: unknown = {}, name?: string) => {
    const request = { stateMachineArn: machineArn(stateMachine), input: JSON.stringify(input), ...(name && { name }) };
    const { executionArn } = await sfn.send(new StartExecutionCommand(request));
    return executionArn ?? '';
  };
  const end = async (executionArn: string): Promise<Outcome> => {
    for (let pause = 5; ; pause = Math.min(100, pause * 1.5)) {
      const { status, output, error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (status !== 'RUNNING')
        return { executionArn, status, output: output === undefined ? undefined : JSON.parse(output), error, cause };
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
  return {
    sfn,
    clock,
    directory,
    clientIn,
    start,
    end,
    run: async (stateMachine, input) => end(await start(stateMachine, input)),
    async history(executionArn) {
      const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
      return events;
    },
    stopStepFunctions: stepFunctions.stop,
    async stop() {
      stepFunctions.stop();
      await lambda.stop();
      clock.stop();
      sfn.destroy();
      await close();
      rmSync(directory, { recursive: true });
    },
  };
}

export function machineArn(name: string): string {
  return `arn:aws:states:${region}:${accountId}:stateMachine:${name}`;
}

/** Serves it over HTTP like the gateway. */
async function serve(service: Service): Promise<{ endpoint: string; close: () => Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const [, accessKeyId = '', scope = ''] =
      /Credential=([^/]+)\/\d{8}\/([^/]+)\/states\//.exec(incoming.headers.authorization ?? '') ?? [];
    const { method = '', url: path = '', headers } = incoming;
    const request = { id: randomUUID(), method, path, headers, body: Buffer.concat(chunks), accessKeyId, region: scope };
    const response = await service.handle(request).catch((error) => {
      if (error instanceof AwsFailure) return service.failure(error, request);
      return { status: 500, headers: {}, body: String(error.stack) };
    });
    outgoing.writeHead(response.status, response.headers).end(response.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Events as lines: `12<11 TaskStateEntered CreateVpc`. */
export function inLines(events: HistoryEvent[]): string[] {
  return events.map(({ id, previousEventId, type, stateEnteredEventDetails, stateExitedEventDetails, ...rest }) => {
    const name = stateEnteredEventDetails?.name ?? stateExitedEventDetails?.name;
    const iteration =
      rest.mapIterationStartedEventDetails ??
      rest.mapIterationSucceededEventDetails ??
      rest.mapIterationFailedEventDetails ??
      rest.mapIterationAbortedEventDetails;
    return [`${id}<${previousEventId}`, type, name, iteration?.index].filter((part) => part !== undefined).join(' ');
  });
}

/** Matches the SDK's error for a refusal. */
export const refusal = (name: string, message: RegExp) => expect.objectContaining({ name, message: expect.stringMatching(message) });
