#!/usr/bin/env bash
# moto 5.2.5 (PyPI): one network interface serves two instances, and can be deleted while it does.
#
# Expected: RunInstances with an interface that is attached fails with InvalidNetworkInterface.InUse, and DeleteNetworkInterface with
#           InvalidParameterValue ("... is currently in use"). On AWS an interface is what keeps a second instance out.
# Behavior: the second launch succeeds, both instances show the same interface, and the interface can be deleted under them.
# Output seen: instances 2 with interface 1, deleted
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
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    attached = [{"DeviceIndex": 0, "NetworkInterfaceId": interface}]
    instances = [
        ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, NetworkInterfaces=attached)["Instances"][0] for _ in range(2)
    ]
    used = {shown["NetworkInterfaceId"] for instance in instances for shown in instance["NetworkInterfaces"]}
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    left = ec2.describe_network_interfaces(Filters=[{"Name": "network-interface-id", "Values": [interface]}])["NetworkInterfaces"]
    ids = {instance["InstanceId"] for instance in instances}
    seen = f"instances {len(ids)} with interface {len(used)}, {'kept' if left else 'deleted'}"
    print(seen)
    raise SystemExit(seen != "instances 2 with interface 1, deleted")
PY
venv/bin/python try.py
