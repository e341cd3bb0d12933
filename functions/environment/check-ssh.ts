import { connect } from 'node:net';
import * as v from 'valibot';
import { describeInstances, explained } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Launch, Nothing, RunningInstance } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { ssh } from '../../core/names.ts';
import { startFailure } from '../../core/plan.ts';

const patienceMilliseconds = 3_000;

/** Checks that an SSH server answers on the instance. Until then it fails, and the state machine retries while the instance can come up. */
export const checkSsh = step({
  input: v.object({
    launch: v.optional(Launch),
    instance: RunningInstance,
  }),
  output: Nothing,
  uses: { ec2 },
  async run({ launch, instance: { instanceId, publicIpAddress } }, { ec2 }) {
    const problem = await bannerProblem(publicIpAddress);
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

/** Reads the SSH banner. Resolves to what is wrong, or to undefined if the banner is there. */
function bannerProblem(host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: ssh.port });
    let received = '';
    const end = (problem: string | undefined) => {
      clearTimeout(patience);
      socket.destroy();
      resolve(problem);
    };
    // For the whole banner: a peer that sends a byte now and then must not hold the Lambda.
    const patience = setTimeout(() => end('no answer'), patienceMilliseconds);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      received += text;
      // RFC 4253, section 4.2: other lines may precede the version.
      if (/^SSH-2\.0-/m.test(received)) end(undefined);
      else if (received.length > 4_096) end('something else than SSH answers');
    });
    socket.on('error', (error) => end(error.message));
    socket.on('end', () => end('the connection was closed'));
  });
}
