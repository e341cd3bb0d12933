import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { unless } from '../../aws/errors.ts';
import { sfn } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { DueEnvironment, type RecordedEnvironmentInput, RequestedStops } from '../../core/document.ts';
import { stateMachineBeside } from '../../core/executions.ts';

/** How long a requested stop may take before it is requested again. */
const windowMilliseconds = 5 * 60_000;

/**
 * Starts a stop for each environment that is due. All sweeps within five minutes give its execution the same name, and Step Functions
 * accepts a name once. A later sweep requests again what has not stopped. If one stop cannot be requested, the others still are.
 */
export const requestStop = step({
  input: v.object({
    /** The sweep's, in the same account and region as the stop's. */
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
  const input: RecordedEnvironmentInput = { environment: { owner, repository }, due: { uid, stopAt } };
  await unless('execution-exists', sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) })));
}
