import { readFile } from 'node:fs/promises';
import * as tls from 'node:tls';
import { RecodeError } from '../../core/errors.ts';

/**
 * The certificates of a bundle, which are trusted instead of the usual ones, as in the AWS CLI. Undefined where no bundle is configured.
 *
 * @throws RecodeError CaBundleNotReadable
 */
export async function readCaBundle(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    const bundle = await readFile(file, 'utf8');
    tls.createSecureContext({ ca: bundle });
    if (bundle.includes('-----BEGIN ')) return bundle;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new RecodeError(
      'CaBundleNotReadable',
      `The CA bundle ${file || '""'} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : message}.`,
      { cause: error },
    );
  }
  throw new RecodeError('CaBundleNotReadable', `The CA bundle ${file} has no certificates.`);
}

/** What Node has since 22.15. */
interface NewerTls {
  readonly getCACertificates?: (kind: 'default') => string[];
}

/** The certificates that Node trusts by default and those of a bundle, for hosts that are not AWS's. Undefined without a bundle. */
export async function withUsualCertificates(bundle: string | undefined): Promise<string[] | undefined> {
  if (bundle === undefined) return undefined;
  const { NODE_EXTRA_CA_CERTS: extra } = process.env;
  const usual = (tls as NewerTls).getCACertificates?.('default') ?? [
    ...tls.rootCertificates,
    ...(extra ? [await readFile(extra, 'utf8')] : []),
  ];
  return [...usual, bundle];
}
