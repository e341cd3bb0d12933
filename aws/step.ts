import { Logger } from '@aws-lambda-powertools/logger';
import middy from '@middy/core';
import * as v from 'valibot';
import { RecodeError } from '../core/errors.ts';
import { translateInStep, withDataInMessage } from './errors.ts';

/** The time, given to a step so that it never reads the system's own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What a step's log takes of Lambda's context. */
interface LambdaContext {
  readonly functionName: string;
  readonly awsRequestId: string;
}

type Clients<Uses> = { readonly [Key in keyof Uses]: Uses[Key] extends () => infer Client ? Client : never };
type UsesOf = Readonly<Record<string, () => unknown>>;

/** One provisioning step: what it takes of the state document, the clients it uses, and what it does. It may run twice, or again after a crash at any point. */
export interface Step<Input extends v.GenericSchema, Uses extends UsesOf, Output> {
  readonly input: Input;
  readonly uses: Uses;
  run(input: v.InferOutput<Input>, context: Clients<Uses> & { readonly clock: Clock }): Promise<Output>;
}

/** Declares a step; its result goes into the state document under the noun that the workflow names. */
export function step<Input extends v.GenericSchema, Uses extends UsesOf, Output>(
  definition: Step<Input, Uses, Output>,
): Step<Input, Uses, Output> {
  return definition;
}

/**
 * The Lambda handler of a step: parses the input, makes the clients at the first call, logs under the execution, and throws
 * errors of the catalogue only, whatever AWS answered.
 */
export function lambdaHandler<Input extends v.GenericSchema, Uses extends UsesOf, Output>(definition: Step<Input, Uses, Output>) {
  const logger = new Logger({ serviceName: 'recode' });
  let clients: Clients<Uses> | undefined;
  return middy(async (event: unknown) => {
    const input = parseInput(definition.input, event);
    clients ??= makeClients(definition.uses);
    return definition.run(input, { ...clients, clock: { now: () => Date.now() } });
  })
    .before(({ event, context }: { event: unknown; context: LambdaContext }) => {
      logger.resetKeys();
      logger.appendKeys({ step: context.functionName, requestId: context.awsRequestId, ...subject(event) });
    })
    .after(() => logger.info('done'))
    .onError((request) => {
      const error = translateInStep(request.error, request.context.functionName);
      logger[error.name === 'Unexpected' ? 'error' : 'warn']('failed', {
        errorName: error.name,
        errorMessage: error.message,
        cause: error.cause as Error,
      });
      request.error = withDataInMessage(error);
    });
}

/**
 * Parses a step's input.
 *
 * @throws RecodeError InputNotValid naming the first field that is wrong
 */
export function parseInput<Input extends v.GenericSchema>(schema: Input, event: unknown): v.InferOutput<Input> {
  const parsed = v.safeParse(schema, event, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new RecodeError('InputNotValid', `${v.getDotPath(issue) ?? 'The input'}: ${issue.message}.`);
}

function makeClients<Uses extends UsesOf>(uses: Uses): Clients<Uses> {
  return Object.fromEntries(Object.entries(uses).map(([name, make]) => [name, make()])) as Clients<Uses>;
}

const Environment = v.nullish(v.object({ owner: v.string(), repository: v.string() }));
const Subject = v.object({
  operation: v.optional(v.object({ executionArn: v.string() })),
  environment: Environment,
  /** Before the operation has begun. */
  executionArn: v.optional(v.string()),
  input: v.optional(v.object({ environment: Environment })),
  /** In an event of EventBridge. */
  detail: v.optional(v.object({ executionArn: v.string() })),
});

/** What an operator searches the log for: the execution and the environment. */
function subject(event: unknown): Record<string, string> {
  const parsed = v.safeParse(Subject, event);
  if (!parsed.success) return {};
  const {
    input,
    detail,
    executionArn = detail?.executionArn,
    operation = executionArn && { executionArn },
    environment = input?.environment,
  } = parsed.output;
  return {
    ...(operation && { executionArn: operation.executionArn }),
    ...(environment && { environment: `${environment.owner}/${environment.repository}` }),
  };
}
