import type * as model from '@aws-sdk/client-ec2';
import type { Clock } from '../clock.ts';
import type { InstanceHost } from '../instance-host/instance-host.ts';
import type { FilterTable } from './filters.ts';
import type { Settings } from './settings.ts';
import type { Resources } from './state.ts';

/** One region of the embedded EC2, as handlers and clocks see it. */
export interface Region {
  readonly accountId: string;
  /** Such as `us-east-1`. */
  readonly region: string;
  readonly resources: Resources;
  readonly clock: Clock;
  readonly settings: Settings;
  readonly instances: InstanceHost;
  /** Writes the state; handlers need it only for what changes outside of a call, since a mutating call is written before its answer. */
  save(): void;
}

/** What a handler gets besides its input. */
export interface Call extends Region {
  readonly action: string;
  readonly requestId: string;
}

/**
 * How the embedded EC2 answers one action. `run` is synchronous, so that no other call sees half of what it does, and checks everything
 * before it changes anything, because what it changed stays when it throws.
 */
export interface Operation<A extends Action> {
  /**
   * The parameters that `run` acts upon, each with the values it acts upon (`true`: any). Everything else that the model knows is refused
   * as unsupported before `run`. `DryRun`, and the `ClientToken` of an idempotent action, are honoured by the frame and not listed.
   */
  readonly honours: Honours<InputOf<A>>;
  /** The filters of a Describe action: unknown ones, and those AWS has and we do not support, are refused before `run`. */
  readonly filters?: FilterTable<never>;
  /** The state is written before the answer. */
  readonly mutates?: true;
  /** The same ClientToken with the same parameters gets the same answer without a second `run`. */
  readonly idempotent?: true;
  run(input: InputOf<A>, call: Call): OutputOf<A>;
}

/** The handlers of one kind of resource: `export const vpcOperations = { … } satisfies Operations`. */
export type Operations = { readonly [A in Action]?: Operation<A> };

/** The name of any action that EC2's model knows. */
export type Action = keyof {
  [Name in keyof typeof model as Name extends `${infer A}Command` ? A : never]: true;
} &
  string;

/** An action's input as the codec hands it over: what the model requires is there. */
export type InputOf<A extends Action> = Command<A> extends { readonly input: infer Input } ? Parsed<Input> : never;

/** An action's output without the SDK's metadata. */
export type OutputOf<A extends Action> =
  Command<A> extends { resolveMiddleware(...parameters: never[]): (call: never) => Promise<{ output: infer Output }> }
    ? Omit<Output, '$metadata'>
    : never;

/** Which values of which parameters are honoured; a path names the SDK's members down to a scalar, without list indices. */
export type Honours<Input> = { readonly [P in PathOf<Input>]?: true | readonly (string | number | boolean)[] };

type Command<A extends Action> = `${A}Command` extends keyof typeof model
  ? (typeof model)[`${A}Command`] extends abstract new (
      ...parameters: never[]
    ) => infer Instance
    ? Instance
    : never
  : never;

type Scalar = string | number | boolean | Date | Uint8Array;

/** Members the model requires are typed `string | undefined` by the SDK although the codec has refused their absence. */
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
