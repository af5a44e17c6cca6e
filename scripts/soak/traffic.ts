// Mixed calls, each of which says itself what was wrong with its answer.
import { Agent, request } from 'undici';
import { newKey } from '../../plugins/auth-api-key/src/key.ts';
import { CALLERS, type Caller, MODELS, type Provider, type Site } from './site.ts';

export interface Tally {
  readonly calls: { answered: number; left: number; refused: number; faults: number; reloads: number };
  readonly sent: Record<Caller, number>;
  /** What was wrong, in words; the first hundred. */
  readonly wrong: string[];
}
export const newTally = (): Tally => ({
  calls: { answered: 0, left: 0, refused: 0, faults: 0, reloads: 0 },
  sent: Object.fromEntries(CALLERS.map((name) => [name, 0])) as Record<Caller, number>,
  wrong: [],
});
const MOST = 100;
const note = ({ wrong }: Tally, what: string): void => {
  if (wrong.length < MOST) wrong.push(what);
};

interface Way {
  readonly path: string;
  readonly provider: Provider;
  readonly body: (text: string, stream: boolean) => object;
  /** What stands in an answer that has ended as it should. */
  readonly ends: RegExp;
  /** The same of a stream; without it the way has none. */
  readonly streamEnds?: RegExp;
}
const user = (text: string) => [{ role: 'user', content: text }];
const chat = (path: string, provider: Provider): Way => ({
  path,
  provider,
  body: (text, stream) => ({ model: MODELS[provider], messages: user(text), max_tokens: 256, stream }),
  ends: /"finish_reason": ?"stop"/,
  streamEnds: /"finish_reason": ?"stop"[\s\S]*data: \[DONE\]\n\n$/,
});
const messages = (path: string): Way => ({
  ...chat(path, 'anthropic'),
  ends: /"stop_reason": ?"end_turn"/,
  streamEnds: /"stop_reason": ?"end_turn"[\s\S]*"type": ?"message_stop"/,
});
const CHAT = chat('/openai/openai/v1/chat/completions', 'openai');
const WAYS: readonly Way[] = Object.freeze([
  CHAT,
  chat('/transparent/openai/v1/chat/completions', 'openai'),
  messages('/anthropic/anthropic/v1/messages'),
  messages('/transparent/anthropic/v1/messages'),
  chat('/openai/anthropic/v1/chat/completions', 'anthropic'),
  chat('/openai/bedrock/v1/chat/completions', 'bedrock'),
  {
    path: `/transparent/bedrock/model/${encodeURIComponent(MODELS.bedrock)}/converse`,
    provider: 'bedrock',
    body: (text) => ({ messages: [{ role: 'user', content: [{ text }] }] }),
    ends: /"stopReason": ?"end_turn"/,
  },
]);
const FAULTY = '/openai/faulty/v1/chat/completions';
/** Words that the stand-in obeys. */
const SLOW = 'leave me';
const CUT = 'cut me off';
const DOWN = 'be down';

export const prepare = ({ simulators }: Site): void => {
  const asks = (words: string) => (one: { readonly body: Buffer }) => one.body.includes(words);
  const always = { times: Number.POSITIVE_INFINITY };
  simulators.openai.script({ ...always, when: asks(SLOW), rechunk: { size: 64 }, delayChunk: 40 });
  simulators.openai.script({ ...always, when: asks(CUT), rechunk: 'whole', cut: { at: 300, how: 'rst' } });
  simulators.openai.script({ ...always, when: asks(DOWN), status: 503 });
};

interface Answer {
  readonly status: number;
  readonly text: string;
  /** The connection broke before the end. */
  readonly broken: boolean;
}
/** Calls of all kinds; each resolves when its answer has been looked at. */
const callsOf = ({ url, keys }: Site, agent: Agent, tally: Tally) => {
  const ask = async (path: string, key: string, body: object, leaves = false): Promise<Answer> => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
    const answer = await request(url + path, { method: 'POST', headers, body: JSON.stringify(body), dispatcher: agent });
    const pieces: Buffer[] = [];
    let broken = false;
    try {
      for await (const piece of answer.body) {
        pieces.push(piece as Buffer);
        if (leaves) break;
      }
    } catch {
      broken = true;
    }
    return { status: answer.statusCode, text: Buffer.concat(pieces).toString('latin1'), broken };
  };
  return {
    async answered(turn: number): Promise<void> {
      const way = WAYS[turn % WAYS.length] ?? CHAT;
      const stream = way.streamEnds !== undefined && turn % 2 === 1;
      tally.sent.steady++;
      const { status, text, broken } = await ask(way.path, keys.steady, way.body(`turn ${turn}`, stream));
      tally.calls.answered++;
      const ended = !broken && (stream ? way.streamEnds : way.ends)?.test(text);
      if (status !== 200 || !ended) note(tally, `${way.path}${stream ? ' streamed' : ''}: ${status}${broken ? ', broken off' : ''} ${text.slice(0, 200)}`);
    },
    async left(): Promise<void> {
      tally.sent.leaver++;
      const { status } = await ask(CHAT.path, keys.leaver, CHAT.body(SLOW, true), true);
      tally.calls.left++;
      if (status !== 200) note(tally, `a client that leaves got ${status}`);
    },
    async refused(): Promise<void> {
      const { status } = await ask(CHAT.path, newKey().key, CHAT.body('who am I', false));
      tally.calls.refused++;
      // 429 once the gateway limits those who fail.
      if (status !== 401 && status !== 429) note(tally, `a wrong key got ${status}`);
    },
    async fault(turn: number): Promise<void> {
      const stream = turn % 3 === 0;
      const words = turn % 3 === 2 ? DOWN : CUT;
      tally.sent.faulty++;
      const { status, text, broken } = await ask(FAULTY, keys.faulty, CHAT.body(words, stream));
      tally.calls.faults++;
      const isTold = status >= 502 || (stream && status === 200 && (broken || text.includes('"error"')));
      if (!isTold) note(tally, `"${words}"${stream ? ' streamed' : ''} looked well: ${status}`);
    },
  };
};

/** How many callers are under way at once. */
export const LANES = 8;
const PAUSE_MS = 20;
/** Calls of one kind come round in so many. */
const ROUND = 20;
export interface Drive {
  readonly site: Site;
  readonly tally: Tally;
  readonly ms: number;
  readonly reloads: number;
}
/** Calls for a while, twenty at least; of twenty calls one leaves, one is refused and two meet a fault. Reloads are spread over the whole time. */
export const drive = async ({ site, tally, ms, reloads }: Drive): Promise<void> => {
  const agent = new Agent({ connections: LANES });
  const calls = callsOf(site, agent, tally);
  const until = performance.now() + ms;
  let turn = 0;
  const step = (): Promise<void> => {
    const now = turn++;
    if (now % ROUND === 7) return calls.left();
    if (now % ROUND === 11) return calls.refused();
    if (now % ROUND === 3 || now % ROUND === 13) return calls.fault(now >> 1);
    return calls.answered(now);
  };
  const rest = (wanted: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(wanted, until - performance.now()))));
  const lane = async (): Promise<void> => {
    while (performance.now() < until || turn < ROUND) {
      await step().catch((error: unknown) => note(tally, `a call failed: ${String(error)}`));
      await rest(PAUSE_MS);
    }
  };
  const reloading = async (): Promise<void> => {
    for (let done = 0; done < reloads; done++) {
      await rest(ms / reloads);
      await site.reload().catch((error: unknown) => note(tally, String(error)));
      tally.calls.reloads++;
    }
  };
  await Promise.all([...Array.from({ length: LANES }, lane), reloading()]);
  await agent.destroy();
};
