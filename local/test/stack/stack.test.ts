import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStack } from '../../src/stack/stack.ts';
import { UnsupportedTemplate } from '../../src/stack/unsupported.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stack-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const place = { accountId: '000000000000', region: 'eu-west-1' };
const read = () => readStack(directory, place);

/** Packages a template with the zip `one.zip`. */
function packaged(Resources: object): void {
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources }));
  writeFileSync(join(directory, 'one.zip'), '');
}

const lambda = (properties: object = {}, rest: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName: 'one',
    Handler: 'index.handler',
    Code: { S3Bucket: { Ref: 'Bucket' }, S3Key: 'serverless/demo/dev/123/one.zip' },
    ...properties,
  },
  ...rest,
});
const machine = (properties: object) => ({
  Type: 'AWS::StepFunctions::StateMachine',
  Properties: { StateMachineName: 'start', ...properties },
});

it('reads functions, state machines and roles', () => {
  const Principal = { Service: 'lambda.amazonaws.com' };
  packaged({
    One: lambda({
      Role: { 'Fn::GetAtt': ['OneRole', 'Arn'] },
      Timeout: 20,
      MemorySize: 256,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      Environment: { Variables: { TABLE: 'demo' } },
    }),
    Start: machine({
      StateMachineType: 'STANDARD',
      RoleArn: { 'Fn::GetAtt': ['OneRole', 'Arn'] },
      DefinitionString: '{}',
      LoggingConfiguration: { Destinations: [{ 'Fn::GetAtt': ['Elsewhere', 'Arn'] }] },
      TracingConfiguration: { Enabled: true },
    }),
    OneRole: {
      Type: 'AWS::IAM::Role',
      Properties: { AssumeRolePolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }] } },
    },
  });
  const { functions, stateMachines, roles } = read();
  const roleArn = 'arn:aws:iam::000000000000:role/OneRole';
  expect(functions).toEqual([
    {
      name: 'one',
      arn: 'arn:aws:lambda:eu-west-1:000000000000:function:one',
      roleArn,
      handler: 'index.handler',
      zipFile: join(directory, 'one.zip'),
      timeoutSeconds: 20,
      memoryMegabytes: 256,
      environment: { TABLE: 'demo' },
    },
  ]);
  const arn = 'arn:aws:states:eu-west-1:000000000000:stateMachine:start';
  expect(stateMachines).toEqual([{ name: 'start', arn, roleArn, definition: '{}' }]);
  expect([...roles.keys()]).toEqual([roleArn]);
});

it("uses AWS's defaults for the properties of a function", () => {
  packaged({ One: lambda() });
  expect(read().functions).toMatchObject([{ timeoutSeconds: 3, memoryMegabytes: 128, environment: {} }]);
});

it('resolves references, attributes, substitutions and pseudo parameters', () => {
  const Variables = {
    Plain: 'text',
    Number: 5,
    Flag: true,
    Absent: { Ref: 'AWS::NoValue' },
    Region: { Ref: 'AWS::Region' },
    Function: { Ref: 'One' },
    Arn: { 'Fn::GetAtt': ['One', 'Arn'] },
    Machine: { Ref: 'Start' },
    MachineArn: { 'Fn::GetAtt': ['Start', 'Arn'] },
    Logs: { 'Fn::GetAtt': ['Log', 'Arn'] },
    Sub: { 'Fn::Sub': 'arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:${One}' },
  };
  packaged({
    One: lambda({ Environment: { Variables } }),
    Start: machine({ DefinitionString: '{}' }),
    Log: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/aws/lambda/one' } },
  });
  const machineArn = 'arn:aws:states:eu-west-1:000000000000:stateMachine:start';
  expect(read().functions[0]?.environment).toEqual({
    Plain: 'text',
    Number: '5',
    Flag: 'true',
    Region: 'eu-west-1',
    Function: 'one',
    Arn: 'arn:aws:lambda:eu-west-1:000000000000:function:one',
    Machine: machineArn,
    MachineArn: machineArn,
    Logs: 'arn:aws:logs:eu-west-1:000000000000:log-group:/aws/lambda/one:*',
    Sub: 'arn:aws:states:eu-west-1:000000000000:one',
  });
});

it('substitutes the placeholders of a definition', () => {
  packaged({
    One: lambda(),
    Start: machine({
      DefinitionString: '{"Resource":"${One}","Again":"${One}"}',
      DefinitionSubstitutions: { One: { 'Fn::GetAtt': ['One', 'Arn'] } },
    }),
  });
  const arn = 'arn:aws:lambda:eu-west-1:000000000000:function:one';
  expect(read().stateMachines.map(({ definition }) => JSON.parse(definition))).toEqual([{ Resource: arn, Again: arn }]);
});

it('ignores resources without effect, and what they refer to', () => {
  const types = [
    'AWS::CloudWatch::Alarm',
    'AWS::CloudWatch::Dashboard',
    'AWS::Logs::MetricFilter',
    'AWS::S3::Bucket',
    'AWS::S3::BucketPolicy',
    'AWS::SNS::Topic',
  ];
  const Properties = { Odd: { 'Fn::GetAZs': { Ref: 'AWS::StackId' } } };
  const ignored = types.map((Type, index) => [`Ignored${index}`, { Type, Condition: 'HasAlarm', Properties }]);
  packaged({ One: lambda(), ...Object.fromEntries(ignored) });
  expect(read().functions).toHaveLength(1);
});

describe('a package is refused', () => {
  const environment = (value: unknown) => ({ One: lambda({ Environment: { Variables: { Odd: value } } }) });

  it.each<[string, object, RegExp]>([
    ['with another type of resource', { Queue: { Type: 'AWS::SQS::Queue' } }, /at Queue: the embedded AWS does not have AWS::SQS::Queue/],
    ['with a condition', { One: lambda({}, { Condition: 'IsProduction' }) }, /at One\.Condition: the embedded AWS does not evaluate/],
    ['with an intrinsic function', environment({ 'Fn::ImportValue': 'x' }), /One\.Environment\.Variables\.Odd: .* resolve Fn::ImportValue/],
    ['with a reference to something else', environment({ Ref: 'Table' }), /does not know what a reference to Table is/],
    ['with an attribute of something else', environment({ 'Fn::GetAtt': ['Table', 'Arn'] }), /does not know the ARN of Table/],
    ['with another attribute', environment({ 'Fn::GetAtt': ['One', 'Version'] }), /does not know the attribute Version of One/],
    ['with a value that is not a text', environment({ a: 1 }), /One\.Environment\.Variables\.Odd/],
    ['with a property that has no effect here', { One: lambda({ Layers: ['a'] }) }, /at One\.Layers: the embedded AWS does not support it/],
    ['with a function without a name', { One: lambda({ FunctionName: undefined }) }, /One\.FunctionName/],
    ['with a timeout that is not a number', { One: lambda({ Timeout: 'soon' }) }, /One\.Timeout/],
    ['without the zip of a function', { One: lambda({ Code: { S3Key: 'x/two.zip' } }) }, /there is no file .*two\.zip/],
    ['with an express state machine', { Start: machine({ DefinitionString: '{}', StateMachineType: 'EXPRESS' }) }, /StateMachineType/],
    ['with a definition as an object', { Start: machine({ Definition: {} }) }, /Start\.Definition/],
    ['with a definition that is not JSON', { Start: machine({ DefinitionString: 'StartAt: A' }) }, /Start\.DefinitionString: not JSON/],
    [
      'with a placeholder without a value',
      { Start: machine({ DefinitionString: '{"a":"${Nobody}"}' }) },
      /nothing substitutes \$\{Nobody\}/,
    ],
  ])('%s', (_, resources, message) => {
    packaged(resources);
    expect(read).toThrow(message);
    expect(read).toThrow(UnsupportedTemplate);
  });

  it('if it is missing or damaged', () => {
    expect(read).toThrow(/cloudformation-template-update-stack\.json/);
    writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), '{');
    expect(read).toThrow(UnsupportedTemplate);
  });
});
