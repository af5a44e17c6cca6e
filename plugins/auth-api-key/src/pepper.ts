import { createHmac } from 'node:crypto';
import { GatewayError } from '@llm-proxy-auth/plugin';

const SHORTEST = 32;

export interface Pepper {
  /** Names the pepper in the rows made with it, without telling anything about it. */
  readonly version: string;
  readonly bytes: Uint8Array;
}
/** The pepper is the UTF-8 text as written. Throws `invalid_request` below 32 bytes. */
export const pepperOf = (text: string): Pepper => {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length < SHORTEST)
    throw new GatewayError(
      'invalid_request',
      `The pepper of api-key has ${bytes.length} bytes; write at least ${SHORTEST}, such as \`openssl rand -hex 32\` prints.`,
      { param: 'pepper' },
    );
  return { version: createHmac('sha256', bytes).update('llm-proxy-auth pepper version').digest('hex').slice(0, 8), bytes };
};
