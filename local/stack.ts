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
