#!/usr/bin/env bash
# @aws-sdk/client-pricing 3.1133.0 (npm): the products in GetProducts' answer are String objects, not strings.
#
# Expected: PriceList is an array of JSON texts, and each is a string, as AWS's API reference and the SDK for Python have them.
# Behavior: each is an object of a subclass of String. typeof says "object", === is false for the very text, and a validator that asks for a
#           string refuses it. JSON.parse and JSON.stringify take it as the text, so a quick look does not show the difference. String(value)
#           makes it one.
# Output seen: {"typeof":"object","isString":true,"same":false,"sameText":true,"stringified":"[\"{}\"]"}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @aws-sdk/client-pricing@3.1133.0 >/dev/null

cat >try.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import { GetProductsCommand, PricingClient } from '@aws-sdk/client-pricing';

const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify({ FormatVersion: 'aws_v1', PriceList: ['{}'] }));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const pricing = new PricingClient({
  endpoint: `http://127.0.0.1:${server.address().port}`,
  region: 'us-east-1',
  credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
});
const { PriceList } = await pricing.send(new GetProductsCommand({ ServiceCode: 'AmazonEC2' }));
const [product] = PriceList;
console.log(
  JSON.stringify({
    typeof: typeof product,
    isString: product instanceof String,
    same: product === '{}',
    sameText: String(product) === '{}',
    stringified: JSON.stringify(PriceList),
  }),
);
pricing.destroy();
server.close();
JS
seen=$(AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true node try.mjs)
echo "$seen"
[ "$seen" = '{"typeof":"object","isString":true,"same":false,"sameText":true,"stringified":"[\"{}\"]"}' ]
