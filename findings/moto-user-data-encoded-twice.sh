#!/usr/bin/env bash
# moto 5.2.5 and boto3 1.44.8 (PyPI): ModifyInstanceAttribute takes only user data that is Base64 twice.
#
# Expected: the value of UserData is a blob of EC2's model, so boto3 encodes the bytes once on the way. EC2 stores them, and
# DescribeInstanceAttribute shows their Base64, as it does for the user data of RunInstances.
# Behavior: moto decodes once more than boto3 encodes. It refuses plain bytes as malformed, and stores what the given Base64 stands for.
# Code that passes here stores Base64 text as the user data on EC2, which cloud-init does not read.
# Output seen: plain: InvalidUserData.Malformed; Base64: two!
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'moto[ec2]==5.2.5' boto3==1.44.8

cat >try.py <<'PY'
import base64
import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

with mock_aws():
    ec2 = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="example", aws_secret_access_key="example")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, UserData="one")["Instances"][0]["InstanceId"]
    ec2.stop_instances(InstanceIds=[instance])

    def change(value):
        try:
            ec2.modify_instance_attribute(InstanceId=instance, UserData={"Value": value})
        except ClientError as error:
            return error.response["Error"]["Code"]
        shown = ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")["UserData"]["Value"]
        return base64.b64decode(shown).decode()

    seen = f"plain: {change(b'#cloud-config')}; Base64: {change(base64.b64encode(b'two!'))}"
    print(seen)
    raise SystemExit(seen != "plain: InvalidUserData.Malformed; Base64: two!")
PY
venv/bin/python try.py
