import { describe, expect, it } from 'vitest';
import { unknownView } from '../../../cli/environment-view.ts';
import { environmentFields, statusFields } from '../../../cli/json/fields.ts';
import { parseSelection } from '../../../cli/json/selection.ts';
import { createProgram, readable } from '../../../cli/program.ts';
import { collectedOutput } from '../collect.ts';

const { output } = collectedOutput({ json: true });
const program = await createProgram(collectedOutput().output, '1.2.3');

describe('the fields of an environment', () => {
  it('are those of its view', () => {
    expect(environmentFields).toEqual(Object.keys(unknownView({ repository: '', owner: '' })));
    expect(statusFields.slice(0, environmentFields.length)).toEqual(environmentFields);
  });
});

describe('a selection', () => {
  it('has the fields in the order in which they were asked for', () => {
    expect(parseSelection({ json: 'status, owner' }, output, environmentFields).fields).toEqual(['status', 'owner']);
    expect(parseSelection({ json: true }, output, environmentFields).fields).toBeUndefined();
  });

  it.each(['', 'status,', 'Status', 'status owner', 'toString', 'resources'])('refuses %j and names all fields', (json) => {
    expect(() => parseSelection({ json }, output, environmentFields)).toThrow(`Available fields: ${environmentFields.join(', ')}.`);
  });

  it('refuses --jq without --json', () => {
    expect(() => parseSelection({ jq: '.' }, collectedOutput().output, environmentFields)).toThrow('--jq needs --json.');
  });
});

describe('the word after --json', () => {
  it.each([
    ['aws list --json status,owner --all', 'aws list --json=status,owner --all'],
    ['--json aws list --json status', '--json aws list --json=status'],
    ['aws list --json --all', 'aws list --json --all'],
    ['aws list --all --json', 'aws list --all --json'],
    ['aws --json list status', 'aws --json list status'],
    ['aws list -- --json status', 'aws list -- --json status'],
    ['aws status --json acme/api', 'aws status --json acme/api'],
    ['aws whoami --json status', 'aws whoami --json status'],
    ['--json', '--json'],
  ])('names fields only for a command without arguments: %s', (typed, read) => {
    expect(readable(program, typed.split(' '))).toEqual(read.split(' '));
  });
});
