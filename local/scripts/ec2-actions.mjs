// Writes src/ec2/catalog/actions.json: the names of all actions in the model of @aws-sdk/client-ec2, whose version package.json has.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as model from '@aws-sdk/client-ec2';

const names = Object.keys(model).flatMap((name) => /^([A-Z]\w*)Command$/.exec(name)?.[1] ?? []);
await writeFile(join(import.meta.dirname, '../src/ec2/catalog/actions.json'), `${JSON.stringify(names.sort(), null, 2)}\n`);
