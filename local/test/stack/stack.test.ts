import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStack } from '../../src/stack/stack.ts';
import { UnsupportedTemplate } from '../../src/stack/template.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stack-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const place = { accountId: '000000000000', region: 'eu-west-1' };
const read = () => readStack(directory, place);

/** Packages a template with an empty zip for each of the names. */
function packaged(template: object, zips: string[] = ['one.zip']): void {
  writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), JSON.stringify(template));
  for (const zip of zips) writeFileSync(join(directory, zip), '');
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

describe('readStack', () => {
  it('reads what serverless package made', async () => {
    const files = {
      'a.mjs': 'export const handler = async () => 1;',
      'serverless.yml': `
service: demo
provider: { name: aws, runtime: nodejs22.x, region: us-east-1, versionFunctions: false, environment: { TABLE: demo } }
package: { individually: true, patterns: ['!**', a.mjs] }
functions:
  createVpc: { handler: a.handler, name: demo-createVpc, timeout: 20, memorySize: 256 }
resources:
  Resources:
    Start:
      Type: AWS::StepFunctions::StateMachine
      Properties:
        StateMachineName: demo-start
        RoleArn: !GetAtt IamRoleLambdaExecution.Arn
        DefinitionString: '{"StartAt":"CreateVpc","States":{"CreateVpc":{"Type":"Task","Resource":"\${CreateVpc}","End":true}}}'
        DefinitionSubstitutions: { CreateVpc: !GetAtt CreateVpcLambdaFunction.Arn }
`,
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    const serverless = resolve('node_modules/serverless/bin/serverless.js');
    const env = { PATH: process.env.PATH, HOME: directory, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' };
    await promisify(execFile)(process.execPath, [serverless, 'package'], { cwd: directory, env });
    const { functions, stateMachines } = readStack(join(directory, '.serverless'), place);
    const arn = 'arn:aws:lambda:eu-west-1:000000000000:function:demo-createVpc';
    expect(functions).toEqual([
      {
        name: 'demo-createVpc',
        arn,
        handler: 'a.handler',
        zipFile: join(directory, '.serverless/createVpc.zip'),
        timeoutSeconds: 20,
        memoryMegabytes: 256,
        environment: { TABLE: 'demo' },
      },
    ]);
    expect(stateMachines).toMatchObject([{ name: 'demo-start', arn: 'arn:aws:states:eu-west-1:000000000000:stateMachine:demo-start' }]);
    expect(JSON.parse(stateMachines[0]?.definition ?? '').States.CreateVpc.Resource).toBe(arn);
  });

  it("takes AWS's defaults where a function leaves them out", () => {
    packaged({ Resources: { One: lambda() } });
    expect(read().functions).toMatchObject([{ timeoutSeconds: 3, memoryMegabytes: 128, environment: {} }]);
  });

  it('resolves references, attributes, substitutions, joins, pseudo parameters and defaults of parameters', () => {
    const Variables = {
      Plain: 'text',
      Number: 5,
      Flag: true,
      Parameter: { Ref: 'Stage' },
      Region: { Ref: 'AWS::Region' },
      Function: { Ref: 'One' },
      Arn: { 'Fn::GetAtt': 'One.Arn' },
      Machine: { Ref: 'Start' },
      MachineArn: { 'Fn::GetAtt': ['Start', 'Arn'] },
      Sub: { 'Fn::Sub': 'arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:${Stage}/${One}/${One.Arn}/${!Literal}' },
      SubWithMap: { 'Fn::Sub': ['${Mine}-${Stage}', { Mine: { Ref: 'One' } }] },
      Join: { 'Fn::Join': [':', ['a', { Ref: 'Stage' }, { 'Fn::Sub': '${AWS::Region}' }]] },
    };
    packaged({
      Parameters: { Stage: { Type: 'String', Default: 'dev' } },
      Resources: { One: lambda({ Environment: { Variables } }), Start: machine({ DefinitionString: '{}' }) },
    });
    const arn = 'arn:aws:lambda:eu-west-1:000000000000:function:one';
    const machineArn = 'arn:aws:states:eu-west-1:000000000000:stateMachine:start';
    expect(read().functions[0]?.environment).toEqual({
      Plain: 'text',
      Number: '5',
      Flag: 'true',
      Parameter: 'dev',
      Region: 'eu-west-1',
      Function: 'one',
      Arn: arn,
      Machine: machineArn,
      MachineArn: machineArn,
      Sub: `arn:aws:states:eu-west-1:000000000000:dev/one/${arn}/\${Literal}`,
      SubWithMap: 'one-dev',
      Join: 'a:dev:eu-west-1',
    });
  });

  it('substitutes the placeholders of a definition, by substitutions or by Fn::Sub', () => {
    packaged({
      Resources: {
        One: lambda(),
        Start: machine({
          DefinitionString: '{"Resource":"${One}","Again":"${One}"}',
          DefinitionSubstitutions: { One: { 'Fn::GetAtt': ['One', 'Arn'] } },
        }),
        Stop: machine({ StateMachineName: 'stop', DefinitionString: { 'Fn::Sub': '{"Resource":"${One.Arn}"}' } }),
      },
    });
    const arn = 'arn:aws:lambda:eu-west-1:000000000000:function:one';
    expect(read().stateMachines.map(({ definition }) => JSON.parse(definition))).toEqual([
      { Resource: arn, Again: arn },
      { Resource: arn },
    ]);
  });

  it('leaves out the resources whose condition does not hold', () => {
    const conditional = (Condition: string, name: string) => lambda({ FunctionName: name }, { Condition });
    packaged({
      Parameters: { Loud: { Type: 'String', Default: true } },
      Conditions: { IsLoud: { 'Fn::Equals': [{ Ref: 'Loud' }, 'true'] }, IsSilent: { 'Fn::Not': [{ Condition: 'IsLoud' }] } },
      Resources: {
        One: conditional('IsLoud', 'loud'),
        Two: conditional('IsSilent', 'silent'),
        Start: { ...machine({ DefinitionString: 'not even read' }), Condition: 'IsSilent' },
      },
    });
    expect(read().functions.map(({ name }) => name)).toEqual(['loud']);
    expect(read().stateMachines).toEqual([]);
  });

  it('does not mind resources that do nothing here, whatever they refer to', () => {
    const types = [
      'AWS::CloudWatch::Alarm',
      'AWS::CloudWatch::Dashboard',
      'AWS::SNS::Topic',
      'AWS::SNS::Subscription',
      'AWS::Logs::LogGroup',
      'AWS::Logs::MetricFilter',
    ];
    const idle = types.map((Type, index) => [`Idle${index}`, { Type, Properties: { Odd: { 'Fn::GetAZs': { Ref: 'AWS::StackId' } } } }]);
    packaged({
      Resources: { One: lambda(), ...Object.fromEntries(idle) },
      Outputs: { Url: { Value: { 'Fn::ImportValue': 'x' }, Export: { Name: { Ref: 'AWS::StackName' } } } },
    });
    expect(read().functions).toHaveLength(1);
  });

  const environment = (value: unknown) => ({ Resources: { One: lambda({ Environment: { Variables: { Odd: value } } }) } });
  it.each([
    [
      'a function of CloudFormation that it does not know',
      environment({ 'Fn::ImportValue': 'x' }),
      /One\.Environment\.Variables\.Odd: .*Fn::ImportValue/,
    ],
    ['a reference to something else', environment({ Ref: 'Table' }), /does not know what a reference to Table is/],
    ['an attribute of something else', environment({ 'Fn::GetAtt': ['Table', 'Arn'] }), /does not know the ARN of Table/],
    ['another attribute', environment({ 'Fn::Sub': '${One.Version}' }), /does not know the attribute Version of One/],
    [
      'a parameter without a default',
      { ...environment({ Ref: 'Key' }), Parameters: { Key: { Type: 'String' } } },
      /parameter Key has no default/,
    ],
    ['a value that is no text', environment({ a: 1 }), /Odd: it is not a string/],
    ['a function without a name', { Resources: { One: lambda({ FunctionName: undefined }) } }, /One\.FunctionName: it is missing/],
    ['a time-out that is no number', { Resources: { One: lambda({ Timeout: 'soon' }) } }, /One\.Timeout: it is not a whole number/],
    [
      'a condition that is not there',
      { Resources: { One: lambda({}, { Condition: 'IsProduction' }) } },
      /One: there is no condition IsProduction/,
    ],
    ['a zip that is not there', { Resources: { One: lambda({ Code: { S3Key: 'x/two.zip' } }) } }, /there is no file .*two\.zip/],
    ['a definition as an object', { Resources: { Start: machine({ Definition: {} }) } }, /Start: only a DefinitionString is read/],
    [
      'a definition that is no JSON',
      { Resources: { Start: machine({ DefinitionString: 'StartAt: A' }) } },
      /Start\.DefinitionString: not JSON/,
    ],
    [
      'a placeholder that nothing substitutes',
      { Resources: { Start: machine({ DefinitionString: '{"a":"${Nobody}"}' }) } },
      /nothing substitutes \$\{Nobody\}/,
    ],
  ])('refuses %s', (_, template, message) => {
    packaged(template);
    expect(read).toThrow(message);
    expect(read).toThrow(UnsupportedTemplate);
  });

  it('names a package that is not there or damaged', () => {
    expect(read).toThrow(/cloudformation-template-update-stack\.json/);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'cloudformation-template-update-stack.json'), '{');
    expect(read).toThrow(UnsupportedTemplate);
  });
});
