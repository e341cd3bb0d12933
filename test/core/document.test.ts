import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { RecordedEnvironmentInput, StartInput, UninstallInput } from '../../core/document.ts';
import { candidateNames, resourceName } from '../../core/names.ts';
import { keyPairFrom, type OpenSshKeyPair } from '../../core/openssh-key.ts';
import { userData } from '../../core/user-data.ts';
import { nastyTexts } from '../harness/nasty.ts';

const publicKey = keyPairFrom(Buffer.alloc(32, 1), '').publicKey.trim();
const proof = { authorization: 'AWS4-HMAC-SHA256 x', time: '20261130T090000Z', token: 'token' };
const input = { proof, environment: { owner: 'alice', repository: 'acme/api' }, request: { publicKey } };
const accepted = (value: unknown) => v.safeParse(StartInput, value).success;

/** The input with a text in each place that takes one. */
const withText = (text: string): Record<string, object> => ({
  token: { ...input, proof: { ...proof, token: text } },
  owner: { ...input, environment: { ...input.environment, owner: text } },
  account: { ...input, environment: { ...input.environment, repository: `${text}/api` } },
  repository: { ...input, environment: { ...input.environment, repository: `acme/${text}` } },
  comment: { ...input, request: { publicKey: `${publicKey} ${text}` } },
  instanceType: { ...input, request: { publicKey, instanceType: `t2.${text}` } },
  block: { ...input, request: { publicKey, allowCidrs: [`10.0.0.0/8${text}`] } },
  time: { ...input, request: { publicKey, autoStop: { kind: 'daily', time: `20:00${text}`, timeZone: 'Europe/Paris' } } },
  timeZone: { ...input, request: { publicKey, autoStop: { kind: 'daily', time: '20:00', timeZone: `Europe/Paris${text}` } } },
  option: { ...input, request: { publicKey, [text]: 1 } },
});

describe('the input of a start', () => {
  it('is accepted as the CLI makes it', () => {
    expect(accepted(input)).toBe(true);
    for (const [place, value] of Object.entries(withText('a')))
      expect([place, accepted(value)]).toEqual([place, !['block', 'time', 'timeZone', 'option'].includes(place)]);
  });

  it.each(nastyTexts)('is refused with %j anywhere', (text) => {
    for (const [place, value] of Object.entries(withText(text))) expect([place, accepted(value)]).toEqual([place, false]);
  });

  it.each([
    ['a repository without an account', { repository: 'api' }],
    ['a path for a repository', { repository: 'acme/..' }],
    ['a page of a repository', { repository: 'acme/api/tree' }],
    ['a repository that git would not clone', { repository: 'acme/api.git' }],
    ['a folder for an owner', { owner: '..' }],
  ])('is refused with %s', (_, environment) => {
    expect(accepted({ ...input, environment: { ...input.environment, ...environment } })).toBe(false);
  });

  // RFC 8709, section 4: the name of the algorithm and 32 bytes, each after its length: 51 bytes in all.
  it.each([
    ['another algorithm', `ssh-rsa ${publicKey.split(' ')[1]}`],
    ['the bytes of another algorithm', `ssh-ed25519 ${Buffer.from('\0\0\0\x07ssh-rsa').toString('base64')}`],
    ['half of a key', publicKey.slice(0, -20)],
    ['two keys', `${publicKey}\n${publicKey}`],
    ['options before the key', `command="id" ${publicKey}`],
    ['a comment longer than the user data', `${publicKey} ${'x'.repeat(16_384)}`],
  ])('is refused with %s', (_, publicKey) => {
    expect(accepted({ ...input, request: { publicKey } })).toBe(false);
  });

  // What cloud-init reads it with refuses others: NON_PRINTABLE in https://github.com/yaml/pyyaml/blob/main/lib/yaml/reader.py
  it('makes a user data of printable ASCII and line breaks, whatever is accepted', () => {
    const everyCharacter = Array.from({ length: 0x300 }, (_, code) => String.fromCharCode(code));
    const hostKeys = new Map<string, OpenSshKeyPair>();
    let made = 0;
    for (const text of [...everyCharacter, ...nastyTexts, 'a', '"', "'", '\\', '{{ x }}', '%', '#', ': ', '&a', '*a', '\u{1f600}']) {
      for (const value of Object.values(withText(text))) {
        const parsed = v.safeParse(StartInput, value);
        if (!parsed.success) continue;
        for (const name of candidateNames(parsed.output.environment)) {
          const hostKey = hostKeys.get(name) ?? keyPairFrom(Buffer.alloc(32, 2), resourceName(name, 'instance'));
          hostKeys.set(name, hostKey);
          expect(
            userData({ publicKeys: [parsed.output.request.publicKey], repository: 'acme/api', idleStop: 'off', hostKey, homeKeys: true }),
          ).toMatch(/^[\x20-\x7e\n]*$/);
          made += 1;
        }
      }
    }
    expect(made).toBeGreaterThan(500);
  });
});

describe('the inputs of a stop, a remove and an uninstall', () => {
  const { request: _, ...recorded } = input;

  it.each(nastyTexts)('are refused with %j in the proof of who asks', (text) => {
    for (const part of [{ authorization: `${proof.authorization}${text}` }, { time: text }, { token: text }, { [text]: 1 }]) {
      expect(v.safeParse(UninstallInput, { proof: { ...proof, ...part } }).success).toBe(false);
      expect(v.safeParse(RecordedEnvironmentInput, { ...recorded, proof: { ...proof, ...part } }).success).toBe(false);
    }
  });

  it.each(nastyTexts)('are refused with %j for what is due', (text) => {
    const due = { uid: 'uid-1', stopAt: '2026-01-01T20:00:00.000Z' };
    expect(v.safeParse(RecordedEnvironmentInput, { ...recorded, due }).success).toBe(true);
    expect(v.safeParse(RecordedEnvironmentInput, { ...recorded, due: { ...due, uid: text } }).success).toBe(false);
    expect(v.safeParse(RecordedEnvironmentInput, { ...recorded, due: { ...due, stopAt: text } }).success).toBe(false);
  });

  it.each(nastyTexts)('are refused with %j for the type that a restart changes', (text) => {
    const asking = (instanceType: string) => v.safeParse(RecordedEnvironmentInput, { ...recorded, request: { instanceType } }).success;
    expect([asking('m5.large'), asking(text), asking(`m5.large${text}`)]).toEqual([true, false, false]);
  });

  it('only find a record, so they take a name that a start does not', () => {
    expect(v.safeParse(RecordedEnvironmentInput, { environment: { owner: 'alice', repository: 'acme/\u001b]0;x' } }).success).toBe(true);
    expect(v.safeParse(RecordedEnvironmentInput, { environment: { owner: 'alice', repository: '' } }).success).toBe(false);
  });
});
