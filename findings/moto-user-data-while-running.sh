#!/usr/bin/env bash
# moto 5.2.5 (PyPI): the user data of a running instance can be changed.
#
# Expected: ModifyInstanceAttribute fails with IncorrectInstanceState, because the user data can be changed only while the instance is
# stopped (EC2's user guide, "Run commands when you launch an EC2 instance with user data input").
# Behavior: the user data is changed at once. Code that forgets to stop the instance first passes its tests here.
# Output seen: running: one -> two
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'moto[ec2]==5.2.5' boto3==1.44.8

cat >try.py <<'PY'
import base64
import boto3
from moto import mock_aws

with mock_aws():
    ec2 = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="example", aws_secret_access_key="example")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, UserData="one")["Instances"][0]["InstanceId"]

    def user_data():
        shown = ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")["UserData"]["Value"]
        return base64.b64decode(shown).decode()

    before = user_data()
    # moto wants Base64 here, where boto3 encodes as well.
    ec2.modify_instance_attribute(InstanceId=instance, UserData={"Value": base64.b64encode(b"two")})
    state = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"]
    seen = f"{state}: {before} -> {user_data()}"
    print(seen)
    raise SystemExit(seen != "running: one -> two")
PY
venv/bin/python try.py
