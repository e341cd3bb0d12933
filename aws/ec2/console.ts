import { type EC2Client, GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import { unless } from '../errors.ts';

/** What an instance has written to its console. */
export interface ConsoleOutput {
  /** Its last 64 KiB. Empty for minutes after a launch, on instance types that cannot show it as it is now. */
  readonly text: string;
  /** When EC2 received it. */
  readonly at: Date | undefined;
}

/** Reads the console of an instance, as it is now if the instance type can show that. Returns undefined if EC2 does not know the instance. */
export async function consoleOutput(ec2: EC2Client, instanceId: string): Promise<ConsoleOutput | undefined> {
  const get = (Latest: boolean) => ec2.send(new GetConsoleOutputCommand({ InstanceId: instanceId, ...(Latest && { Latest }) }));
  // Only instance types on the Nitro hypervisor take Latest. Whatever else is the matter, the call without it says.
  const answer = await unless(
    'not-found',
    get(true).catch(() => get(false)),
  );
  return answer && { text: Buffer.from(answer.Output ?? '', 'base64').toString('utf8'), at: answer.Timestamp };
}
