import { fromEnv } from '@aws-sdk/credential-provider-env';

/** Stands in for the SDK's chain of credential providers in a Lambda's bundle: a Lambda finds its credentials in its environment, and nowhere else. */
export const defaultProvider = () => fromEnv();
