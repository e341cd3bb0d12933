import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { openPackage } from './package.ts';
import { requireJson, type TemplateResource, UnsupportedTemplate } from './template.ts';

/** What the packaged stack deploys, read from the CloudFormation template that `serverless package` made. */
export interface Stack {
  readonly accountId: string;
  readonly region: string;
  readonly functions: readonly StackFunction[];
  readonly stateMachines: readonly StackStateMachine[];
}

export interface StackFunction {
  readonly name: string;
  readonly arn: string;
  /** `<file>.<export>` inside the zip. */
  readonly handler: string;
  readonly zipFile: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly environment: Readonly<Record<string, string>>;
}

export interface StackStateMachine {
  readonly name: string;
  readonly arn: string;
  /** Amazon States Language as JSON, its placeholders substituted. */
  readonly definition: string;
}

/**
 * Reads the functions and state machines of the packaged stack in `packageDirectory`, as they would be deployed in that account and region.
 * Throws `UnsupportedTemplate` where the template asks for something of CloudFormation that is not resolved here.
 */
export function readStack(packageDirectory: string, { accountId, region }: { accountId: string; region: string }): Stack {
  const { resolver, ofType } = openPackage(packageDirectory, { accountId, region });
  const { resolve, text } = resolver;

  const functionOf = (id: string, { Properties }: TemplateResource): StackFunction => {
    const number = (name: string, fallback: number) => {
      const value = Number(resolve(Properties[name], `${id}.${name}`) ?? fallback);
      if (!Number.isInteger(value)) throw new UnsupportedTemplate(`${id}.${name}`, 'it is not a whole number');
      return value;
    };
    const name = text(Properties.FunctionName, `${id}.FunctionName`);
    const code = v.parse(Code, Properties.Code);
    const zipFile = join(packageDirectory, basename(text(code.S3Key, `${id}.Code.S3Key`)));
    if (!existsSync(zipFile)) throw new UnsupportedTemplate(`${id}.Code`, `there is no file ${zipFile}; package the stack again`);
    const { Variables = {} } = v.parse(Environment, Properties.Environment ?? {});
    return {
      name,
      arn: `arn:aws:lambda:${region}:${accountId}:function:${name}`,
      handler: text(Properties.Handler, `${id}.Handler`),
      zipFile,
      timeoutSeconds: number('Timeout', 3),
      memoryMegabytes: number('MemorySize', 128),
      environment: Object.fromEntries(
        Object.entries(Variables).map(([key, value]) => [key, text(value, `${id}.Environment.Variables.${key}`)]),
      ),
    };
  };

  const stateMachineOf = (id: string, { Properties }: TemplateResource): StackStateMachine => {
    const name = text(Properties.StateMachineName, `${id}.StateMachineName`);
    if (Properties.DefinitionString === undefined) throw new UnsupportedTemplate(id, 'only a DefinitionString is read');
    const substitutions = v.parse(Substitutions, Properties.DefinitionSubstitutions ?? {});
    const definition = text(Properties.DefinitionString, `${id}.DefinitionString`).replace(/\$\{(\w+)\}/g, (_, key: string) => {
      if (!Object.hasOwn(substitutions, key)) throw new UnsupportedTemplate(`${id}.DefinitionString`, `nothing substitutes \${${key}}`);
      return text(substitutions[key], `${id}.DefinitionSubstitutions.${key}`);
    });
    requireJson(definition, `${id}.DefinitionString`);
    return { name, arn: `arn:aws:states:${region}:${accountId}:stateMachine:${name}`, definition };
  };

  return {
    accountId,
    region,
    functions: ofType('AWS::Lambda::Function').map(([id, resource]) => functionOf(id, resource)),
    stateMachines: ofType('AWS::StepFunctions::StateMachine').map(([id, resource]) => stateMachineOf(id, resource)),
  };
}

const Code = v.looseObject({ S3Key: v.unknown() });
const Environment = v.object({ Variables: v.optional(v.record(v.string(), v.unknown())) });
const Substitutions = v.record(v.string(), v.unknown());
