import { type RemoteHost, runToEnd } from './remote.ts';

// The modules with which cloud-init fills the volume at each boot. They change nothing if there is nothing to do.
// https://docs.cloud-init.io/en/latest/reference/modules.html#growpart
const script = `lifeline
for module in growpart resizefs; do sudo -n cloud-init single --name "$module" || exit; done
tell grown
`;

/**
 * Grows the root file system of a running instance to the size of its volume.
 *
 * @returns why it has not grown, as the instance says; undefined if it fills its volume now
 * @throws RecodeError those of cli/ssh/remote.ts
 */
export async function growFileSystem(host: RemoteHost): Promise<string | undefined> {
  const { told, reason } = await runToEnd(host, script);
  return told.includes('grown') ? undefined : reason;
}
