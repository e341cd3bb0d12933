import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { PricingClient } from '@aws-sdk/client-pricing';
import { SFNClient } from '@aws-sdk/client-sfn';
import middy from '@middy/core';
import { embeddedAws, type TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import type * as v from 'valibot';
import { parse } from 'yaml';
import { type Identities, identitiesAt } from '../../aws/executions/identities.ts';
import type { Contract, OutputFor } from '../../aws/step/contract.ts';
import { logger } from '../../aws/step/logger.ts';
import { metrics } from '../../aws/step/metrics.ts';
import { parsing } from '../../aws/step/middleware/parsing.ts';
import { translation } from '../../aws/step/middleware/translation.ts';
import type { Clock } from '../../aws/step/step.ts';
import type { RecodeError } from '../../core/errors.ts';
import { tableName } from '../../core/names.ts';
import { readSettings, type Settings } from '../../core/settings.ts';
import { tableKeys } from '../../functions/table/create-table.ts';
import { proven } from '../harness/proof.ts';

/** An AWS account of the test's own, seen as a step's Lambda sees it. */
export interface TestAccount extends Clients, AsyncDisposable {
  readonly aws: TestAws;
  /**
   * Runs a step as its handler does: input and result are parsed, what AWS refuses is an error of the catalog. The `caller` of an execution's
   * input has started it.
   */
  run<Input extends v.GenericSchema, Output extends OutputFor<Input>, Event>(
    step: RunnableStep<Input, Output>,
    event: Event,
  ): Promise<Result<Output, Event>>;
  /** The error that a step ends with; fails if it succeeds. */
  refusal<Input extends v.GenericSchema, Output extends OutputFor<Input>>(
    step: RunnableStep<Input, Output>,
    event: unknown,
  ): Promise<RecodeError>;
  /** The next call of this EC2 action takes effect, but its answer is lost. */
  loseAnswer(action: string): Promise<unknown>;
  /** The next call of this EC2 action, after so many that pass, is refused with this code. */
  refuse(action: string, code: string, skip?: number, fault?: { readonly effect: true }): Promise<unknown>;
  /** What is created from now on stays invisible for so long; 0 for not at all. */
  hideNew(milliseconds: number): Promise<unknown>;
  /** From now on EC2's answers to this command are changed: it has what the embedded EC2's catalog lacks. */
  amendAnswers(command: string, amend: (output: Record<string, unknown>) => object | Promise<object>): void;
  /** Stops the clock, so that whatever changes with time does so only where a test advances it. */
  stopClock(): void;
  /** From now on steps find that the administrator has chosen this; the stack's defaults before. */
  choose(settings: Partial<Settings>): void;
  /** What steps write to the log with. */
  readonly logger: Logger;
  /** What steps count with. */
  readonly metrics: Metrics;
  /** Makes the table that Recode records its infrastructure in. */
  createTable(): Promise<void>;
}

interface Clients {
  readonly ec2: EC2Client;
  readonly dynamodb: DynamoDBClient;
  readonly sfn: SFNClient;
  /** The price list, as a step in us-east-1 asks it. */
  readonly pricing: PricingClient;
}

interface RunnableStep<Input extends v.GenericSchema, Output extends OutputFor<Input>> extends Contract<Input, Output> {
  run(
    input: v.InferOutput<Input>,
    dependencies: Clients & {
      readonly clock: Clock;
      readonly settings: Settings;
      readonly metrics: Metrics;
      readonly logger: Logger;
      readonly region: string;
      readonly identities: Identities;
    },
  ): Promise<unknown>;
}

/** What a step makes of an event: where it has one schema for each kind, that of the event's kind. */
type Result<Output, Event> = Output extends v.GenericSchema
  ? v.InferOutput<Output>
  : Event extends { readonly kind: infer Kind extends keyof Output }
    ? Output[Kind] extends v.GenericSchema
      ? v.InferOutput<Output[Kind]>
      : never
    : never;

/** Opens an account on an embedded AWS of its own; `packageDirectory` says what is deployed in it, and is deleted with it. */
export async function testAccount(options: { packageDirectory?: string; region?: string } = {}): Promise<TestAccount> {
  const aws = await embeddedAws(options);
  const access = { endpoint: aws.endpoint, region: aws.region, credentials: { accessKeyId: 'lambda', secretAccessKey: 'test' } };
  const clients: Clients = {
    ec2: new EC2Client({ ...access, maxAttempts: 1 }),
    dynamodb: new DynamoDBClient({ ...access, maxAttempts: 3 }),
    sfn: new SFNClient({ ...access, maxAttempts: 3 }),
    pricing: new PricingClient({ ...access, region: 'us-east-1', maxAttempts: 1 }),
  };
  // In tests, teammates trust each other.
  let settings: Settings = { ...defaultSettings, teammates: 'everyone' };
  const counters = metrics();
  const log = logger();
  const identities = identitiesAt({ endpoint: aws.endpoint });

  const run = async <Input extends v.GenericSchema, Output extends OutputFor<Input>, Event>(
    step: RunnableStep<Input, Output>,
    event: Event,
  ): Promise<Result<Output, Event>> => {
    const clock = { now: () => aws.clock.now() };
    const dependencies = { ...clients, settings, metrics: counters, logger: log, region: aws.region, identities, clock };
    const handler = middy((input: v.InferOutput<Input>) => step.run(input, dependencies))
      .use(translation())
      .use(parsing(step));
    return handler((await asStarted(aws, event)) as never, { functionName: 'a function' } as never);
  };

  return {
    aws,
    ...clients,
    metrics: counters,
    logger: log,
    run,
    async refusal(step, event) {
      const outcome = await run(step, event).then(
        (output) => ({ output }),
        (error: RecodeError) => ({ error }),
      );
      if ('error' in outcome) return outcome.error;
      throw new Error(`The step was to be refused and answered ${JSON.stringify(outcome.output)}.`);
    },
    loseAnswer: (action) => aws.post('faults', { service: 'ec2', action, kind: 'lost-answer' }),
    refuse: (action, code, skip = 0, fault) => aws.post('faults', { service: 'ec2', action, kind: 'error', code, skip, ...fault }),
    hideNew: (invisibleMilliseconds) => aws.post('ec2', { invisibleMilliseconds }),
    amendAnswers(command, amend) {
      clients.ec2.middlewareStack.add(
        (next, context) => async (args) => {
          const answer = await next(args);
          if (context.commandName !== command) return answer;
          return { ...answer, output: { ...answer.output, ...(await amend({ ...answer.output })) } };
        },
        { step: 'initialize' },
      );
    },
    // A rate must be above 0; this one is a millisecond in twelve days.
    stopClock: () => aws.clock.setRate(1e-9),
    choose(chosen) {
      settings = { ...settings, ...chosen };
    },
    async createTable() {
      await clients.dynamodb.send(
        new CreateTableCommand({
          TableName: tableName,
          BillingMode: 'PAY_PER_REQUEST',
          ...tableKeys,
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      for (const client of Object.values(clients)) client.destroy();
      await aws.stop();
      if (options.packageDirectory !== undefined) rmSync(options.packageDirectory, { recursive: true, force: true });
    },
  };
}

/** The event of a step that begins an execution, as its state machine makes it of the input that its caller has signed. */
async function asStarted(aws: TestAws, event: unknown): Promise<unknown> {
  if (typeof event !== 'object' || event === null || !('executionArn' in event) || !('input' in event)) return event;
  const input = await proven(aws, String(event.executionArn), event.input);
  return { ...event, input, signed: input };
}

const parameters = parse(readFileSync(join(import.meta.dirname, '../../infra/parameters.yml'), 'utf8')) as Record<
  string,
  { default: unknown; variable?: string }
>;
export const defaultSettings = readSettings(
  Object.fromEntries(Object.values(parameters).flatMap(({ variable, default: value }) => (variable ? [[variable, String(value)]] : []))),
);
