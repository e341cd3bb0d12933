#!/usr/bin/env bash
# https-proxy-agent 9.1.0 (npm): a certificate authority given to the agent is not used for the host behind the proxy.
#
# Expected: new HttpsProxyAgent(proxy, { ca }) trusts `ca`, as new https.Agent({ ca }) does, so that a company's bundle works with a proxy too.
# Behavior: the options are for the connection to the proxy alone. The TLS connection through the tunnel uses those of the single request, or
#           what stands in agent.options, which the constructor leaves empty. A client such as the AWS SDK, which is given an agent and
#           makes the requests itself, so fails with DEPTH_ZERO_SELF_SIGNED_CERT until `ca` is written into agent.options.
# Output seen: "agent made with ca: DEPTH_ZERO_SELF_SIGNED_CERT", "ca in agent.options: 200".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts https-proxy-agent@9.1.0 >/dev/null 2>&1
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out ca.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null

cat >try.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer, get } from 'node:https';
import { connect } from 'node:net';
import { HttpsProxyAgent } from 'https-proxy-agent';

const [key, ca] = ['key.pem', 'ca.pem'].map((file) => readFileSync(file));
const host = createTlsServer({ key, cert: ca }, (_, response) => response.end());
const proxy = createServer().on('connect', ({ url }, socket) => {
  const [name, port] = url.split(':');
  const onward = connect(port, name, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    onward.pipe(socket).pipe(onward);
  });
});
for (const server of [host, proxy]) await new Promise((resolve) => server.listen(0, 'localhost', resolve));
const ask = (agent) =>
  new Promise((resolve) => {
    get(`https://localhost:${host.address().port}/`, { agent }, ({ statusCode }) => resolve(statusCode)).on('error', ({ code }) => resolve(code));
  });

const agent = new HttpsProxyAgent(`http://localhost:${proxy.address().port}`, { ca });
const first = await ask(agent);
Object.assign(agent.options, { ca });
const second = await ask(agent);
console.log(`agent made with ca: ${first}\nca in agent.options: ${second}`);
process.exit(first === 'DEPTH_ZERO_SELF_SIGNED_CERT' && second === 200 ? 0 : 1);
JS
node try.mjs
