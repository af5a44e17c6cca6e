import { GatewayError } from '../error.ts';
import { elements } from './elements.ts';
import { held, NOTHING, view } from './held.ts';
import type { FrameReader } from './sse.ts';

const LIMIT = 16 * 1024 * 1024;
const tooLarge = (): GatewayError => new GatewayError('upstream_bad_response', `The provider sent a streamed JSON value of more than ${LIMIT} bytes.`);

/** Elements of one JSON array (`[{…},{…}]`) as JSON source text, each as soon as it closes. `end()` before `]` throws `upstream_stream_truncated`. */
export const jsonArrayReader = (onEvent: (source: string) => void): FrameReader => {
  const scan = elements();
  const tail = held();
  return {
    push(chunk) {
      const bytes = view(chunk);
      let from = scan.open ? 0 : -1;
      scan.scan(
        bytes,
        (at) => {
          from = at;
        },
        (at) => {
          const whole = tail.take(bytes.subarray(from, at));
          from = -1;
          if (whole.length > LIMIT) throw tooLarge();
          onEvent(whole.toString('utf8'));
        },
      );
      if (from >= 0) tail.add(bytes.subarray(from));
      if (tail.size > LIMIT) throw tooLarge();
    },
    end() {
      if (!scan.done) throw new GatewayError('upstream_stream_truncated', 'The provider ended a streamed JSON array before its closing bracket.');
    },
  };
};

/** Lines of JSON source text; blank lines are skipped, a last line without LF is delivered at `end()`. */
export const ndjsonReader = (onEvent: (source: string) => void): FrameReader => {
  const tail = held();
  const line = (text: string): void => {
    const source = text.trim();
    if (source !== '') onEvent(source);
  };
  return {
    push(chunk) {
      const bytes = view(chunk);
      const stop = bytes.lastIndexOf(10) + 1;
      if (stop > 0) for (const text of tail.take(bytes.subarray(0, stop)).toString('utf8').split('\n')) line(text);
      tail.add(bytes.subarray(stop));
      if (tail.size > LIMIT) throw tooLarge();
    },
    end() {
      line(tail.take(NOTHING).toString('utf8'));
    },
  };
};
