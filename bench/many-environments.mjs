// Fills the table of an embedded AWS with the records of environments that nobody has started, as large as those that people have used.
import { BatchWriteItemCommand, DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

const table = 'recode-config-dynamodb-table';
/** How many operations a record remembers at most. */
const operations = 10;
/** What a BatchWriteItem may write. */
const batch = 25;

/**
 * Adds records to the table, like that of the environment there is, until it has `count` environments.
 *
 * @param {string} endpoint of the embedded AWS
 * @param {{ count: number, perOwner: number }} environments `perOwner`: how many of those that are added each owner has, first of all the
 *   owner of the one there is
 */
export async function addEnvironments(endpoint, { count, perOwner }) {
  // Of no concern to who measures.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'local' };
  const dynamodb = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  /** @type {Record<string, unknown>[]} */
  const found = [];
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName: table }))
    found.push(...Items.map((item) => unmarshall(item)));
  const environments = found.filter(({ kind }) => kind === 'environment');
  const [model] = environments;
  if (!model) throw new Error('The table has no environment to copy.');
  const added = Array.from({ length: count - environments.length }, (_, index) => copyOf(model, environments.length + index, perOwner));
  for (let at = 0; at < added.length; at += batch) {
    const requests = added.slice(at, at + batch).map((item) => ({ PutRequest: { Item: marshall(item) } }));
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
  }
  dynamodb.destroy();
}

/**
 * @param {Record<string, unknown>} model
 * @param {number} index
 * @param {number} perOwner
 */
function copyOf(model, index, perOwner) {
  const owner = index < perOwner ? model.owner : `developer-${Math.floor(index / perOwner)}`;
  const repository = `acme/service-${index}`;
  const [lastOperation] = /** @type {unknown[]} */ (model.lastOperations);
  return {
    ...model,
    ...{ id: `${owner}/${repository}`, uid: `${model.uid}-${index}`, name: `acme-service-${index}`, owner, repository },
    lastOperations: Array(operations).fill(lastOperation),
  };
}
