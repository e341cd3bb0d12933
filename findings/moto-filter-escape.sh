#!/usr/bin/env bash
# moto 5.2.5 (PyPI): a filter's value cannot name an asterisk.
#
# Expected: in a filter, * and ? are wildcards, and a backslash takes the meaning away: the value acme\*api finds the tag acme*api and no
#           other (EC2's user guide, "Filter your resources").
# Behavior: the escaped value finds nothing, not even the tag that it names; wildcards work. Code that escapes what people typed, as it
#           has to on AWS, finds no resource here.
# Output seen: escaped 0, wildcard 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'moto[ec2]==5.2.5' boto3==1.44.8

cat >try.py <<'PY'
import boto3
from moto import mock_aws

with mock_aws():
    ec2 = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="example", aws_secret_access_key="example")
    for value in ("acme*api", "acme-api"):
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "environment", "Value": value}])
    count = lambda value: len(ec2.describe_vpcs(Filters=[{"Name": "tag:environment", "Values": [value]}])["Vpcs"])
    escaped = r"acme\*api"
    seen = f"escaped {count(escaped)}, wildcard {count('acme?api')}"
    print(seen)
    raise SystemExit(seen != "escaped 0, wildcard 2")
PY
venv/bin/python try.py
