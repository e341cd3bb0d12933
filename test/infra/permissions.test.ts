import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as ec2 from '@aws-sdk/client-ec2';
import * as pricing from '@aws-sdk/client-pricing';
import * as states from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { infra } from './stack.ts';

const clients: Readonly<Record<string, object>> = { ec2, dynamodb, states, pricing };
const lines = Object.entries(infra('permissions.yml')).map(([name, line]) => ({ name, entries: String(line).split(' ') }));
// What is behind a slash tells two entries of the same action apart.
const permissions = lines.map(({ name, entries }) => ({ name, actions: entries.map((entry) => entry.replace(/\/.*$/, '')) }));

/**
 * The calls that a function can make. A bundle keeps the classes that are used from its handler and no others, and keepNames writes their
 * names into it, so the commands that are left are the calls. What is not used of a file that a step imports is dropped with its commands.
 */
function callsOf(name: string): string[] {
  const file = `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.mjs`;
  const bundle = readFileSync(join(import.meta.dirname, '../../dist/functions', file), 'utf8');
  const commands = [...bundle.matchAll(/class extends .{1,200}?static\{[\w$]+\(this,"(\w+)Command"\)\}/g)].flatMap(
    ([, command = '']) => command,
  );
  // The client itself brings this one along, for endpoint discovery, which is off unless it is asked for.
  return [...new Set(commands)].filter((command) => command !== 'DescribeEndpoints').map(actionOf);
}

/** A command as IAM names it. */
function actionOf(command: string): string {
  const [service, ...others] = Object.keys(clients).filter((key) => `${command}Command` in (clients[key] ?? {}));
  if (service === undefined || others.length > 0) throw new Error(`${command} is a command of ${[service, ...others].join(', ')}.`);
  return `${service}:${command}`;
}

/** What IAM asks for besides, when a call gives tags to what it creates; EC2's tags are in the roles alone. */
const along: Readonly<Record<string, string>> = { 'dynamodb:CreateTable': 'dynamodb:TagResource' };

describe('infra/permissions.yml', () => {
  it('has a line for each function, and no other', () => {
    expect(permissions.map(({ name }) => name).sort()).toEqual(Object.keys(infra('functions.yml')).sort());
  });

  it.each(permissions)('lets $name make the calls that are in its bundle, and no others', ({ name, actions }) => {
    const calls = callsOf(name);
    expect(calls.length).toBeGreaterThan(0);
    expect([...actions].sort()).toEqual([...calls, ...calls.flatMap((call) => along[call] ?? [])].sort());
  });
});

describe('infra/actions.yml', () => {
  it('says of each action that somebody may do what it is about, and of no other', () => {
    expect(Object.keys(infra('actions.yml')).sort()).toEqual([...new Set(lines.flatMap(({ entries }) => entries))].sort());
  });
});
