#!/usr/bin/env bash
# @aws-sdk/credential-providers 3.1164.0 (npm) and botocore 1.44.8 (pip): a profile that is named, and another identity that is used.
#
# Expected: AWS_PROFILE=prod names an identity. Where its role has a gap (a source_profile that does not exist), the command fails.
# Behavior: the SDK for JavaScript goes on to the container's credentials and succeeds as somebody else, without a warning. botocore (and
#           so the AWS CLI) fails and names the gap.
# Output seen: "botocore: InvalidConfigError: The source_profile "gone" referenced in the profile "prod" does not exist.",
#              "SDK:      CONTAINER token:t".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export HOME="$folder/home" AWS_EC2_METADATA_DISABLED=true
mkdir -p "$HOME/.aws"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @aws-sdk/credential-providers@3.1164.0 >/dev/null 2>&1
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check botocore==1.44.8
cat >"$HOME/.aws/config" <<'INI'
[profile prod]
region = us-east-1
role_arn = arn:aws:iam::111122223333:role/Deploy
source_profile = gone
INI
cat >container.mjs <<'JS'
import { createServer } from 'node:http';
const credentials = { AccessKeyId: 'CONTAINER', SecretAccessKey: 's', Token: 't', Expiration: '2099-01-01T00:00:00Z' };
const server = createServer((_, response) => response.end(JSON.stringify(credentials)));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
node container.mjs >port &
server=$!
trap 'kill "$server"; rm -rf "$folder"' EXIT
until [ -s port ]; do sleep 0.1; done
export AWS_PROFILE=prod AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:$(cat port)/role"
cat >try.mjs <<'JS'
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
const { accessKeyId, sessionToken = 'none' } = await fromNodeProviderChain()();
console.log(`${accessKeyId} token:${sessionToken}`);
JS
cat >try.py <<'PY'
import botocore.session
try:
    credentials = botocore.session.Session().get_credentials().get_frozen_credentials()
    print(f'{credentials.access_key} token:{credentials.token or "none"}')
except Exception as error:
    print(f'{type(error).__name__}: {error}'.strip())
PY
theirs=$(python/bin/python try.py)
sdk=$(node try.mjs 2>/dev/null)
printf 'botocore: %s\nSDK:      %s\n' "$theirs" "$sdk"
[[ $theirs == InvalidConfigError* && $sdk == 'CONTAINER token:t' ]]
