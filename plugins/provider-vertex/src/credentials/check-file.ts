import { GatewayError, isObject } from '@llm-proxy-auth/plugin';
import type { Config } from '../config.ts';
import { checkCredential } from './clients.ts';
import { CredentialFileError, readCredential } from './key-file.ts';

/**
 * Refuses at the start a credential file of which no call could ever make use: of a kind, or with a source of its subject token, that is not
 * supported. One that is not there yet is looked for when a token is needed. Throws GatewayError `invalid_request`.
 */
export const checkFile = async ({ credentials }: Pick<Config, 'credentials'>): Promise<void> => {
  const { file, key, token, type, subjectToken } = credentials;
  const read = type === 'workload-identity-federation' ? subjectToken === undefined : key === undefined && type !== 'token';
  if (file === undefined || !read || (type === undefined && token !== undefined)) return;
  try {
    const found = await readCredential(file);
    if (found === undefined) return;
    checkCredential(found);
    if (isObject(found.source_credentials)) checkCredential(found.source_credentials);
  } catch (cause) {
    if (cause instanceof CredentialFileError)
      throw new GatewayError('invalid_request', `The credential file ${file} is of no use here: ${cause.message}.`, { cause });
    throw cause;
  }
};
