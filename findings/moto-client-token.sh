#!/usr/bin/env bash
# moto 5.2.5 (PyPI): a ClientToken changes nothing.
#
# Expected: a second RunInstances with the same ClientToken and parameters returns the first one's instance, and with other parameters
#           fails with IdempotentParameterMismatch (EC2's API reference, "Ensuring idempotency").
# Behavior: each call makes another instance. CreateNetworkInterface and CreateRouteTable do the same. A test of retries against moto
#           finds doubled instances that AWS would not make, or proves nothing.
# Output seen: instances 2, types t3.micro t3.large, interfaces 2
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
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    launched = [
        ec2.run_instances(ImageId=image, InstanceType=type, MinCount=1, MaxCount=1, ClientToken="token")["Instances"][0]
        for type in ("t3.micro", "t3.large")
    ]
    interfaces = {
        ec2.create_network_interface(SubnetId=subnet, ClientToken="token")["NetworkInterface"]["NetworkInterfaceId"] for _ in range(2)
    }
    instances = {instance["InstanceId"] for instance in launched}
    types = [instance["InstanceType"] for instance in launched]
    seen = f"instances {len(instances)}, types {' '.join(types)}, interfaces {len(interfaces)}"
    print(seen)
    raise SystemExit(seen != "instances 2, types t3.micro t3.large, interfaces 2")
PY
venv/bin/python try.py
