// The functions for serverless.yml. Handler, bundle and role follow from the function's name. infra/functions.yml has the rest.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { parse } = require('yaml');

const functions = parse(readFileSync(join(__dirname, '..', 'infra', 'functions.yml'), 'utf8'));

for (const [name, settings] of Object.entries(functions)) {
  const file = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  exports[name] = {
    handler: `${file}.handler`,
    package: { artifact: `dist/functions/${file}.zip` },
    role: `${name[0].toUpperCase()}${name.slice(1)}Role`,
    ...settings,
  };
}
