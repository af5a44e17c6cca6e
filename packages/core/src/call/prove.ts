import { createHash, hash } from 'node:crypto';
import type { Prove } from '../access/authenticate.ts';
import type { Exchange } from './exchange.ts';
import { collect, hasBody } from './receive.ts';

const EMPTY = hash('sha256', '');

/** Of calls: the body is read, and kept for the call. */
export const proveByBody =
  (x: Exchange): Prove =>
  (check) => {
    if (!hasBody(x)) return check.sha256(EMPTY);
    return collect(x, x.plan.graph.settings.server.bodyLimit, undefined).then((pieces) => {
      x.received = pieces;
      const sum = createHash('sha256');
      for (const piece of pieces) sum.update(piece);
      return check.sha256(sum.digest('hex'));
    });
  };
/** Where nobody reads a body before the caller is known: what was signed, and what came, must be none. */
export const proveNoBody =
  (x: Exchange): Prove =>
  (check) =>
    !hasBody(x) && check.sha256(EMPTY);
