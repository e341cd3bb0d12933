#!/usr/bin/env bash
# @aws-sdk/credential-providers 3.1164.0 (npm) and botocore 1.44.8 (pip): one profile, two identities.
#
# Expected: a profile with credential_process, and the keys it had before still in the same file, is one identity for all AWS tools.
# Behavior: botocore (and so the AWS CLI) runs the process. The SDK for JavaScript takes the old keys and never runs it.
#           Neither of them warns. A tool that acts on what the AWS CLI shows may so act in another account.
# Output seen: "botocore: FROMPROCESS token:none", "SDK:      OLDKEY token:none".
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
[default]
region = us-east-1
credential_process = echo '{"Version": 1, "AccessKeyId": "FROMPROCESS", "SecretAccessKey": "s"}'
aws_access_key_id = OLDKEY
aws_secret_access_key = s
INI
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
[[ $theirs == 'FROMPROCESS token:none' && $sdk == 'OLDKEY token:none' ]]
