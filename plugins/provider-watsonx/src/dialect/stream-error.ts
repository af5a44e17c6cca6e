import { GatewayError } from '@llm-proxy-auth/plugin';
import { errorOf, saidInText } from './error.ts';

/** What an event of type `error` says: the envelope of other errors, or bare words. */
export const streamError = (data: string): GatewayError => {
  const said = saidInText(data);
  const known = said.own ? said : { ...said, message: said.message ?? 'watsonx.ai broke its stream off with an error.' };
  const { code, message, ...extra } = errorOf(said.status ?? 502, known, data);
  return new GatewayError(code, message, extra);
};
