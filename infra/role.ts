export interface Statement {
  readonly Effect: 'Allow';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  /** By operator. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Document<Of> {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Of[];
}
interface Trust {
  readonly Effect: 'Allow';
  readonly Action: 'sts:AssumeRole';
  readonly Principal: { readonly Service: string };
  readonly Condition?: object;
}

/** An IAM role as a resource of CloudFormation. */
export interface Role {
  readonly Type: 'AWS::IAM::Role';
  readonly Properties: {
    readonly AssumeRolePolicyDocument: Document<Trust>;
    readonly PermissionsBoundary: unknown;
    readonly Policies: readonly { readonly PolicyName: string; readonly PolicyDocument: Document<Statement> }[];
  };
}

interface Wanted {
  /** The AWS service that may assume the role. */
  readonly service: string;
  /** The condition under which it may. */
  readonly condition?: object;
  readonly permissionsBoundary: unknown;
  /** The statements of each policy by its name. */
  readonly policies: Readonly<Record<string, readonly Statement[]>>;
}

/** A role without a name: IAM is global, and the stack may be in several regions. */
export function role({ service, condition, permissionsBoundary, policies }: Wanted): Role {
  const trust: Trust = {
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { Service: service },
    ...(condition && { Condition: condition }),
  };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: document([trust]),
      PermissionsBoundary: permissionsBoundary,
      Policies: Object.entries(policies).map(([name, statements]) => ({ PolicyName: name, PolicyDocument: document(statements) })),
    },
  };
}

/** A statement that allows one action or several. */
export function allow(action: Statement['Action'], resource: unknown, condition?: Statement['Condition']): Statement {
  return { Effect: 'Allow', Action: action, Resource: resource, ...(condition && { Condition: condition }) };
}

function document<Of>(statements: readonly Of[]): Document<Of> {
  return { Version: '2012-10-17', Statement: statements };
}
