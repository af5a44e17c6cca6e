import {
  type Call,
  type ChatRequest,
  type EmbedRequest,
  isGatewayError,
  type Json,
  type Part,
  parseJson,
  type Surface,
  stringifyJson,
  type Tool,
  type Turn,
  tracked,
} from '@llm-proxy-auth/plugin';
import { chatRequest, embedRequest } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completions } from '../src/completions/surface.ts';
import { embeddings } from '../src/embeddings/surface.ts';
import { responsesSurfaces } from '../src/responses/index.ts';
import { fieldsWithout, leftOver, realRequest, requestLeft, telling, type Vendor } from './laws-support.ts';
import { callOf, chat, inboundOf, ledger, seal } from './support.ts';

const responses = responsesSurfaces(seal)[0] as Surface<'chat'>;
const ORDER: Readonly<Record<string, number>> = { refusal: 1, audio: 2, toolCall: 3 };
const rank = (part: Part): number => (part.kind === 'audio' && !('file' in part.media) ? 0 : (ORDER[part.kind] ?? 0));
/** Refusals of a message are one text. */
const oneRefusal = (parts: readonly Part[]): readonly Part[] => {
  const text = parts.flatMap((part) => (part.kind === 'refusal' ? [part.text] : []));
  const at = parts.findIndex((part) => part.kind === 'refusal');
  return parts.flatMap((part, index): readonly Part[] => (part.kind !== 'refusal' ? [part] : index === at ? [{ kind: 'refusal', text: text.join('') }] : []));
};
const inTurns = (request: ChatRequest, change: (turn: Turn) => Turn): ChatRequest => ({ ...request, turns: request.turns.map(change) });
const asFile = (part: Part): Part => {
  if (part.kind === 'toolResult') return { ...part, parts: part.parts.map(asFile) };
  if (part.kind !== 'image' || !('file' in part.media)) return part;
  const { kind: _kind, detail: _detail, transcript: _transcript, id: _id, expires: _expires, ...others } = part;
  return { kind: 'document', ...others };
};
/** Texts of a message apart by an empty line, but for those with citations: they are pieces of a sentence. */
const inOne = (parts: readonly Part[]): string => {
  const texts = parts.flatMap((part) => ((part.kind === 'text' || part.kind === 'refusal') && part.text !== '' ? [part] : []));
  const isCited = (at: number): boolean => {
    const part = texts[at];
    return part?.kind === 'text' && (part.citations?.length ?? 0) > 0;
  };
  return texts.map(({ text }, at) => `${at === 0 || isCited(at) || isCited(at - 1) ? '' : '\n\n'}${text}`).join('');
};
/** What a note of kind `emulated` says has been put in place of what was there. */
const EMULATED: Readonly<Record<string, (request: ChatRequest) => ChatRequest>> = {
  // The model's message has members of its own for refusals, audio and calls, and no place for them among its texts.
  'turns.parts': (request) =>
    inTurns(request, (turn) => (turn.role !== 'assistant' ? turn : { ...turn, parts: oneRefusal(turn.parts.toSorted((a, b) => rank(a) - rank(b))) })),
  // What a result holds beside text is said by the user after the results.
  'turns.parts.parts': (request) =>
    inTurns(request, (turn) => {
      const media = turn.parts.flatMap((part) => (part.kind === 'toolResult' ? part.parts.filter((inner) => inner.kind !== 'text') : []));
      const results = turn.parts.flatMap((part) =>
        part.kind === 'toolResult' ? [{ ...part, parts: part.parts.filter((inner) => inner.kind === 'text') }] : [],
      );
      return turn.role === 'user' ? { ...turn, parts: [...results, ...media, ...turn.parts.filter((part) => part.kind !== 'toolResult')] } : turn;
    }),
  // An image that the vendor stores is a file here.
  'turns.parts.image': (request) => inTurns(request, (turn) => ({ ...turn, parts: turn.parts.map(asFile) })),
  // An item of the vendor has no role.
  'turns.role': (request) => ({
    ...request,
    turns: request.turns.flatMap((turn) => {
      if (turn.role === 'assistant') return [turn];
      const results = turn.parts.filter((part) => part.kind === 'toolResult');
      const turns: Turn[] = [];
      for (const part of [...results, ...turn.parts.filter((one) => one.kind !== 'toolResult')]) {
        const role = part.kind === 'opaque' ? 'assistant' : turn.role;
        const last = turns.at(-1);
        if (last?.role === role) turns[turns.length - 1] = { ...last, parts: [...last.parts, part] };
        else turns.push({ ...turn, role, parts: [part] });
      }
      return turns;
    }),
  }),
  // A text completion has one text.
  turns: (request) => {
    const text = request.turns.map(({ parts }) => inOne(parts)).join('\n\n');
    return { ...request, turns: [{ role: 'user', parts: [{ kind: 'text', text }] }] };
  },
};
const orRefused = <T>(f: () => T): T | undefined => {
  try {
    return f();
  } catch (failure) {
    if (isGatewayError(failure) && failure.status === 400 && failure.param !== undefined) return undefined;
    throw failure;
  }
};
/** The names of results that say what the call of their id says already. */
const ownNames = (request: ChatRequest): ChatRequest => {
  const names = new Map(request.turns.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'toolCall' ? [[part.id, part.name] as const] : []))));
  return inTurns(request, (turn) => ({
    ...turn,
    parts: turn.parts.map((part) => (part.kind === 'toolResult' && part.name === names.get(part.id) ? { ...part, name: undefined } : part)),
  }));
};
/** What was written, what was told of it, and what is read again; undefined when it is refused by name. */
const carried = (surface: Surface<'chat'>, request: ChatRequest, model: string) => {
  const notes = ledger();
  const watched = tracked(request);
  const call: Call = callOf({}, { model, ledger: notes });
  const body = orRefused(() => surface.provider?.write(watched.value, call).body);
  if (body === undefined) return undefined;
  const foreignTools = notes.notes.some(({ param }) => param === 'tools');
  for (const path of watched.unread()) notes.note('ignored', path, 'nobody looked at it');
  const text = stringifyJson(body as Json);
  const endpoint = { ...call.endpoint, surface: surface.name };
  const again = surface.client?.read(inboundOf(parseJson(text)), notes, endpoint);
  return again === undefined ? undefined : { notes: notes.notes.filter(({ param }) => !(foreignTools && param === 'tools')), foreignTools, again, text };
};
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
/** Not to be held to its schema is what a tool says by saying nothing; Responses say it. */
const unheld = (tool: Tool): Tool => {
  if (tool.kind !== 'function' || tool.strict !== false) return tool;
  const { strict: _strict, ...others } = tool;
  return others;
};
/** Families insist on these defaults and leave them out. */
const withoutOnes = (request: ChatRequest): ChatRequest => {
  const { temperature, topP, ...others } = request.sampling ?? {};
  return {
    ...request,
    tools: (request.tools ?? []).map(unheld),
    sampling: { ...others, ...(temperature === 1 ? {} : { temperature }), ...(topP === 1 ? {} : { topP }) },
  };
};
const law = (surface: Surface<'chat'>, request: ChatRequest, model: string): boolean => {
  const result = carried(surface, request, model);
  if (result === undefined) return false;
  const losses = { notes: result.notes, names: [surface.client?.names ?? {}, chat.client?.names ?? {}] };
  const oneText = (param: string): boolean => surface.name === 'completions' && param === 'turns.parts';
  const emulated = losses.notes.flatMap(({ kind, param }) => (kind === 'emulated' ? (EMULATED[oneText(param) ? 'turns' : param] ?? []) : []));
  const emulate = (made: ChatRequest): ChatRequest => emulated.reduce((one, change) => change(one), made);
  // What stands between two texts depends on their citations, which are lost on the way.
  const expected = surface.name === 'completions' ? fieldsWithout(emulate(ownNames(request)), losses) : emulate(fieldsWithout(ownNames(request), losses));
  const mine = expected.tools?.filter((tool) => tool.kind !== 'server' || tool.origin.dialect === 'openai') ?? [];
  const wanted = result.foreignTools ? { ...expected, tools: mine } : expected;
  const left = (one: ChatRequest): unknown => plain(requestLeft(withoutOnes(one), losses));
  expect(left(result.again), `${result.text}\n${JSON.stringify(losses.notes)}`).toEqual(left(wanted));
  const before = leftOver(expected.turns, losses);
  expect(leftOver(result.again.turns, losses).filter((part) => !before.includes(part))).toEqual([]);
  return true;
};

/** Members of an item stand on its last part: that is where this surface reads them, and where it ends an item. Items of the vendor and reasoning have their own. */
const onLastPart = (request: ChatRequest): ChatRequest => {
  const bare = (part: Part): Part => {
    const { rest: _rest, ...others } = part.kind === 'toolResult' ? { ...part, parts: part.parts.map(bare) } : part;
    return others as Part;
  };
  const last = (part: Part): Part => (part.kind === 'toolResult' ? { ...part, parts: part.parts.map(bare) } : part);
  return inTurns(request, (turn) => ({
    ...turn,
    parts: turn.parts.map((part, index) => (index === turn.parts.length - 1 && part.kind !== 'opaque' && part.kind !== 'thinking' ? last(part) : bare(part))),
  }));
};
const MODELS = fc.constantFrom('model-1', 'gpt-4.1', 'gpt-5', 'o3');
const runs = { numRuns: 500 } as const;
const ALL: readonly Part['kind'][] = ['text', 'refusal', 'thinking', 'image', 'audio', 'document', 'toolCall', 'toolResult', 'opaque'];
const part: Vendor = (payload) => ({ type: 'vendor_part', ...payload });
const item: Vendor = (payload) => ({ type: 'web_search_call', ...payload });
const surfaces: readonly (readonly [string, Surface<'chat'>, Vendor])[] = [
  ['chat', chat, part],
  ['responses', responses, item],
  ['completions', completions, part],
];
describe.each(surfaces)('a generated request of %s', (name, surface, vendor) => {
  const check = (requests: fc.Arbitrary<ChatRequest>): void => {
    let written = 0;
    fc.assert(
      fc.property(requests, MODELS, (request, model) => {
        if (law(surface, realRequest(request, vendor), model)) written += 1;
      }),
      runs,
    );
    expect(written).toBeGreaterThan(runs.numRuns / 3);
  };
  it('of another dialect is read as it was written, but for what the ledger names', () => check(chatRequest({ dialect: 'acme' })));
  it('without marks of any dialect too', () => check(chatRequest({ kept: false, kinds: ALL })));
  it('of its own surface too', () =>
    check(chatRequest({ dialect: 'openai', surface: `openai.${name}`, kinds: ALL }).map(name === 'responses' ? onLastPart : (request) => request)));
});
describe('a generated request of embeddings', () => {
  it('is read as it was written, but for what the ledger names', () => {
    let written = 0;
    const same = fc.property(embedRequest({ dialect: 'openai' }), (request: EmbedRequest) => {
      const watched = tracked(request);
      const body = orRefused(() => embeddings.provider?.write(watched.value, callOf({})).body);
      const again = body === undefined ? undefined : orRefused(() => embeddings.client?.read(inboundOf(body as Json), ledger()));
      if (again === undefined) return;
      written += 1;
      const { purpose, title, truncate, ...others } = request;
      const foreign = Object.entries({ purpose, title, truncate }).filter(([, value]) => value !== undefined);
      expect(watched.unread()).toEqual(foreign.map(([name]) => name));
      expect(plain(telling(again))).toEqual(plain(telling(others)));
    });
    fc.assert(same, runs);
    expect(written).toBeGreaterThan(runs.numRuns / 5);
  });
});
