import * as v from 'valibot';
import { describeInstances, explained } from '../../aws/ec2/resources.ts';
import { sshBannerProblem } from '../../aws/ssh-banner.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { wait } from '../../aws/step/wait.ts';
import { Launch, Nothing, Plan, RunningInstance } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { ssh } from '../../core/names.ts';
import { startFailure } from '../../core/plan.ts';

/** Until it looks at the instance, which costs a call, in milliseconds. */
const lookMilliseconds = 2_000;

/**
 * Waits until an SSH server answers on the instance, or until the instance cannot come up. Does nothing if the control plane cannot reach
 * SSH: it can only if everyone may.
 */
export const checkSsh = step({
  input: v.object({
    plan: Plan,
    launch: v.optional(Launch),
    instance: RunningInstance,
  }),
  output: Nothing,
  uses: { ec2 },
  async run({ plan, launch, instance: { instanceId, publicIpAddress } }, { ec2 }) {
    if (!plan.checkSsh) return;
    const problem = await problemFor(publicIpAddress);
    if (problem === undefined) return;
    const [instance] = await describeInstances(ec2, [{ Name: 'instance-id', Values: [instanceId] }]);
    const failure = instance && startFailure(explained(instance), launch !== undefined);
    throw (
      failure ??
      new RecodeError('SshNotReady', `The instance ${instanceId} does not answer on ${publicIpAddress} port ${ssh.port}: ${problem}.`)
    );
  },
});

export const handler = lambdaHandler(checkSsh);

/** Looks for the banner, until the clock says that it is time to look at the instance. */
async function problemFor(host: string): Promise<string | undefined> {
  const ended = new AbortController();
  const answer = sshBannerProblem({ host, port: ssh.port }, ended.signal);
  await Promise.race([answer, wait(lookMilliseconds, ended.signal)]);
  ended.abort();
  return answer;
}
