import type { Connection, ServerChannel, SFTPWrapper } from 'ssh2';

// A server needs these, and the protocol layer of ssh2 can write them, but ssh2 has no public method for them. Its version is pinned.

/** Opens a channel to the agent on the client's machine. */
export function openAgentChannel(client: Connection, opened: (error: Error | undefined, channel: ServerChannel) => void): void {
  const internals = client as unknown as {
    readonly _chanMgr: { add(opened: unknown): number };
    readonly _protocol: { openssh_authAgent(channel: number, window: number, packetSize: number): void };
  };
  const channel = internals._chanMgr.add(Object.assign(opened, { type: 'auth-agent@openssh.com' }));
  if (channel === -1) throw new Error('The SSH connection has no channel left');
  internals._protocol.openssh_authAgent(channel, 2 * 1024 * 1024, 32 * 1024);
}

/** Ends an SFTP channel with exit status 0, for which OpenSSH's clients wait. */
export function finishSftp(sftp: SFTPWrapper): void {
  const internals = sftp as unknown as {
    readonly outgoing: { readonly id: number; readonly state: string };
    readonly _protocol: { exitStatus(channel: number, status: number): void };
  };
  if (internals.outgoing.state === 'open') internals._protocol.exitStatus(internals.outgoing.id, 0);
  sftp.end();
}
