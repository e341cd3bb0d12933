import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { RecodeError } from '../../../core/errors.ts';

/**
 * Asks for the code that a device shows, without showing what is typed, as the AWS CLI does.
 *
 * @throws RecodeError MfaCodeNotAsked where there is no terminal to ask on, Cancelled
 */
export async function askMfaCode(profile: string, device: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) {
    throw new RecodeError('MfaCodeNotAsked', `The profile "${profile}" needs a code of ${device}, but this is not a terminal.`);
  }
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: stdin, output: nowhere, terminal: true });
  stderr.write(`Enter MFA code for ${device}: `);
  const closed = new Promise<undefined>((resolve) => prompt.once('close', () => resolve(undefined)));
  try {
    const code = await Promise.race([prompt.question(''), closed]);
    if (code === undefined) throw new RecodeError('Cancelled', 'No code was entered.');
    return code.trim();
  } finally {
    prompt.close();
    stderr.write('\n');
  }
}
