#!/usr/bin/env bash
# moto 5.2.5 (PyPI): a terminated instance can be started.
#
# Expected: StartInstances of a terminated instance fails with IncorrectInstanceState (EC2's API reference, error codes): nothing is left.
# Behavior: the instance is pending, then running again. Code that does not look for a terminated instance first passes its tests here.
# Output seen: terminated -> pending, then running
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
    image = ec2.describe_images()["Images"][0]["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[instance])
    change = ec2.start_instances(InstanceIds=[instance])["StartingInstances"][0]
    later = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"]
    seen = f"{change['PreviousState']['Name']} -> {change['CurrentState']['Name']}, then {later}"
    print(seen)
    raise SystemExit(seen != "terminated -> pending, then running")
PY
venv/bin/python try.py
