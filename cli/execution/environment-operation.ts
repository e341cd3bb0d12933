import type * as v from 'valibot';
import type { GivenChanges } from '../../core/environment.ts';
import type { Keep } from '../../core/kept.ts';
import type { EnvironmentOperationKind } from '../../core/operations.ts';
import type { CliTime } from '../../core/timeline.ts';
import { environmentCommand, type OpenedEnvironment } from '../environment.ts';
import { unknownView } from '../environment-view.ts';
import { orWarn } from '../or-warn.ts';
import { type Output, writeJson } from '../output.ts';
import { type Followed, runOperation, startOperation } from './operation.ts';
import { forgetExecution, rememberExecution } from './remembered-execution.ts';
import { rememberTime } from './remembered-time.ts';
import type { Session } from './session.ts';

/** An operation on an environment, and what it is to do. */
interface Operating<Schema extends v.GenericSchema> {
  readonly kind: EnvironmentOperationKind;
  /** What its execution's output is. */
  readonly output: Schema;
  readonly request?: GivenChanges;
  readonly keep?: Keep;
  /** Where a move goes. */
  readonly zone?: string;
  /** The name that the environment gets: by a rename, or again by a restore. */
  readonly name?: string;
  /** Who gets it by a transfer. */
  readonly to?: string;
}

/**
 * Runs an operation on an environment and follows it to its end. Where the command is not to wait, the execution is remembered for
 * "recode aws follow" and its ARN printed; then there is nothing to return.
 *
 * @throws RecodeError what the execution fails with, ControlPlaneNotDeployed, CallerNotAllowed
 */
export async function operate<Schema extends v.GenericSchema>(
  environment: OpenedEnvironment,
  asked: Operating<Schema>,
  { wait }: { readonly wait: boolean },
  session: Session,
  output: Output,
): Promise<Followed<v.InferOutput<Schema>> | undefined> {
  const { account, clients, subject, files } = environment;
  const { kind, request, keep, zone, name, to } = asked;
  const input = {
    environment: subject,
    ...(request && { request }),
    ...(keep !== undefined && { keep }),
    ...(zone !== undefined && { zone }),
    ...(name !== undefined && { name }),
    ...(to !== undefined && { to }),
  };
  session.atEnd = () => rememberTimes(environment, kind, session, output);
  if (!wait) {
    handOver(environment, await startOperation(clients, account, { kind, input }, session), output);
    return undefined;
  }
  orWarn(output, () => forgetExecution(files));
  // Another transfer leaves nothing to be done.
  const withOptions = name !== undefined || Object.keys(request ?? {}).some((option) => option !== 'publicKey');
  return runOperation(
    clients,
    account,
    { kind, input, output: asked.output, subject: subject.repository, withOptions },
    session,
    environment,
  );
}

/** Remembers how long the command was busy, for the timeline of its execution. A removed or transferred environment has no files here any more. */
function rememberTimes({ files }: OpenedEnvironment, kind: EnvironmentOperationKind, { times }: Session, output: Output): void {
  const { begun, accepted, known } = times;
  if (!accepted || kind === 'remove' || kind === 'transfer') return;
  const time: CliTime = {
    beforeMilliseconds: Math.round(accepted.at - begun),
    ...(known !== undefined && {
      followedMilliseconds: Math.round(known - accepted.at),
      afterMilliseconds: Math.round(performance.now() - known),
    }),
  };
  orWarn(output, () => rememberTime(files, accepted.executionArn, time));
}

function handOver(environment: OpenedEnvironment, executionArn: string, output: Output): void {
  const { files, subject } = environment;
  orWarn(output, () => rememberExecution(files, executionArn));
  if (output.json) {
    writeJson(output, { ...unknownView(subject), executionArn });
    return;
  }
  output.stdout.write(`Started ${executionArn}\nTo follow it, run:\n  ${environmentCommand(environment, 'follow')}\n`);
}
