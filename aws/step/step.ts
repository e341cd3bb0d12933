import middy from '@middy/core';
import type * as v from 'valibot';
import type { Contract, OutputFor, Unparsed } from './contract.ts';
import { logging } from './middleware/logging.ts';
import { parsing } from './middleware/parsing.ts';
import { dataInMessage, translation } from './middleware/translation.ts';

/** The time, given to a step so that it never reads the system's own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Functions that make what a step depends on, by its name: SDK clients, settings. */
type Makers = Readonly<Record<string, () => unknown>>;

/** What a step depends on, and the time. */
export type Dependencies<Uses extends Makers> = { readonly [Name in keyof Uses]: ReturnType<Uses[Name]> } & { readonly clock: Clock };

/**
 * One provisioning step: what it takes of the state document, what it makes, what it uses, and what it does. It may run twice, or
 * again after a crash at any point.
 */
export interface Step<Input extends v.GenericSchema, Output extends OutputFor<Input>, Uses extends Makers> extends Contract<Input, Output> {
  readonly uses: Uses;
  run(input: v.InferOutput<Input>, dependencies: Dependencies<Uses>): Promise<Unparsed<Output>>;
}

/** Declares a step. Its result goes into the state document under the noun that the workflow names. */
export function step<Input extends v.GenericSchema, Output extends OutputFor<Input>, Uses extends Makers>(
  definition: Step<Input, Output, Uses>,
): Step<Input, Output, Uses> {
  return definition;
}

/**
 * The Lambda handler of a step. The dependencies are made at the first call, so that a failure to make one is a failure of that call.
 *
 * The middleware used last is nearest to the step: the result is parsed before it is logged, and a failure is translated before that.
 */
export function lambdaHandler<Input extends v.GenericSchema, Output extends OutputFor<Input>, Uses extends Makers>(
  definition: Step<Input, Output, Uses>,
) {
  let dependencies: Dependencies<Uses> | undefined;
  return middy((input: v.InferOutput<Input>) => {
    dependencies ??= makeDependencies(definition.uses);
    return definition.run(input, dependencies);
  })
    .use(dataInMessage())
    .use(logging())
    .use(translation())
    .use(parsing(definition));
}

function makeDependencies<Uses extends Makers>(uses: Uses): Dependencies<Uses> {
  const made = Object.entries(uses).map(([name, make]) => [name, make()]);
  return { ...Object.fromEntries(made), clock: { now: () => Date.now() } } as Dependencies<Uses>;
}
