import { fromEnv } from '@aws-sdk/credential-provider-env';

/** Replaces the SDK's credential provider chain in the bundles: Lambda passes credentials in environment variables. */
export const defaultProvider = () => fromEnv();
