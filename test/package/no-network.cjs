// Loaded before a program that is to do without the network: refuses every connection and every look-up of a name, and notes it in a file.
const dns = require('node:dns');
const { appendFileSync } = require('node:fs');
const net = require('node:net');

/** @returns {never} */
function refuse() {
  const error = new Error('There is no network.');
  appendFileSync(process.env.NETWORK_USES ?? '', `${error.stack}\n`);
  throw error;
}

net.Socket.prototype.connect = refuse;
dns.lookup = Object.assign(refuse, { __promisify__: refuse });
