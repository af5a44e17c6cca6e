import { createHash, hash } from 'node:crypto';
import { type BodyCheck, GatewayError } from '@llm-proxy-auth/plugin';
import type { Watcher } from './receive.ts';

/** A signed request is who it says only when its body is what was signed; checked before the call is allowed. */
export const bodyHash = (check: BodyCheck | undefined): Watcher | undefined => {
  if (check === undefined) return undefined;
  const hash = createHash('sha256');
  return {
    push: (chunk) => void hash.update(chunk),
    end() {
      if (!check.sha256(hash.digest('hex'))) throw new GatewayError('invalid_credentials', 'The credential is not valid here.');
    },
  };
};

const EMPTY = hash('sha256', '');
/** The same for a request that has no body: what was signed must be no body either. */
export const checkNoBody = (check: BodyCheck | undefined): void => {
  if (check !== undefined && !check.sha256(EMPTY)) throw new GatewayError('invalid_credentials', 'The credential is not valid here.');
};

/** Two watchers as one. */
export const both = (first: Watcher | undefined, second: Watcher | undefined): Watcher | undefined => {
  if (first === undefined || second === undefined) return first ?? second;
  return {
    push(chunk) {
      first.push(chunk);
      second.push(chunk);
    },
    end() {
      first.end();
      second.end();
    },
  };
};
