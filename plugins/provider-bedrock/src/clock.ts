import { header, type UpstreamReply } from '@llm-proxy-auth/plugin';

/** `Signature expired: 20261123T000000Z is now earlier than 20261123T001000Z (20261123T001500Z - 5 min.)`: the last is AWS's own time. */
const IN_BRACKETS = /\((\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z [-+]/;
const timeInText = (text: string): number | undefined => {
  const match = IN_BRACKETS.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
};

/** Epoch ms as AWS sees it; ours is corrected by what its refusals say. */
export interface Clock {
  now(): number;
  /** Milliseconds that AWS is ahead of us. */
  readonly ahead: number;
  /** Learns from an answer that refused our time; AWS allows five minutes. */
  learn(reply: UpstreamReply, text: string): void;
}
export const correctedClock = (now: () => number): Clock => {
  let ahead = 0;
  return {
    now: () => now() + ahead,
    get ahead() {
      return ahead;
    },
    learn(reply, text) {
      const said = Date.parse(header(reply.headers, 'date') ?? '');
      const theirs = Number.isNaN(said) ? timeInText(text) : said;
      if (theirs !== undefined) ahead = theirs - now();
    },
  };
};
