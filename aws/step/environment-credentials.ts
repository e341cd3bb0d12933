import { fromEnv } from '@aws-sdk/credential-provider-env';

/** Replaces the SDK's credential provider chain in a Lambda's bundle: a Lambda has its credentials in its environment variables. */
export const defaultProvider = () => fromEnv();
