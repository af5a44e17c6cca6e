import { GatewayError } from '@llm-proxy-auth/plugin';

const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json[ \t]*(?:;[ \t]*charset=(?:"utf-8"|utf-8)[ \t]*)?;?$/i;
const MULTIPART = /^multipart\/form-data[ \t]*;/i;

/** What a body is by its head; throws 415 for anything that is read otherwise by somebody else (hardening 5.1, A091, A095). */
export const bodyKind = (contentType: string, contentEncoding: string, allowed: readonly ('json' | 'multipart' | 'none')[]): 'json' | 'multipart' => {
  if (contentEncoding !== '' && contentEncoding.toLowerCase() !== 'identity')
    throw new GatewayError('unsupported_media_type', 'An encoded request body is not accepted; send it plain.');
  if (JSON_TYPE.test(contentType) && allowed.includes('json')) return 'json';
  if (MULTIPART.test(contentType) && allowed.includes('multipart')) return 'multipart';
  throw new GatewayError(
    'unsupported_media_type',
    `This operation takes ${
      allowed
        .filter((a) => a !== 'none')
        .map((a) => (a === 'json' ? 'application/json' : 'multipart/form-data'))
        .join(' or ') || 'no body'
    }.`,
  );
};
