import { sshFingerprint } from '../../../../core/openssh-key.ts';
import { type EnvironmentTarget, requireRecord } from '../../../environment.ts';
import { inSession, withoutExecution } from '../../../execution/session.ts';
import { line, type Output, paint, writeJson } from '../../../output.ts';
import { openConnections, openOwn } from './change.ts';
import { keyHere, keyViews } from './key-view.ts';
import { syncInstance } from './sync-instance.ts';

/**
 * Makes the running instance of an environment accept the recorded keys at once, and tells what has changed there.
 *
 * @throws RecodeError NotYourEnvironment, EnvironmentNotFound, those of `syncInstance` and of cli/environment.ts
 */
export function runSync(target: EnvironmentTarget, output: Output): Promise<void> {
  return inSession(output, withoutExecution(`sync of the keys of ${target.repository}`), async (session) => {
    const environment = await openOwn(target, session);
    const { record, added, removed } = await syncInstance(environment, await requireRecord(environment), session);
    session.view.end();
    const { owner, repository } = environment.subject;
    const keys = keyViews(record.wanted, keyHere(environment, record, output));
    const changed = added.length + removed.length > 0;
    const [plus, minus] = [added.map(nameOf), removed.map(nameOf)];
    if (output.json) {
      writeJson(output, { repository, owner, changed, added: plus, removed: minus, keys });
      return;
    }
    const { stdout } = output;
    const comments = new Map(keys.map(({ fingerprint, comment }) => [fingerprint, comment]));
    const rows = [
      ...plus.map((name) => line`  + ${`${name}  ${comments.get(name) ?? ''}`.trimEnd()}`),
      ...minus.map((name) => line`  - ${name}`),
      ...(removed.length > 0 ? ['', openConnections] : []),
    ];
    const result = `${repository} ${changed ? 'now' : 'already'} accepts the recorded keys`;
    stdout.write(`${paint(stdout, 'green', '✓')} ${line`${result}`}\n${rows.map((row) => `${row}\n`).join('')}`);
  });
}

/** The fingerprint of a key; a line of the instance's file that is none stays. */
const nameOf = (key: string) => (/^\S+ [A-Za-z0-9+/]+=*$/.test(key) ? sshFingerprint(key) : key);
