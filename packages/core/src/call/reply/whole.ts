import { GatewayError, type UpstreamReply } from '@llm-proxy-auth/plugin';
import type { Sink } from '../dispatch.ts';
import { type Attempting, cutOutcome, pairsOf, type ReplyHead, textOf } from './outcome.ts';

/** Largest answer that is held whole: translated and stateful ones, and errors. */
export const MAX_WHOLE = 64 * 1024 * 1024;
export const MAX_ERROR = 1024 * 1024;

/** Collects the rest of an answer and hands it over once. An encoded success cannot be read and is refused; an encoded error stays as it is. */
export const wholeRest = (a: Attempting, status: number, headers: ReplyHead, then: (reply: UpstreamReply) => void): Pick<Sink, 'data' | 'end' | 'cut'> => {
  const limit = status >= 300 ? MAX_ERROR : MAX_WHOLE;
  const pieces: Buffer[] = [];
  let size = 0;
  let over = false;
  const refuse = (message: string): void => {
    over = true;
    a.flight.abort('aborted');
    a.resolve({ is: 'failed', class: '502', error: new GatewayError('upstream_bad_response', message) });
  };
  const encoding = textOf(headers, 'content-encoding');
  const encoded = encoding !== '' && encoding.toLowerCase() !== 'identity';
  return {
    data(chunk) {
      if (over) return;
      if (encoded && status < 300) return refuse(`The provider of ${a.instance.name} sent an encoded answer although none was asked for.`);
      size += chunk.length;
      if (size > limit) return refuse(`The answer of ${a.instance.name} is larger than ${limit} bytes.`);
      pieces.push(chunk);
    },
    end() {
      if (over) return;
      over = true;
      then({ status, headers: pairsOf(headers), body: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces) });
    },
    cut(why) {
      if (over) return;
      over = true;
      a.resolve(cutOutcome(a.instance, why));
    },
  };
};

/** A sink for answers that are needed whole. */
export const wholeSink = (a: Attempting, then: (reply: UpstreamReply) => void): Sink => {
  let rest: Pick<Sink, 'data' | 'end' | 'cut'> | undefined;
  return {
    head(status, headers) {
      rest = wholeRest(a, status, headers, then);
    },
    data: (chunk) => rest?.data(chunk),
    end: () => rest?.end(),
    cut: (why, error) => (rest === undefined ? a.resolve(cutOutcome(a.instance, why, error)) : rest.cut(why, error)),
  };
};
