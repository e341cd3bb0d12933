import * as v from 'valibot';
import { sshBannerProblem } from '../../aws/ssh-banner.ts';
import { HeldEnvironment, RunningInstance, type StartOutput } from '../../core/document.ts';
import type { Environment } from '../../core/environment.ts';
import { ssh } from '../../core/names.ts';
import type { OpenedEnvironment } from '../environment.ts';
import { checkConnection } from './connect.ts';
import { saveConnection, usableKeyPair } from './first-connection.ts';

/** What this machine finds out about an instance by itself, while the operation that starts it still runs. */
export interface FirstContact {
  /** Begins, once the instance runs. `document` is the state document at that time. */
  begin(document: string): void;
  /** Whether ssh has connected to what the operation has started. Waits for it if the server has answered. */
  proves(started: Pick<StartOutput, 'name' | 'publicIpAddress' | 'hostKey'>): Promise<boolean>;
  /** The operation has ended: a server that has not answered is not waited for. */
  end(): void;
}

/** The nouns that a connection needs. */
const Reachable = v.object({
  environment: v.pick(HeldEnvironment, ['name', 'repository']),
  instance: v.pick(RunningInstance, ['publicIpAddress', 'hostKey']),
});
type Reachable = v.InferOutput<typeof Reachable>;

// If it takes longer, the check after the operation takes over.
const answerPatience = 120_000;
const loginPatience = { total: 30_000, pause: 500, withWrongAddress: 30_000 };

/**
 * Prepares the first contact. Nothing that fails here is an error: without a proof, the connection is checked after the operation, and that
 * check tells what is wrong.
 *
 * @param reached is called when the SSH server has answered: the operation is about to end
 * @param record the environment as it was read last, if it was
 */
export function firstContact(
  environment: OpenedEnvironment,
  { reached, record }: { reached: () => void; record: () => Environment | undefined },
): FirstContact {
  const ended = new AbortController();
  let contact: { readonly to: Reachable; readonly proof: Promise<boolean> } | undefined;

  const prove = async ({ environment: { name, repository }, instance }: Reachable): Promise<boolean> => {
    const { publicIpAddress: address } = instance;
    const keyPair = await usableKeyPair(environment, record());
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(answerPatience)]);
    if ((await sshBannerProblem({ host: address, port: ssh.port }, signal)) !== undefined) return false;
    reached();
    saveConnection(environment, { name, repository, ...instance }, keyPair);
    await checkConnection({ sshConfig: environment.files.sshConfig, name, address }, undefined, loginPatience);
    return true;
  };

  return {
    begin(document) {
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Reachable), document);
      // A state machine catches errors, and then waits for the instance again.
      if (!parsed.success || contact) return;
      contact = { to: parsed.output, proof: prove(parsed.output).catch(() => false) };
    },
    async proves({ name, publicIpAddress, hostKey }) {
      if (!contact) return false;
      const { environment, instance } = contact.to;
      const same = environment.name === name && instance.publicIpAddress === publicIpAddress && instance.hostKey === hostKey;
      return same && contact.proof;
    },
    end: () => ended.abort(),
  };
}
