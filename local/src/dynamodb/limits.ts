import { AwsFailure } from '../service.ts';
import type { Json } from './engine.ts';

/**
 * Throws `AwsFailure` for expressions and nested values beyond DynamoDB's limits, which dynalite does not check.
 *
 * The limits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters. The texts are
 * AWS's, as quoted on GitHub in pynamodb/PynamoDB#979, aws/aws-sdk-js#3721, reapit/foundations#8255 and nubo-db/dynoxide#110. The last one
 * measured how AWS counts levels: the value itself is one.
 */
export function refuseBeyondLimits(input: Json): void {
  for (const [name, expression] of Object.entries(input)) {
    if (!name.endsWith('Expression') || typeof expression !== 'string') continue;
    const problem = problemOf(expression);
    if (problem !== undefined) throw new AwsFailure('ValidationException', `Invalid ${name}: ${problem}`);
  }
  const { ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = input;
  for (const value of [
    ...Object.values((ExpressionAttributeValues ?? {}) as Json),
    ...itemsOf(input).flatMap((item) => Object.values(item ?? {})),
  ])
    if (levelsOf(value) > mostLevels) throw new AwsFailure('ValidationException', tooManyLevels);
  const substitutions = Buffer.byteLength(JSON.stringify(ExpressionAttributeNames) + JSON.stringify(ExpressionAttributeValues));
  if (substitutions > longestSubstitutions)
    throw new AwsFailure(
      'ValidationException',
      `ExpressionAttributeNames and ExpressionAttributeValues have ${substitutions} bytes. The limit is ${longestSubstitutions}.`,
    );
}

type Write = { readonly PutRequest?: { readonly Item?: Json } } | null;

/** The items that a call puts. */
function itemsOf({ Item, RequestItems }: Json): Json[] {
  const writes = Object.values((RequestItems ?? {}) as Readonly<Record<string, Write | Write[]>>).flat();
  return [Item as Json | undefined, ...writes.map((write) => write?.PutRequest?.Item)].filter((item) => item !== undefined);
}

/** The number of levels of an attribute's value: its nested lists and maps, and the innermost value. */
function levelsOf(value: unknown): number {
  // Dynalite refuses anything else in place of a list or a map.
  const { M, L } = (value ?? {}) as { readonly M?: Json; readonly L?: unknown };
  const inside = M ? Object.values(M) : Array.isArray(L) ? L : [];
  return 1 + Math.max(0, ...inside.map(levelsOf));
}

const mostLevels = 32;
const tooManyLevels = 'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit';
const longestExpression = 4096;
const mostOperators = 300;
const mostOperands = 100;
const longestSubstitutions = 2 * 1024 * 1024;

/** Operators and functions: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html */
const operator =
  /<>|<=|>=|[<>=+-]|\b(?:AND|OR|NOT|BETWEEN|IN)\b|\b(?:attribute_exists|attribute_not_exists|attribute_type|begins_with|contains|size|if_not_exists|list_append)\s*\(/gi;

function problemOf(expression: string): string | undefined {
  const size = Buffer.byteLength(expression);
  if (size > longestExpression) return `Expression size has exceeded the maximum allowed size; expression size: ${size}`;
  // A placeholder such as `#in` or `:or` is not an operator.
  const written = expression.replace(/[#:]\w+/g, (placeholder) => '_'.repeat(placeholder.length));
  for (const [, list = ''] of written.matchAll(/\bIN\s*\(([^)]*)\)/gi)) {
    const operands = list.split(',').length;
    if (operands > mostOperands) return `The IN operator is provided with too many operands; number of operands: ${operands}`;
  }
  // The AND of a BETWEEN does not count.
  const between = written.match(/\bBETWEEN\b/gi)?.length ?? 0;
  const operators = (written.match(operator)?.length ?? 0) - between;
  return operators > mostOperators ? `The expression contains too many operators; operator count: ${operators}` : undefined;
}
