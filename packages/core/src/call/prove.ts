import type { BodyCheck } from '@llm-proxy-auth/plugin';
import type { Identified } from '../access/authenticate.ts';
import { bodyHash } from './body-hash.ts';
import type { Exchange } from './exchange.ts';
import { collect } from './receive.ts';

/**
 * Serves a signed request. A signature may be known to be right only when the body has been read, and an error before that could say
 * what exists: it is told when the body proves who is calling, and is the answer of a wrong credential otherwise.
 */
export const proveFirst = async (x: Exchange, identified: Identified, check: BodyCheck, serve: (identified: Identified) => Promise<void>): Promise<void> => {
  let settled = false;
  const noting: BodyCheck = {
    sha256: (hex) => {
      settled = true;
      return check.sha256(hex);
    },
  };
  try {
    await serve({ ...identified, body: noting });
  } catch (error) {
    // What is wrong with a body that is being read says nothing about anything else.
    if (!settled && !x.request.readableDidRead) await collect(x, x.plan.graph.settings.server.bodyLimit, bodyHash(noting));
    throw error;
  }
};
