/** A part of a CloudFormation template that the embedded AWS does not resolve. */
export class UnsupportedTemplate extends Error {
  override readonly name = 'UnsupportedTemplate';

  constructor(
    readonly where: string,
    reason: string,
  ) {
    super(`The packaged stack cannot be read at ${where}: ${reason}.`);
  }
}

export interface TemplateResource {
  readonly Type: string;
  readonly Condition?: string | undefined;
  readonly Properties: Readonly<Record<string, unknown>>;
}

export interface Resolver {
  /** The value with its intrinsic functions resolved; `where` names the place in errors. Throws `UnsupportedTemplate`. */
  resolve(value: unknown, where: string): unknown;
  /** The same for a place that takes a string; numbers and booleans become text, as CloudFormation has it. */
  text(value: unknown, where: string): string;
  /** Whether a condition of the template holds. Throws `UnsupportedTemplate`. */
  holds(condition: string, where: string): boolean;
}

/** Resolves `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`, `Fn::If`, the pseudo parameters of a place and the parameters' defaults. */
export function createResolver(
  template: {
    readonly Conditions?: Readonly<Record<string, unknown>> | undefined;
    readonly Parameters: Readonly<Record<string, { readonly Default?: string | number | boolean | undefined }>>;
    readonly Resources: Readonly<Record<string, TemplateResource>>;
  },
  { accountId, region }: { accountId: string; region: string },
): Resolver {
  const pseudoParameters: Readonly<Record<string, string>> = {
    'AWS::AccountId': accountId,
    'AWS::Partition': 'aws',
    'AWS::Region': region,
    'AWS::URLSuffix': 'amazonaws.com',
  };

  const reference = (name: string, where: string): string => {
    const pseudo = pseudoParameters[name];
    if (pseudo !== undefined) return pseudo;
    const parameter = template.Parameters[name];
    if (parameter) {
      if (parameter.Default === undefined) throw new UnsupportedTemplate(where, `the parameter ${name} has no default`);
      return String(parameter.Default);
    }
    switch (template.Resources[name]?.Type) {
      case 'AWS::Lambda::Function':
        return nameOf(name, 'FunctionName', where);
      case 'AWS::Logs::LogGroup':
        return nameOf(name, 'LogGroupName', where);
      case 'AWS::IAM::Role':
        return nameOrId(name, 'RoleName', where);
      case 'AWS::Events::Rule':
      case 'AWS::Scheduler::Schedule':
        return nameOrId(name, 'Name', where);
      case 'AWS::IAM::ManagedPolicy':
      case 'AWS::StepFunctions::StateMachine':
        return arnOf(name, where);
      default:
        throw new UnsupportedTemplate(where, `the embedded AWS does not know what a reference to ${name} is`);
    }
  };

  const attribute = (name: string, attributeName: string, where: string): string => {
    const attributeOfArn = template.Resources[name]?.Type === 'AWS::IAM::ManagedPolicy' ? 'PolicyArn' : 'Arn';
    if (attributeName === attributeOfArn) return arnOf(name, where);
    throw new UnsupportedTemplate(where, `the embedded AWS does not know the attribute ${attributeName} of ${name}`);
  };

  const arnOf = (name: string, where: string): string => {
    const at = `${region}:${accountId}`;
    switch (template.Resources[name]?.Type) {
      case 'AWS::Lambda::Function':
        return `arn:aws:lambda:${at}:function:${nameOf(name, 'FunctionName', where)}`;
      case 'AWS::StepFunctions::StateMachine':
        return `arn:aws:states:${at}:stateMachine:${nameOf(name, 'StateMachineName', where)}`;
      case 'AWS::Logs::LogGroup':
        return `arn:aws:logs:${at}:log-group:${nameOf(name, 'LogGroupName', where)}:*`;
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${accountId}:role${pathOf(name, where)}${nameOrId(name, 'RoleName', where)}`;
      case 'AWS::IAM::ManagedPolicy':
        return `arn:aws:iam::${accountId}:policy${pathOf(name, where)}${nameOrId(name, 'ManagedPolicyName', where)}`;
      case 'AWS::Events::Rule':
        return `arn:aws:events:${at}:rule/${nameOrId(name, 'Name', where)}`;
      case 'AWS::Scheduler::Schedule':
        return `arn:aws:scheduler:${at}:schedule/default/${nameOrId(name, 'Name', where)}`;
      default:
        throw new UnsupportedTemplate(where, `the embedded AWS does not know the ARN of ${name}`);
    }
  };

  const nameOf = (name: string, property: string, where: string): string =>
    text(template.Resources[name]?.Properties[property], `${where} (${name}.${property})`);

  /** CloudFormation makes a name of its own where the template has none. */
  const nameOrId = (name: string, property: string, where: string): string => propertyOr(name, name, property, where);
  const pathOf = (name: string, where: string): string => propertyOr('/', name, 'Path', where);
  const propertyOr = (fallback: string, name: string, property: string, where: string): string => {
    const value = resolve(template.Resources[name]?.Properties[property], where);
    return value === undefined ? fallback : text(value, where);
  };

  const substitute = (argument: unknown, where: string): string => {
    const [pattern, variables] = Array.isArray(argument) ? argument : [argument, {}];
    if (typeof pattern !== 'string' || !isRecord(variables))
      throw new UnsupportedTemplate(where, 'Fn::Sub takes a string, or a string and a map');
    return pattern.replace(/\$\{(!?)([^}]*)\}/g, (_, literal: string, expression: string) => {
      if (literal) return `\${${expression}}`;
      const name = expression.trim();
      if (Object.hasOwn(variables, name)) return text(variables[name], where);
      const dot = name.indexOf('.');
      return dot < 0 ? reference(name, where) : attribute(name.slice(0, dot), name.slice(dot + 1), where);
    });
  };

  const join = (argument: unknown, where: string): string => {
    const [delimiter, parts] = Array.isArray(argument) ? argument : [];
    if (typeof delimiter !== 'string' || !Array.isArray(parts))
      throw new UnsupportedTemplate(where, 'Fn::Join takes a delimiter and a list');
    return parts.map((part) => text(part, where)).join(delimiter);
  };

  const choose = (argument: unknown, where: string): unknown => {
    const [condition, met, unmet] = Array.isArray(argument) ? argument : [];
    return resolve(holds(String(condition), where) ? met : unmet, where);
  };

  const holds = (condition: string, where: string): boolean => {
    const conditions = template.Conditions ?? {};
    if (!Object.hasOwn(conditions, condition)) throw new UnsupportedTemplate(where, `there is no condition ${condition}`);
    return evaluate(conditions[condition], `Conditions.${condition}`);
  };

  const evaluate = (condition: unknown, where: string): boolean => {
    const [[name, argument] = []] = isRecord(condition) ? Object.entries(condition) : [];
    const operands: unknown[] = Array.isArray(argument) ? argument : [];
    switch (name) {
      case 'Condition':
        return holds(String(argument), where);
      case 'Fn::Equals':
        return text(operands[0], where) === text(operands[1], where);
      case 'Fn::Not':
        return !evaluate(operands[0], where);
      case 'Fn::And':
        return operands.every((operand) => evaluate(operand, where));
      case 'Fn::Or':
        return operands.some((operand) => evaluate(operand, where));
      default:
        throw new UnsupportedTemplate(where, `the embedded AWS does not evaluate ${name ?? 'this condition'}`);
    }
  };

  const intrinsic = (name: string, argument: unknown, where: string): unknown => {
    switch (name) {
      case 'Ref':
        return argument === noValue ? undefined : reference(String(argument), where);
      case 'Fn::If':
        return choose(argument, where);
      case 'Fn::GetAtt': {
        const [resource, attributeName] = typeof argument === 'string' ? argument.split('.') : Array.isArray(argument) ? argument : [];
        return attribute(String(resource), String(attributeName), where);
      }
      case 'Fn::Sub':
        return substitute(argument, where);
      case 'Fn::Join':
        return join(argument, where);
      default:
        throw new UnsupportedTemplate(where, `the embedded AWS does not resolve ${name}`);
    }
  };

  const resolve = (value: unknown, where: string): unknown => {
    if (Array.isArray(value)) return value.map((element) => resolve(element, where)).filter((element) => element !== undefined);
    if (!isRecord(value)) return value;
    const [key, ...others] = Object.keys(value);
    if (key !== undefined && others.length === 0 && (key === 'Ref' || key.startsWith('Fn::'))) return intrinsic(key, value[key], where);
    const members = Object.entries(value).map(([name, member]) => [name, resolve(member, `${where}.${name}`)] as const);
    return Object.fromEntries(members.filter(([, member]) => member !== undefined));
  };

  const text = (value: unknown, where: string): string => {
    const resolved = resolve(value, where);
    if (typeof resolved === 'string') return resolved;
    if (typeof resolved === 'number' || typeof resolved === 'boolean') return String(resolved);
    throw new UnsupportedTemplate(where, resolved === undefined ? 'it is missing' : 'it is not a string');
  };

  return { resolve, text, holds };
}

/** Throws `UnsupportedTemplate` for a text of the template that has to be JSON and is not. */
export function requireJson(text: string, where: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new UnsupportedTemplate(where, `not JSON: ${(error as Error).message}`);
  }
}

/** Stands for the absence of what it is the value of. */
const noValue = 'AWS::NoValue';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
