import { isDeepStrictEqual } from 'node:util';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { NormalizedSchema } from '@smithy/core/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import names from '../../src/ec2/catalog/actions.json' with { type: 'json' };
import { operationModel } from '../../src/ec2/model.ts';
import * as wire from '../../src/ec2/wire.ts';
import { AwsFailure, type Service } from '../../src/service.ts';
import { sdkActions, sdkCommand, sdkModel } from './sdk-model.ts';
import { refusal, serve } from './server.ts';

/** Answers every operation of the model with a complete sample output, and stores the decoded input. */
const decoded = new Map<string, unknown>();
const echo: Service = {
  action: (request) => wire.readQuery(new URLSearchParams(request.body.toString())).action ?? '',
  async handle(request) {
    const query = wire.readQuery(new URLSearchParams(request.body.toString()));
    const operation = sdkModel(query.action ?? '');
    decoded.set(operation.action, wire.decode(operation, query));
    const content = wire.encodeOutput(operation, sample(operation.output) as object);
    return { status: 200, headers: {}, body: wire.successDocument(operation.action, request.id, content) };
  },
  failure: (failure, request) => ({ status: failure.status, headers: {}, body: wire.failureDocument(failure, request.id) }),
};

let server: Awaited<ReturnType<typeof serve>>;
let client: EC2Client;
const clientOf = (endpoint: string) =>
  new EC2Client({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'alice', secretAccessKey: 'secret' }, maxAttempts: 1 });

beforeAll(async () => {
  server = await serve(echo);
  client = clientOf(server.endpoint);
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});

describe('the codec', () => {
  it('knows every action of the SDK', () => {
    expect(sdkActions.length).toBeGreaterThan(800);
    // node local/scripts/ec2-actions.mjs writes them.
    expect(names).toEqual(sdkActions.toSorted());
  });

  it('reads what the SDK writes, and writes what the SDK reads, for every action', async () => {
    const mismatches: string[] = [];
    for (const action of sdkActions) {
      const operation = sdkModel(action);
      const input = sample(operation.input);
      const { $metadata, ...output }: Record<string, unknown> = { ...(await client.send(sdkCommand(action, input))) };
      const wanted = operation.output.isStructSchema() ? sample(operation.output) : {};
      if (!isDeepStrictEqual(decoded.get(action), input)) mismatches.push(`${action} input`);
      if (!isDeepStrictEqual(output, wanted)) mismatches.push(`${action} output`);
    }
    expect(mismatches).toEqual([]);
  });

  it.each([
    [
      'a parameter the action does not have',
      'Action=CreateVpc&CidrBlok=10.0.0.0/16',
      'UnknownParameter',
      'The parameter CidrBlok is not recognized',
    ],
    [
      'an unknown member of a structure',
      'Action=CreateVpc&TagSpecification.1.Color=red',
      'UnknownParameter',
      'The parameter TagSpecification.1.Color is not recognized',
    ],
    ['a gap in a list', 'Action=DescribeVpcs&VpcId.2=vpc-1', 'UnknownParameter', 'The parameter VpcId.2 is not recognized'],
    ['a missing parameter', 'Action=DeleteVpc', 'MissingParameter', 'The request must contain the parameter VpcId'],
    ['a malformed boolean', 'Action=DescribeVpcs&DryRun=maybe', 'InvalidParameterValue', 'Value (maybe) for parameter DryRun is invalid.'],
    [
      'a malformed number',
      'Action=DescribeVpcs&MaxResults=many',
      'InvalidParameterValue',
      'Value (many) for parameter MaxResults is invalid.',
    ],
    [
      'malformed base64',
      'Action=ImportKeyPair&KeyName=k&PublicKeyMaterial=%25',
      'InvalidParameterValue',
      'Value (%) for parameter PublicKeyMaterial is invalid.',
    ],
    [
      'a scalar instead of a list',
      'Action=DescribeVpcs&VpcId=vpc-1',
      'InvalidParameterValue',
      'Value (vpc-1) for parameter VpcId is invalid.',
    ],
    ['a duplicate parameter', 'Action=DeleteVpc&VpcId=a&VpcId=b', 'InvalidParameterValue', 'The parameter VpcId was given more than once.'],
    ['an action that EC2 does not have', 'Action=MakeCoffee', 'InvalidAction', 'The action MakeCoffee is not valid for this web service.'],
  ])('refuses %s', (_what, body, code, message) => {
    const query = () => wire.readQuery(new URLSearchParams(body));
    const read = () => wire.decode(operationModel(query().action ?? ''), query());
    expect(read).toThrowError(expect.objectContaining({ name: 'AwsFailure', code, message }));
  });

  it('does not accept a shape of the model as an action', () => {
    expect(() => operationModel('CreateVpcRequest')).toThrowError(expect.objectContaining({ code: 'InvalidAction' }));
  });

  it('tells an action that it does not support from one that EC2 does not have', () => {
    expect(() => operationModel('CreateFleet')).toThrowError(expect.objectContaining({ code: 'UnsupportedOperation' }));
    expect(() => operationModel('toString')).toThrowError(expect.objectContaining({ code: 'InvalidAction' }));
  });

  it('refuses to write an output that does not match the model', () => {
    const operation = operationModel('CreateVpc');
    expect(() => wire.encodeOutput(operation, { Vpc: { VpcID: 'vpc-1' } })).toThrowError('The model has no CreateVpc.Vpc.VpcID.');
    expect(() => wire.encodeOutput(operation, { Vpc: { VpcId: 1 } })).toThrowError('The model wants a string at CreateVpc.Vpc.VpcId.');
  });

  it('escapes the text of a failure', async () => {
    const failing = await serve({
      ...echo,
      handle: () => Promise.reject(new AwsFailure('InvalidThing', `<a> & "b" 'c'`, 418)),
    });
    const unlucky = clientOf(failing.endpoint);
    expect(await refusal(unlucky.send(new DescribeVpcsCommand({})))).toEqual({
      code: 'InvalidThing',
      message: `<a> & "b" 'c'`,
      status: 418,
    });
    unlucky.destroy();
    await failing.stop();
  });
});

/** A value with all members of a schema, and two elements in each list. Recursion ends early. */
function sample(schema: NormalizedSchema, above: readonly string[] = []): unknown {
  if (schema.isStructSchema()) {
    const name = schema.getName(true) ?? '';
    if (above.includes(name)) return undefined;
    const members = [...schema.structIterator()].map(([member, of]) => [member, sample(of, [...above, name])] as const);
    return Object.fromEntries(members.filter(([, value]) => value !== undefined));
  }
  if (schema.isListSchema()) {
    const item = sample(schema.getValueSchema(), above);
    const empty = item === undefined || (typeof item === 'object' && item !== null && Object.keys(item).length === 0);
    return empty ? undefined : [item, item];
  }
  if (schema.isBooleanSchema()) return true;
  if (schema.isNumericSchema()) return 7;
  if (schema.isTimestampSchema()) return new Date('2026-11-22T13:18:00.000Z');
  if (schema.isBlobSchema()) return new Uint8Array([1, 2, 255]);
  if (schema.isUnitSchema()) return {};
  return `<text> & "more" 'of it'`;
}
