import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parsed, UnsupportedTemplate } from './unsupported.ts';

/** The account and the region that the stack is deployed in. */
export interface Place {
  readonly accountId: string;
  readonly region: string;
}

/** The CloudFormation template of a packaged stack, as it would be deployed in one place. */
export interface Template extends Place {
  /**
   * The resources of a type with their logical IDs. The schema parses their properties, intrinsic functions resolved.
   * `ignored` names the properties without effect here, such as `Code.S3Bucket`. Throws `UnsupportedTemplate`.
   */
  resources<S extends v.GenericSchema>(
    type: ServedType,
    schema: S,
    ignored?: readonly string[],
  ): readonly (readonly [id: string, properties: v.InferOutput<S>])[];
  /** The ARN of the resource with that logical ID. Throws `UnsupportedTemplate`. */
  arnOf(id: string): string;
}

/** The types of resources that the embedded AWS deploys. */
type ServedType = (typeof servedTypes)[number];

const servedTypes = [
  'AWS::Events::Rule',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Role',
  'AWS::Lambda::Function',
  'AWS::Lambda::Permission',
  'AWS::Scheduler::Schedule',
  'AWS::StepFunctions::StateMachine',
] as const;

/** The types that have no effect here. All others are refused. */
const ignoredTypes = [
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Topic',
];

/** Reads the CloudFormation template in the folder that `serverless package` made. Throws `UnsupportedTemplate`. */
export function openTemplate(packageDirectory: string, { accountId, region }: Place): Template {
  const all = readResources(packageDirectory);
  const pseudoParameters: Readonly<Record<string, string>> = {
    'AWS::AccountId': accountId,
    'AWS::Partition': 'aws',
    'AWS::Region': region,
  };

  const arnOf = (id: string, where = id): string => {
    const at = `${region}:${accountId}`;
    switch (all[id]?.Type) {
      case 'AWS::Events::Rule':
        return `arn:aws:events:${at}:rule/${id}`;
      case 'AWS::IAM::ManagedPolicy':
        return `arn:aws:iam::${accountId}:policy/${id}`;
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${accountId}:role/${id}`;
      case 'AWS::Lambda::Function':
        return `arn:aws:lambda:${at}:function:${nameOf(id, 'FunctionName')}`;
      case 'AWS::Logs::LogGroup':
        return `arn:aws:logs:${at}:log-group:${nameOf(id, 'LogGroupName')}:*`;
      case 'AWS::Scheduler::Schedule':
        return `arn:aws:scheduler:${at}:schedule/default/${id}`;
      case 'AWS::StepFunctions::StateMachine':
        return `arn:aws:states:${at}:stateMachine:${nameOf(id, 'StateMachineName')}`;
      default:
        throw new UnsupportedTemplate(where, `the embedded AWS does not know the ARN of ${id}`);
    }
  };

  const nameOf = (id: string, property: string): string => {
    const where = `${id}.${property}`;
    return parsed(v.string(), resolve(all[id]?.Properties[property], where), where);
  };

  const reference = (name: string, where: string): string => {
    const pseudo = pseudoParameters[name];
    if (pseudo !== undefined) return pseudo;
    switch (all[name]?.Type) {
      case 'AWS::Lambda::Function':
        return nameOf(name, 'FunctionName');
      case 'AWS::StepFunctions::StateMachine':
        return arnOf(name);
      default:
        throw new UnsupportedTemplate(where, `the embedded AWS does not know what a reference to ${name} is`);
    }
  };

  const intrinsic = (called: string, argument: unknown, where: string): unknown => {
    switch (called) {
      case 'Ref':
        return argument === noValue ? undefined : reference(String(argument), where);
      case 'Fn::GetAtt': {
        const [id, attribute] = parsed(v.tuple([v.string(), v.string()]), argument, where);
        if (attribute !== 'Arn') throw new UnsupportedTemplate(where, `the embedded AWS does not know the attribute ${attribute} of ${id}`);
        return arnOf(id, where);
      }
      case 'Fn::Sub':
        return parsed(v.string(), argument, where).replace(/\$\{([^}]*)\}/g, (_, name: string) => reference(name, where));
      default:
        throw new UnsupportedTemplate(where, `the embedded AWS does not resolve ${called}`);
    }
  };

  const resolve = (value: unknown, where: string, ignored: ReadonlySet<string> = nothing): unknown => {
    if (Array.isArray(value)) return value.map((element, index) => resolve(element, `${where}.${index}`, ignored));
    if (typeof value !== 'object' || value === null) return value;
    const [[name, argument] = ['', undefined], ...others] = Object.entries(value);
    if (others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) return intrinsic(name, argument, where);
    const members = Object.entries(value)
      .map(([key, member]) => [key, `${where}.${key}`, member] as const)
      .filter(([, at]) => !ignored.has(at))
      .map(([key, at, member]) => [key, resolve(member, at, ignored)] as const);
    return Object.fromEntries(members.filter(([, member]) => member !== undefined));
  };

  return {
    accountId,
    region,
    arnOf: (id) => arnOf(id),
    resources: (type, schema, ignored = []) =>
      Object.entries(all)
        .filter(([, resource]) => resource.Type === type)
        .map(([id, { Properties }]) => {
          const withoutEffect = new Set(ignored.map((path) => `${id}.${path}`));
          return [id, parsed(schema, resolve(Properties, id, withoutEffect), id)] as const;
        }),
  };
}

const nothing: ReadonlySet<string> = new Set();
/** A property with this value is absent. */
const noValue = 'AWS::NoValue';

const Resource = v.object({
  Type: v.string(),
  Condition: v.optional(v.string()),
  Properties: v.optional(v.record(v.string(), v.unknown()), {}),
});
type Resource = v.InferOutput<typeof Resource>;

function readResources(packageDirectory: string): Readonly<Record<string, Resource>> {
  const file = join(packageDirectory, 'cloudformation-template-update-stack.json');
  const resources = resourcesIn(file);
  for (const [id, { Type, Condition }] of Object.entries(resources)) {
    if (ignoredTypes.includes(Type)) continue;
    if (!servedTypes.some((type) => type === Type)) throw new UnsupportedTemplate(id, `the embedded AWS does not have ${Type}`);
    if (Condition !== undefined) throw new UnsupportedTemplate(`${id}.Condition`, 'the embedded AWS does not evaluate conditions');
  }
  return resources;
}

function resourcesIn(file: string): Readonly<Record<string, Resource>> {
  try {
    return v.parse(v.object({ Resources: v.record(v.string(), Resource) }), JSON.parse(readFileSync(file, 'utf8'))).Resources;
  } catch (error) {
    throw new UnsupportedTemplate(file, (error as Error).message);
  }
}
