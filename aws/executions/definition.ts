import { DescribeStateMachineCommand, DescribeStateMachineForExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { RecodeError } from '../../core/errors.ts';
import { publishedVersion } from '../../core/version.ts';
import { meaningOf } from '../errors.ts';

/** What is shown while a state runs, by its name: its Comment. States without one are not shown. */
export type Sentences = ReadonlyMap<string, string>;

/** A state machine, as far as a command needs it. */
export interface Deployed {
  /** The version of the stack that it is part of; undefined where it publishes none. */
  readonly version: string | undefined;
  readonly sentences: Sentences;
}

/**
 * Reads a state machine as it is deployed now.
 *
 * @throws RecodeError ControlPlaneNotDeployed when it does not exist here
 */
export async function deployedMachine(sfn: SFNClient, stateMachineArn: string): Promise<Deployed> {
  const { definition = '{}' } = await orNotDeployed(stateMachineArn, sfn.send(new DescribeStateMachineCommand({ stateMachineArn })));
  const machine = JSON.parse(definition) as Machine;
  return { version: publishedVersion(machine.Comment ?? ''), sentences: sentencesIn(machine) };
}

/** The sentences of the definition that an execution runs by. AWS answers this only once a second: ask if nothing else knows them. */
export async function sentencesOf(sfn: SFNClient, executionArn: string): Promise<Sentences> {
  const { definition = '{}' } = await sfn.send(new DescribeStateMachineForExecutionCommand({ executionArn }));
  return sentencesIn(JSON.parse(definition) as Machine);
}

/** Makes a call about a state machine. Throws RecodeError ControlPlaneNotDeployed when it does not exist here. */
export async function orNotDeployed<Answer>(stateMachineArn: string, call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (meaningOf(error) !== 'no-execution') throw error;
    throw new RecodeError('ControlPlaneNotDeployed', `There is no state machine ${stateMachineArn}.`, { cause: error });
  }
}

interface Machine {
  readonly Comment?: string;
  readonly States?: Readonly<
    Record<string, { readonly Comment?: string; readonly Branches?: readonly Machine[]; readonly ItemProcessor?: Machine }>
  >;
}

function sentencesIn(machine: Machine): Sentences {
  const sentences = new Map<string, string>();
  collect(machine, sentences);
  return sentences;
}

function collect(machine: Machine, sentences: Map<string, string>): void {
  for (const [name, state] of Object.entries(machine.States ?? {})) {
    const inside = [...(state.Branches ?? []), ...(state.ItemProcessor ? [state.ItemProcessor] : [])];
    // A state around others says what they are for; each of them speaks for itself.
    if (state.Comment !== undefined && inside.length === 0) sentences.set(name, state.Comment);
    for (const machine of inside) collect(machine, sentences);
  }
}
