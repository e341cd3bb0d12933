#!/usr/bin/env bash
# moto 5.2.5 (PyPI): the host bits of a security group's rule stay.
#
# Expected: EC2 clears them: after a rule for 203.0.113.7/24, the group shows 203.0.113.0/24 (EC2's user guide, security group rules), and
#           the same rule written either way is a duplicate (InvalidPermission.Duplicate).
# Behavior: the rule shows as it was given, and the group has both. Code that compares what it asked for with what it finds passes
#           here, and revokes and adds the same rule for ever on AWS.
# Output seen: 203.0.113.0/24 203.0.113.7/24
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
    group = ec2.create_security_group(GroupName="example", Description="example")["GroupId"]
    for block in ("203.0.113.7/24", "203.0.113.0/24"):
        rule = {"IpProtocol": "tcp", "FromPort": 2200, "ToPort": 2200, "IpRanges": [{"CidrIp": block}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    permissions = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    seen = " ".join(sorted(shown["CidrIp"] for permission in permissions for shown in permission["IpRanges"]))
    print(seen)
    raise SystemExit(seen != "203.0.113.0/24 203.0.113.7/24")
PY
venv/bin/python try.py
