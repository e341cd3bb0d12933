import { readdirSync, readFileSync } from 'node:fs';
import type { NormalizedSchema } from '@smithy/core/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../src/ec2/ec2.ts';
import { operationModel } from '../../src/ec2/model.ts';
import type { Action, Operation } from '../../src/ec2/operation.ts';
import { sdkActions, sdkCommand, sdkModel } from './sdk-model.ts';
import { refusal, startEc2, type TestEc2 } from './server.ts';

const implemented = Object.entries(operations as Record<string, Operation<Action>>);
const describing = implemented.filter(([, { filters }]) => filters !== undefined);
type HonorTable = Readonly<Record<string, true | readonly unknown[] | undefined>>;

const models = '../../../node_modules/@aws-sdk/client-ec2/dist-types/models/';

let test: TestEc2;
beforeAll(async () => {
  test = await startEc2();
});
afterAll(() => test.stop());

describe.each(implemented)('%s', (action, operation) => {
  const { input } = operationModel(action);
  const honors: HonorTable = {
    ...operation.honors,
    ...(operation.idempotent && { ClientToken: true }),
    DryRun: true,
  };
  const paths = scalarPaths(input);

  it('honors only parameters of the model', () => {
    expect(Object.keys(operation.honors).filter((path) => !paths.includes(path))).toEqual([]);
  });

  it('refuses every unsupported parameter of the model', async () => {
    for (const path of paths.filter((one) => !Object.hasOwn(honors, one))) {
      const { code, message } = await refusal(send(action, required(input, honors, path)));
      expect(code, path).toBe('UnsupportedOperation');
      expect(message, path).toMatch(new RegExp(`^The embedded AWS does not support the parameter [\\w.]+ of ${action}\\.$`));
      expect(Object.hasOwn(honors, message.split(' ')[7] ?? ''), path).toBe(false);
    }
  });

  it('refuses every unsupported value', async () => {
    for (const [path, values] of Object.entries(honors)) {
      if (values === true || values === undefined) continue;
      const other = typeof values[0] === 'boolean' ? !values[0] : typeof values[0] === 'number' ? 4711 : 'something-else';
      const { code, message } = await refusal(send(action, required(input, honors, path, other)));
      expect({ code, message }).toEqual({
        code: 'UnsupportedOperation',
        message: `The embedded AWS does not support the value ${other} of the parameter ${path} of ${action}.`,
      });
    }
  });

  it('refuses a parameter that is not in the model', async () => {
    const answer = await fetch(test.endpoint, {
      method: 'POST',
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=alice/20261122/us-east-1/ec2/aws4_request' },
      body: new URLSearchParams({ Action: action, Version: '2016-11-15', Color: 'red' }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('<Code>UnknownParameter</Code><Message>The parameter Color is not recognized</Message>');
  });
});

describe.each(implemented.filter(([action]) => scalarPaths(operationModel(action).input).includes('DryRun')))(
  '%s',
  (action, { honors }) => {
    it('answers a dry run like AWS', async () => {
      const input = required(operationModel(action).input, honors) as object;
      expect(await refusal(send(action, { ...input, DryRun: true }))).toEqual({
        code: 'DryRunOperation',
        message: 'Request would have succeeded, but DryRun flag is set.',
        status: 412,
      });
    });
  },
);

describe.each(describing)('%s', (action, { filters }) => {
  const names = { honored: Object.keys(filters?.honored ?? {}), unsupported: filters?.unsupported ?? [] };
  const filteredBy = (name: string, ...values: string[]) =>
    send(action, { ...(required(operationModel(action).input, {}) as object), Filters: [{ Name: name, Values: values }] });

  it('accepts every supported filter', async () => {
    const tags = filters?.tags ? ['tag:Name'] : [];
    for (const name of [...names.honored, ...tags]) await filteredBy(name, 'nothing-has-this');
  });

  it('refuses every unsupported filter of AWS', async () => {
    for (const name of names.unsupported)
      expect(await refusal(filteredBy(name, 'x'))).toEqual({
        code: 'UnsupportedOperation',
        message: `The embedded AWS does not support the filter ${name} of ${action}.`,
        status: 400,
      });
  });

  it('refuses a filter that AWS does not have', async () => {
    const wrong = { code: 'InvalidParameterValue', message: "The filter 'color' is invalid", status: 400 };
    expect(await refusal(filteredBy('color', 'red'))).toEqual(wrong);
  });

  it('refuses a filter in the wrong case', async () => {
    const name = (names.honored[0] ?? '').toUpperCase();
    expect(await refusal(filteredBy(name, 'x'))).toMatchObject({
      code: 'InvalidParameterValue',
      message: `The filter '${name}' is invalid`,
    });
  });

  it('knows every filter in the documentation of AWS', () => {
    const documented = documentedFilters(action);
    expect(documented.length).toBeGreaterThan(1);
    expect(documented.filter((name) => name !== 'tag' && !names.honored.includes(name) && !names.unsupported.includes(name))).toEqual([]);
    if (documented.includes('tag')) expect(filters?.tags).toBeDefined();
  });

  it('supports no other filter except tag-key', () => {
    const documented = documentedFilters(action);
    expect([...names.honored, ...names.unsupported].filter((name) => name !== 'tag-key' && !documented.includes(name))).toEqual([]);
  });
});

describe('any other action of the model', () => {
  const others = sdkActions.filter((action) => !Object.hasOwn(operations, action));

  it('is refused', async () => {
    expect(others).toContain('CreateKeyPair');
    for (const action of others)
      expect(await refusal(send(action, required(sdkModel(action).input, {}) as object))).toEqual({
        code: 'UnsupportedOperation',
        message: `The embedded AWS does not support the action ${action}.`,
        status: 400,
      });
  });
});

const send = (action: string, input: unknown): Promise<unknown> => test.client.send(sdkCommand(action, input));

/** The paths of all scalars of a schema, as in `honors`. */
function scalarPaths(schema: NormalizedSchema, path = '', above: readonly string[] = []): string[] {
  if (schema.isListSchema()) return scalarPaths(schema.getValueSchema(), path, above);
  if (!schema.isStructSchema()) return [path];
  const name = schema.getName(true) ?? '';
  if (above.includes(name)) return [];
  return [...schema.structIterator()].flatMap(([member, of]) =>
    scalarPaths(of, path === '' ? member : `${path}.${member}`, [...above, name]),
  );
}

/** The smallest valid input, with supported values, and the scalar at the path, with the given value if any. */
function required(schema: NormalizedSchema, honors: HonorTable, given?: string, value?: unknown, path = ''): unknown {
  if (schema.isListSchema()) return [required(schema.getValueSchema(), honors, given, value, path)];
  if (schema.isStructSchema()) {
    const [, , , , names, , count = 0] = schema.getSchema() as unknown as [0, 0, 0, 0, string[], 0, number?];
    const members = [...schema.structIterator()].map(([name, member]) => ({ name, member, at: path === '' ? name : `${path}.${name}` }));
    const needed = members.filter(({ name, at }) => names.slice(0, count).includes(name) || given === at || given?.startsWith(`${at}.`));
    // An empty structure has no parameters.
    const wanted = needed.length === 0 && path !== '' ? members.filter(({ at }) => Object.hasOwn(honors, at)).slice(0, 1) : needed;
    return Object.fromEntries(wanted.map(({ name, member, at }) => [name, required(member, honors, given, value, at)]));
  }
  if (path === given && value !== undefined) return value;
  const honored = honors[path];
  if (Array.isArray(honored)) return honored[0];
  if (schema.isBooleanSchema()) return false;
  if (schema.isNumericSchema()) return 7;
  if (schema.isTimestampSchema()) return new Date(0);
  if (schema.isBlobSchema()) return new Uint8Array([1]);
  return 'text';
}

/** The filters in the SDK's documentation of an action. */
function documentedFilters(action: string): string[] {
  const folder = new URL(models, import.meta.url);
  for (const file of readdirSync(folder)) {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const start = text.indexOf(`export interface ${action}Request {`);
    if (start < 0) continue;
    const members = text.slice(start, text.indexOf('\n}', start));
    const comments = members.slice(0, members.indexOf('    Filters?:')).split('/**').at(-1) ?? '';
    return outerItems(comments.replace(/\n\s*\*/g, ' '));
  }
  throw new Error(`The SDK documents no ${action}Request.`);
}

/** The names at the beginning of the items of a list in the documentation. A nested list describes values. */
function outerItems(documentation: string): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [tag, name] of documentation.matchAll(/<ul>|<\/ul>|<li>\s*<p>\s*<code>([^<]+)<\/code>/g)) {
    if (tag === '<ul>') depth++;
    else if (tag === '</ul>') depth--;
    else if (depth === 1 && name !== undefined) names.push(name);
  }
  return names;
}
