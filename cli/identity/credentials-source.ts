import type { Provider } from './decide.ts';

/** What a source of credentials is called: by scripts, and by people. */
export function credentialsSource(provider: Provider): { readonly name: string; readonly words: string } {
  switch (provider.kind) {
    case 'static':
      return provider.from === 'environment'
        ? { name: 'environment', words: 'keys in environment variables' }
        : { name: `${provider.from}-file`, words: `keys in the ${provider.from} file` };
    case 'role':
      return { name: 'role', words: `the role ${provider.roleArn}, assumed with ${credentialsSource(provider.source).words}` };
    case 'web-identity':
      return { name: 'web-identity', words: `the role ${provider.roleArn}, assumed with a web identity token` };
    case 'sso':
      return { name: 'sso', words: `the role ${provider.roleName} of IAM Identity Center` };
    case 'login':
      return { name: 'login', words: 'the session of "aws login"' };
    case 'process':
      return { name: 'process', words: 'the credential_process of the profile' };
    case 'container':
      return { name: 'container', words: 'the role of the container' };
    case 'instance':
      return { name: 'instance', words: 'the role of the instance' };
  }
}
