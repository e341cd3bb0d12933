import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type HttpHandler, HttpRequest } from '@smithy/core/protocols';
import { describe, expect, it } from 'vitest';
import * as clients from '../../aws/step/clients.ts';
import { settleSeconds } from '../../core/operation.ts';
import { resources } from './stack.ts';
import { isWorking, type Machine, statesOf } from './states.ts';

const functions = resources('AWS::Lambda::Function').map(({ id, Timeout }) => ({
  name: id.replace(/LambdaFunction$/, ''),
  timeout: Number(Timeout),
}));
const tasks = resources('AWS::StepFunctions::StateMachine')
  .flatMap(({ DefinitionString }) => statesOf(JSON.parse(String(DefinitionString)) as Machine))
  .filter(isWorking);

type Client = ReturnType<(typeof clients)[keyof typeof clients]>;
type Module = Readonly<Record<string, { readonly uses?: Readonly<Record<string, () => unknown>> }>>;

/** How long the slowest call of a client takes, in seconds; the SDK's pauses of less than a second between the attempts left out. */
async function slowestCall(client: Client): Promise<number> {
  const { maxAttempts } = client.config;
  const requestHandler = client.config.requestHandler as HttpHandler<{ connectionTimeout?: number; requestTimeout?: number }>;
  // The settings are there after the first request, which nothing listens to.
  await expect(requestHandler.handle(new HttpRequest({ protocol: 'http:', hostname: '127.0.0.1', port: 1 }))).rejects.toThrow();
  const { connectionTimeout = Infinity, requestTimeout = Infinity } = requestHandler.httpHandlerConfigs();
  client.destroy();
  return ((await maxAttempts()) * (connectionTimeout + requestTimeout)) / 1000;
}

describe('time-outs', () => {
  it('lets nobody into what a closed execution held before the slowest Lambda must be dead', () => {
    const slowest = Math.max(...functions.map(({ timeout }) => timeout));
    expect(slowest).toBeLessThanOrEqual(30);
    expect(settleSeconds).toBe(slowest + 5);
  });

  it('gives each state more time than its Lambda has', () => {
    for (const [name, { TimeoutSeconds = 0 }] of tasks) {
      const lambda = functions.find((one) => one.name === name);
      expect(TimeoutSeconds, name).toBeGreaterThan(lambda?.timeout ?? Infinity);
    }
  });

  it('gives each Lambda more time than its slowest call may take with all its attempts', async () => {
    const folder = join(import.meta.dirname, '../../functions');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    for (const { name, timeout } of functions) {
      const file = files.find((one) => basename(one, '.ts').replaceAll('-', '') === name.toLowerCase());
      const module = (await import(join(folder, String(file)))) as Module;
      const used = Object.values(module).flatMap(({ uses = {} }) => Object.values(uses));
      const made = Object.entries(clients).filter(([, make]) => used.includes(make));
      expect(made.length, name).toBeGreaterThan(0);
      for (const [service, make] of made) expect(await slowestCall(make()), `${name}: ${service}`).toBeLessThan(timeout);
    }
  });
});
