"""What botocore takes from each case: reads a JSON array of cases from stdin, writes one of answers to stdout.

A case has `home`, `env` and perhaps `profile` and `service`. An answer has the access key, token, account, region and the endpoint of the
service, or `refused` with botocore's own words.
"""
import json
import os
import sys

import botocore.session
import botocore.credentials
import botocore.tokens


def answer(case):
    os.environ.clear()
    os.environ.update(case['env'])
    # These two are computed when botocore is loaded.
    home = case['env']['HOME']
    botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR = os.path.join(home, '.aws', 'sso', 'cache')
    botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR = os.path.join(home, '.aws', 'sso', 'cache')
    try:
        session = botocore.session.Session(profile=case.get('profile'))
        region = session.get_config_variable('region')
        credentials = session.get_credentials()
        if credentials is None:
            return {'refused': 'no credentials'}
        frozen = credentials.get_frozen_credentials()
        endpoint = session.create_client(case['service'], region_name=region).meta.endpoint_url
        return {
            'accessKeyId': frozen.access_key,
            'sessionToken': frozen.token or None,
            'accountId': frozen.account_id,
            'region': region,
            'endpoint': endpoint,
        }
    except Exception as error:  # whatever it says is its refusal
        return {'refused': f'{type(error).__name__}: {error}'}


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
