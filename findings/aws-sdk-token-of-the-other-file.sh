#!/usr/bin/env bash
# @aws-sdk/credential-providers 3.1164.0 (npm) and botocore 1.44.8 (pip): keys of one file, a session token of the other.
#
# Expected: a session token goes with the key pair beside it. A token that was left in ~/.aws/config has nothing to do with keys in
#           ~/.aws/credentials.
# Behavior: the SDK for JavaScript merges the two files key by key, and signs with new keys and the old token, which AWS answers with
#           InvalidClientTokenId. botocore (and so the AWS CLI) takes the pair and the token from one file.
# Output seen: "botocore: NEW token:none", "SDK:      NEW token:STALE".
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
aws_session_token = STALE
INI
cat >"$HOME/.aws/credentials" <<'INI'
[default]
aws_access_key_id = NEW
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
[[ $theirs == 'NEW token:none' && $sdk == 'NEW token:STALE' ]]
