import type { Command } from 'commander';
import type * as v from 'valibot';
import { type EnvironmentOperationKind, kindsWith, type OperationKind } from '../../../core/operations.ts';
import type { OpenedEnvironment } from '../../environment.ts';
import type { Followed } from '../../execution/operation.ts';
import type { Session } from '../../execution/session.ts';
import type { Output } from '../../output.ts';
import type { OperationRequest } from './options.ts';

/** What the `command.ts` in the folder of an operation, which has the name of its kind, exports. */
interface CommandModule {
  /** Defines the command. */
  command(output: Output): Command;
}

/** What the `run.ts` in the folder of an operation on an environment exports, for the commands that stand in for it. */
export interface RunModule<Result = unknown> {
  /** The output of the operation's execution. */
  readonly Result: v.GenericSchema<unknown, Result>;
  /** Prints what the execution has led to, after what is left to do on this machine. */
  conclude(environment: OpenedEnvironment, followed: Followed<Result>, session: Session, output: Output): Promise<void>;
  /** Runs the command without further options, for "recode aws retry". */
  again(request: OperationRequest, output: Output): Promise<void>;
}

/** What defines a command. */
export type Definition = (output: Output) => Command | Promise<Command>;

/** What defines the commands of the operations on an environment or on the network, by name in the order of their rows. */
export function operationCommands(on: 'environment' | 'network'): [string, Definition][] {
  return kindsWith({ on }).map((kind) => [kind, async (output) => (await commandModule(kind)).command(output)]);
}

/** How the command of an operation ends. */
export const runModule = (kind: EnvironmentOperationKind): Promise<RunModule> => import(`./${kind}/run.ts`);

const commandModule = (kind: OperationKind): Promise<CommandModule> => import(`./${kind}/command.ts`);
