#!/usr/bin/env bash
# ssh2 1.17.0 (npm): about one ed25519 key in 256 that it makes cannot be used.
#
# Expected: utils.generateKeyPairSync('ed25519') always returns a pair that utils.parseKey reads back.
# Behavior: where the 32-byte public key begins with a zero byte, that byte is dropped. The pair then holds a key of 31 bytes,
#           which RFC 8709 does not allow. utils.parseKey refuses the private half, and OpenSSH refuses both.
#           Make keys until one parses, or write the format yourself.
# Output seen: "8 of 2000 pairs: Malformed OpenSSH private key", and a public key that begins with AAAAC3NzaC1lZDI1NTE5AAAAH.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ssh2@1.17.0 >/dev/null

cat >try.cjs <<'JS'
const { utils } = require('ssh2');
// The chance that not one in 4,000 has the zero byte is 2 in 10 million.
const pairs = Array.from({ length: 4000 }, () => utils.generateKeyPairSync('ed25519'));
const bad = pairs.filter(({ private: key }) => utils.parseKey(key) instanceof Error);
console.log(`${bad.length} of ${pairs.length} pairs: ${bad.length && utils.parseKey(bad[0].private).message}`);
console.log(bad[0]?.public);
// The length of the key, as the format has it, is 31 (0x1f) in each of them, and 32 in all others.
const lengthOf = ({ public: key }) => Buffer.from(key.split(' ')[1], 'base64').readUInt32BE(15);
const short = pairs.filter((pair) => lengthOf(pair) !== 32);
process.exitCode = bad.length > 0 && bad.length === short.length ? 0 : 1;
JS
node try.cjs
