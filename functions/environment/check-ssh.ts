import { connect } from 'node:net';
import * as v from 'valibot';
import { lambdaHandler, step } from '../../aws/step.ts';
import { RecodeError } from '../../core/errors.ts';
import { ssh } from '../../core/names.ts';

const patienceMilliseconds = 3_000;

/** Reads the banner of the instance's SSH server; until there is one, `SshNotReady` makes the state wait. */
export const checkSsh = step({
  input: v.object({ instance: v.object({ instanceId: v.string(), publicIpAddress: v.string() }) }),
  uses: {},
  async run({ instance: { instanceId, publicIpAddress } }) {
    const problem = await bannerProblem(publicIpAddress);
    if (problem !== undefined)
      throw new RecodeError(
        'SshNotReady',
        `The instance ${instanceId} does not answer on ${publicIpAddress} port ${ssh.port}: ${problem}.`,
      );
    return {};
  },
});

export const handler = lambdaHandler(checkSsh);

/** Why there is no SSH banner; undefined when there is one. */
function bannerProblem(host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: ssh.port });
    let received = '';
    const end = (problem: string | undefined) => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(patienceMilliseconds, () => end('no answer'));
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
