import { type RemoteHost, runRemote } from './remote.ts';

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
  const said: string[] = [];
  const remote = runRemote(host, script, { line: (text) => said.push(text) });
  let grown = false;
  for (let told = await remote.told(); told !== undefined; told = await remote.told()) grown ||= told === 'grown';
  return grown ? undefined : (said.findLast((line) => line.trim() !== '')?.trim() ?? 'The instance says nothing.');
}
