import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { unless } from '../../aws/errors.ts';
import { sfn } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { DueEnvironment, type RecordedEnvironmentInput, RequestedStops } from '../../core/document.ts';
import { stateMachineBeside } from '../../core/executions.ts';
import { autoStopCaller } from '../../core/owner.ts';

/** How long a stop that was asked for is waited for before it is asked for again. */
const windowMilliseconds = 5 * 60_000;

/**
 * Starts the stop of each environment that is due. All sweeps of five minutes give it the same name, and Step Functions takes a name once:
 * however many they are, it is asked for once; a later sweep asks again for what has not stopped. One that cannot be asked for keeps none of
 * the others.
 */
export const requestStop = step({
  input: v.object({
    /** Of the sweep: its state machine is the stop's neighbour. */
    executionArn: v.string(),
    environments: v.array(DueEnvironment),
  }),
  output: RequestedStops,
  uses: { sfn },
  async run({ executionArn, environments }, { sfn, clock }) {
    const stateMachineArn = stateMachineBeside(executionArn, 'stop');
    const failures: unknown[] = [];
    for (const environment of environments) {
      await request(sfn, stateMachineArn, environment, clock.now()).catch((error) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
    return { requested: environments.length };
  },
});

export const handler = lambdaHandler(requestStop);

async function request(sfn: SFNClient, stateMachineArn: string, { owner, repository, uid, stopAt }: DueEnvironment, now: number) {
  const due = Date.parse(stopAt);
  const attempt = 1 + Math.floor((now - due) / windowMilliseconds);
  const name = `auto-stop-${uid}-${Math.floor(due / 1000)}-${attempt}`;
  const input: RecordedEnvironmentInput = { caller: autoStopCaller, environment: { owner, repository }, due: { uid, stopAt } };
  await unless('execution-exists', sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) })));
}
