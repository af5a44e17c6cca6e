import type { CapturedRequest } from './captured.ts';
import type { Rechunk } from './rechunk.ts';

/**
 * What goes wrong. Every key may be combined with any other; what is absent stays as the service does it.
 * Byte positions count body bytes as sent (after gzip), before transfer coding.
 */
export type Fault = {
  /** Status of the answer. Without `body` the service's own error envelope for that status is sent. */
  readonly status?: number;
  /** Added to or replacing the answer's headers; `undefined` removes one. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Replaces the body: a string or bytes as they are, anything else as JSON. */
  readonly body?: string | Uint8Array | object;
  /** Answers with a redirect to this location (307 unless `status` says otherwise). */
  readonly redirect?: string;
  /** These bytes instead of any HTTP answer, then the connection ends. Over HTTP/2 the connection ends without them. */
  readonly raw?: string | Uint8Array;
  /** False: the request body is not read while the answer is made. */
  readonly readBody?: false;
  /** Milliseconds before the head. */
  readonly delayHead?: number;
  /** The head waits for this. */
  readonly holdHead?: Promise<unknown>;
  /** Milliseconds before each write of body bytes. */
  readonly delayChunk?: number;
  readonly rechunk?: Rechunk;
  /** Puts `frame` as it is before the event with this index (0 is the first; past the end puts it last). */
  readonly malformed?: { readonly before: number; readonly frame: string | Uint8Array };
  /** Sends only the first `after` events, then `frame` as it is, then ends the body as complete: an error inside a stream. */
  readonly endWith?: { readonly after: number; readonly frame: string | Uint8Array };
  /** Ends the connection after `at` body bytes, or before the head, by FIN (`fin`) or RST (`rst`). Over TLS a RST is a plain close. */
  readonly cut?: { readonly at: number | 'head'; readonly how: 'fin' | 'rst' };
  /** Says nothing more after `at` body bytes until `until` resolves; without `until`, until the peer leaves. */
  readonly stall?: { readonly at: number; readonly until?: Promise<unknown> };
  /** No content-length and no chunks: the body ends with the connection. */
  readonly closeDelimited?: true;
  /** Sent on the connection after a complete answer; never over HTTP/2. */
  readonly extraAfterEnd?: string | Uint8Array;
  /** Sends the body gzipped with `content-encoding: gzip`, whether or not the request accepts it. */
  readonly gzip?: true;
};

export type Rule = Fault & {
  /** Which requests; all of them if absent. The body is complete when this is asked, unless `readBody` is false. */
  readonly when?: (request: CapturedRequest) => boolean;
  /** How many requests before the rule is spent; 1 if absent, Infinity until `clear()`. */
  readonly times?: number;
};

export type Script = ReturnType<typeof script>;

/** Rules are asked oldest first; one that matches is counted down and removed when spent. */
export const script = () => {
  let entries: { rule: Rule; left: number }[] = [];
  return {
    add(rule: Rule): () => void {
      const entry = { rule, left: rule.times ?? 1 };
      entries.push(entry);
      return () => {
        entries = entries.filter((other) => other !== entry);
      };
    },
    /** Whether the oldest rule that can match leaves the body unread; asked when only the head is there. */
    leavesBodyUnread: (request: CapturedRequest): boolean => entries.some(({ rule }) => rule.readBody === false && (rule.when?.(request) ?? true)),
    take(request: CapturedRequest): Fault {
      const entry = entries.find(({ rule }) => rule.when?.(request) ?? true);
      if (entry === undefined) return {};
      entry.left -= 1;
      if (entry.left <= 0) entries = entries.filter((other) => other !== entry);
      return entry.rule;
    },
    clear(): void {
      entries = [];
    },
  };
};
