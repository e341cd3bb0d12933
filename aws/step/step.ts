import middy from '@middy/core';
import type * as v from 'valibot';
import type { Contract, OutputFor, Unparsed } from './contract.ts';
import { logging } from './middleware/logging.ts';
import { parsing } from './middleware/parsing.ts';
import { timing } from './middleware/timing.ts';
import { dataInMessage, translation } from './middleware/translation.ts';
import { warming } from './middleware/warming.ts';
import { patiently } from './patience.ts';

/** The time. Steps never read the system's. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Functions that create a step's dependencies, such as SDK clients and settings, by name. */
type Makers = Readonly<Record<string, () => unknown>>;

/** A step's dependencies, and the time. */
export type Dependencies<Uses extends Makers> = { readonly [Name in keyof Uses]: ReturnType<Uses[Name]> } & { readonly clock: Clock };

/**
 * One provisioning step: what it takes from the state document, what it makes, what it uses and what it does. It may run twice, or again
 * after a crash at any point.
 */
export interface Step<Input extends v.GenericSchema, Output extends OutputFor<Input>, Uses extends Makers> extends Contract<Input, Output> {
  readonly uses: Uses;
  /** From one look to the next while it waits, in milliseconds, if that need not be soon. */
  readonly pause?: number;
  run(input: v.InferOutput<Input>, dependencies: Dependencies<Uses>): Promise<Unparsed<Output>>;
}

/** Declares a step. The workflow puts its result into the state document, under the name of a noun. */
export function step<Input extends v.GenericSchema, Output extends OutputFor<Input>, Uses extends Makers>(
  definition: Step<Input, Output, Uses>,
): Step<Input, Output, Uses> {
  return definition;
}

/** What a step's handler needs of Lambda's context. */
interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/**
 * The Lambda handler of a step. It creates the dependencies at the first call, so that a failure to create one fails the call. A step that
 * waits is run again and again, as long as the invocation may last.
 *
 * The middleware used last is closest to the step. So the result is parsed, a failure is translated, then either is logged. The timing,
 * which no schema knows, is added last.
 */
export function lambdaHandler<Input extends v.GenericSchema, Output extends OutputFor<Input>, Uses extends Makers>(
  definition: Step<Input, Output, Uses>,
) {
  let dependencies: Dependencies<Uses> | undefined;
  return middy((input: v.InferOutput<Input>, context: LambdaContext) => {
    dependencies ??= makeDependencies(definition.uses);
    const made = dependencies;
    const invocation = { now: made.clock.now, remaining: () => context.getRemainingTimeInMillis(), random: Math.random };
    return patiently(() => definition.run(input, made), invocation, definition.pause);
  })
    .use(timing())
    .use(warming())
    .use(dataInMessage())
    .use(logging())
    .use(translation())
    .use(parsing(definition));
}

function makeDependencies<Uses extends Makers>(uses: Uses): Dependencies<Uses> {
  const made = Object.entries(uses).map(([name, make]) => [name, make()]);
  return { ...Object.fromEntries(made), clock: { now: () => Date.now() } } as Dependencies<Uses>;
}
