#!/usr/bin/env bash
# @aws-sdk/credential-providers 3.1164.0 (npm) and botocore 1.44.8 (pip): a '#' in a profile's name changes whose keys the default profile has.
#
# Expected: [profile "client #2"] is a profile of its own, whatever it is called; the default profile keeps its keys.
# Behavior: the SDK for JavaScript cuts the section's line at " #", so that it is no section. The keys below it then belong to the section
#           before and replace its own. botocore (and so the AWS CLI) reads two profiles.
# Output seen: "botocore: MINE token:none", "SDK:      CLIENT token:none".
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
aws_access_key_id = MINE
aws_secret_access_key = s
[profile "client #2"]
aws_access_key_id = CLIENT
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
[[ $theirs == 'MINE token:none' && $sdk == 'CLIENT token:none' ]]
