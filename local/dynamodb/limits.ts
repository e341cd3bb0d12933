import { AwsFailure } from '../service.ts';
import type { Json } from './engine.ts';

/**
 * Refuses expressions beyond DynamoDB's limits, which dynalite does not check. Throws `AwsFailure`.
 *
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters has the limits. The texts are
 * AWS's: pynamodb/PynamoDB#979, aws/aws-sdk-js#3721 and reapit/foundations#8255 on GitHub quote them.
 */
export function refuseBeyondLimits(input: Json): void {
  for (const [name, expression] of Object.entries(input)) {
    if (!name.endsWith('Expression') || typeof expression !== 'string') continue;
    const problem = problemOf(expression);
    if (problem !== undefined) throw new AwsFailure('ValidationException', `Invalid ${name}: ${problem}`);
  }
  const { ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = input;
  const substitutions = Buffer.byteLength(JSON.stringify(ExpressionAttributeNames) + JSON.stringify(ExpressionAttributeValues));
  if (substitutions > longestSubstitutions)
    throw new AwsFailure(
      'ValidationException',
      `ExpressionAttributeNames and ExpressionAttributeValues have ${substitutions} bytes; DynamoDB takes ${longestSubstitutions}.`,
    );
}

const longestExpression = 4096;
const mostOperators = 300;
const mostOperands = 100;
const longestSubstitutions = 2 * 1024 * 1024;

/** What counts as an operator or a function: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html */
const operator =
  /<>|<=|>=|[<>=+-]|\b(?:AND|OR|NOT|BETWEEN|IN)\b|\b(?:attribute_exists|attribute_not_exists|attribute_type|begins_with|contains|size|if_not_exists|list_append)\s*\(/gi;

function problemOf(expression: string): string | undefined {
  const size = Buffer.byteLength(expression);
  if (size > longestExpression) return `Expression size has exceeded the maximum allowed size; expression size: ${size}`;
  // A placeholder such as `#in` or `:or` is no operator.
  const written = expression.replace(/[#:]\w+/g, (placeholder) => '_'.repeat(placeholder.length));
  for (const [, list = ''] of written.matchAll(/\bIN\s*\(([^)]*)\)/gi)) {
    const operands = list.split(',').length;
    if (operands > mostOperands) return `The IN operator is provided with too many operands; number of operands: ${operands}`;
  }
  // The AND of BETWEEN belongs to it.
  const between = written.match(/\bBETWEEN\b/gi)?.length ?? 0;
  const operators = (written.match(operator)?.length ?? 0) - between;
  return operators > mostOperators ? `The expression contains too many operators; operator count: ${operators}` : undefined;
}
