import type * as model from '@aws-sdk/client-ec2';
import type { Clock } from '../clock.ts';
import type { InstanceHost } from '../instance-host/instance-host.ts';
import type { FilterTable } from './filters.ts';
import type { Settings } from './settings.ts';
import type { Resources } from './state.ts';

/** One region of the embedded EC2. */
export interface Region {
  readonly accountId: string;
  /** For example `us-east-1`. */
  readonly region: string;
  readonly resources: Resources;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly instances: InstanceHost;
  /** Tells of the state that an instance has entered, and when (milliseconds since the epoch). */
  stateChanged(instance: { readonly id: string; readonly state: string }, at: number): void;
  /** Writes what has changed. Only needed for changes outside calls, because a mutating call is written before its answer. */
  save(): void;
}

/** The context of a call. */
export interface Call extends Region {
  readonly action: string;
  readonly requestId: string;
}

/**
 * How the embedded EC2 answers one action. `run` is synchronous, so that no other call sees a partial change. It checks everything before it
 * changes anything, because a change stays when it throws.
 */
export interface Operation<A extends Action> {
  /**
   * The parameters that `run` supports, each with its supported values (`true`: any). All other parameters and values of the model are
   * refused before `run`. Do not list `DryRun`, or the `ClientToken` of an idempotent action: `ec2.ts` handles them.
   */
  readonly honors: Honors<InputOf<A>>;
  /** The filters of a Describe action. All other filters are refused before `run`. */
  readonly filters?: FilterTable<never>;
  /** Writes the state before the answer. */
  readonly mutates?: true;
  /** Answers a repeated request with the same ClientToken and parameters with the same content, without `run`. */
  readonly idempotent?: true;
  run(input: InputOf<A>, call: Call): OutputOf<A>;
}

/** The operations of one kind of resource: `export const vpcOperations = { … } satisfies Operations`. */
export type Operations = { readonly [A in Action]?: Operation<A> };

/** The name of an action in EC2's model. */
export type Action = keyof {
  [Name in keyof typeof model as Name extends `${infer A}Command` ? A : never]: true;
} &
  string;

/** The decoded input of an action. The codec has checked that all required members are present. */
export type InputOf<A extends Action> = Command<A> extends { readonly input: infer Input } ? Parsed<Input> : never;

/** The output of an action, without the SDK's metadata. */
export type OutputOf<A extends Action> =
  Command<A> extends { resolveMiddleware(...parameters: never[]): (call: never) => Promise<{ output: infer Output }> }
    ? Omit<Output, '$metadata'>
    : never;

/** The supported values of parameters. A path has the names of the SDK's members down to a scalar, without list indices. */
export type Honors<Input> = { readonly [P in PathOf<Input>]?: true | readonly (string | number | boolean)[] };

type Command<A extends Action> = `${A}Command` extends keyof typeof model
  ? (typeof model)[`${A}Command`] extends abstract new (
      ...parameters: never[]
    ) => infer Instance
    ? Instance
    : never
  : never;

type Scalar = string | number | boolean | Date | Uint8Array;

/** The SDK types required members as `string | undefined`. After decoding, they are present. */
type Parsed<T> = T extends Scalar | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? Parsed<Item>[]
    : T extends object
      ? { [K in keyof T]: Record<never, never> extends Pick<T, K> ? Parsed<T[K]> : Parsed<NonNullable<T[K]>> }
      : T;

type PathOf<T> = T extends Scalar | undefined
  ? never
  : T extends readonly (infer Item)[]
    ? PathOf<Item>
    : { [K in keyof T & string]: NonNullable<T[K]> extends Scalar | Scalar[] ? K : `${K}.${PathOf<NonNullable<T[K]>>}` }[keyof T & string];
