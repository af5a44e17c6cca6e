import {
  type Call,
  type ChatReply,
  type ChatRequest,
  collect,
  eventsOf,
  isGatewayError,
  normal,
  normalReply,
  type Part,
  parseJson,
  stringifyJson,
  type Turn,
  type Usage,
} from '@llm-proxy-auth/plugin';
import { chatReply, chatRequest, streamedReply } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carriedTurns, realRequest } from './laws-support.ts';
import {
  answered,
  CLAUDE,
  callOf,
  client,
  inboundOf,
  ledger,
  type Made,
  NOVA,
  type Note,
  provider,
  readStream,
  replyOf,
  writeStream,
  written,
} from './support.ts';

const plain = (value: unknown): unknown => parseJson(stringifyJson((value ?? null) as object));
const orRefused = <T>(f: () => T): T | undefined => {
  try {
    return f();
  } catch (failure) {
    if (isGatewayError(failure) && failure.status === 400 && failure.param !== undefined) return undefined;
    throw failure;
  }
};
/** Whether a note speaks of a place in the conversation: of it, of what holds it, or of what it holds. */
const speaks = (notes: readonly Note[], path: string): boolean =>
  notes.some(({ param }) => param === path || param.startsWith(`${path}.`) || path.startsWith(`${param}.`));
const FIELDS = ['maxTokens', 'stop', 'user', 'tier', 'parallelTools'] as const;
const SAMPLING = ['temperature', 'topP', 'topK', 'seed', 'frequencyPenalty', 'presencePenalty', 'logitBias'] as const;
const REASONING = ['effort', 'budget', 'summary', 'off'] as const;
const OUTPUT = ['schema', 'name', 'strict', 'description'] as const;
/** Parameters by their path. */
const params = (r: ChatRequest): Readonly<Record<string, unknown>> => ({
  // Several calls at once are what a model does where nobody says otherwise.
  ...Object.fromEntries(FIELDS.map((name) => [name, name === 'parallelTools' && r[name] === true ? undefined : r[name]])),
  ...Object.fromEntries(SAMPLING.map((name) => [`sampling.${name}`, r.sampling?.[name]])),
  ...Object.fromEntries(REASONING.map((name) => [`reasoning.${name}`, r.reasoning?.[name]])),
  ...(r.output === 'json'
    ? { output: 'json' }
    : Object.fromEntries(
        OUTPUT.map((name) => [`output.${name}`, r.output === undefined ? undefined : (r.output as unknown as Record<string, unknown>)[name]]),
      )),
});
const history = (r: ChatRequest): boolean => r.turns.some(({ parts }) => parts.some(({ kind }) => kind === 'toolCall' || kind === 'toolResult'));
const JSON_ONLY = 'Reply with a single JSON value and nothing else.';
/** What is asked of the model in words: to call nothing, or to answer as the model's own parameters cannot say. */
const told = (r: ChatRequest, written: readonly unknown[], native: boolean): readonly string[] => [
  ...(r.toolChoice === 'none' &&
  history(r) &&
  written.length > 0 &&
  r.tools.length > 0 &&
  r.tools.some((tool) => tool.kind !== 'server' || tool.origin.dialect === 'converse')
    ? ['Do not call any tools.']
    : []),
  ...(r.output === 'json' ? [JSON_ONLY] : []),
  ...(r.output === undefined || r.output === 'json' || native
    ? []
    : [
        `${JSON_ONLY} It follows this JSON Schema (${r.output.name}${r.output.description === undefined ? '' : `: ${r.output.description}`}): ${stringifyJson(r.output.schema)}`,
      ]),
];
/** An answer that is to be continued ends with no white space. */
const continued = (turns: readonly Turn[]): readonly Turn[] => {
  const last = turns.at(-1);
  const end = last?.parts.at(-1);
  if (last?.role !== 'assistant' || end?.kind !== 'text') return turns;
  return [...turns.slice(0, -1), { ...last, parts: [...last.parts.slice(0, -1), { ...end, text: end.text.trimEnd() }] }];
};
const standsForAnswer = (tools: readonly unknown[]): boolean => JSON.stringify(tools).includes('"toolSpec":{"name":"json_answer"');
const MEDIA_INSIDE = /anthropic|amazon|^arn:/;
const law = (given: ChatRequest, model: string): boolean => {
  const x = normal(given);
  const made: Made | undefined = orRefused(() => written(x, { model }));
  if (made === undefined) return false;
  const { body, notes } = made;
  const again = normal(client.read(inboundOf(body), ledger()));
  const where = `${stringifyJson(body)}\n${JSON.stringify(notes)}`;
  const toolConfig = body.toolConfig as { readonly tools?: readonly unknown[] } | undefined;
  const inside = MEDIA_INSIDE.test(model);
  const stands = standsForAnswer(toolConfig?.tools ?? []);
  const words = told(x, toolConfig?.tools ?? [], body.outputConfig !== undefined || stands);
  expect(plain(carriedTurns(again.turns, true)), where).toEqual(plain(continued(carriedTurns(x.turns, inside, words))));
  const [before, after] = [params(x), params(again)];
  // One member may stand for another of the same object: an effort for a budget.
  for (const path of new Set([...Object.keys(before), ...Object.keys(after)]))
    if (!speaks(notes, path.startsWith('reasoning.') ? 'reasoning' : path)) expect(plain(after[path]), `${path} in ${where}`).toEqual(plain(before[path]));
  // A tool that stands for the answer is no tool of the client's, who had none to choose from.
  if (stands) return expect([x.tools, speaks(notes, 'output')], where).toEqual([[], true]) === undefined;
  if (!speaks(notes, 'tools')) expect(plain(again.tools), where).toEqual(plain(x.tools));
  if (!speaks(notes, 'tools') && !speaks(notes, 'toolChoice')) expect(again.toolChoice, where).toEqual(x.toolChoice);
  return true;
};
const MODELS = fc.constantFrom(
  CLAUDE,
  'anthropic.claude-sonnet-4-5-20250929-v1:0',
  'anthropic.claude-opus-4-6',
  NOVA,
  'meta.llama3-8b-instruct-v1:0',
  'mistral.mistral-large-2402-v1:0',
  'openai.gpt-oss-20b-1:0',
  'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc',
);
const runs = { numRuns: 400 } as const;
describe('a generated request', () => {
  const check = (requests: fc.Arbitrary<ChatRequest>): void => {
    let count = 0;
    fc.assert(
      fc.property(
        requests.map(realRequest),
        MODELS.filter((model) => !model.startsWith('mistral')),
        (request, model) => {
          if (law(request, model)) count += 1;
        },
      ),
      runs,
    );
    expect(count).toBeGreaterThan(runs.numRuns / 4);
  };
  it('of another dialect is read as it was written, but for what the ledger names', () => check(chatRequest({ dialect: 'acme' })));
  it('without marks of any dialect too', () => check(chatRequest({ kept: false })));
  it('with the vendor’s own marks too', () => check(chatRequest({ dialect: 'converse', surface: 'acme.chat' })));
  it('tells every loss: a field that is gone is named', () => {
    const each = fc.property(chatRequest({ kept: false }).map(realRequest), MODELS, (request, model) => {
      const made = orRefused(() => written(request, { model }));
      if (made === undefined) return;
      const again = client.read(inboundOf(made.body), ledger());
      for (const [path, value] of Object.entries(params(normal(request))))
        if (value !== undefined && params(again)[path] === undefined) expect(speaks(made.notes, path), `${path} of ${stringifyJson(made.body)}`).toBe(true);
      const names = new Set(
        request.turns.flatMap(({ parts }) => parts.flatMap((part) => ('transcript' in part && part.transcript !== undefined ? ['transcript'] : []))),
      );
      const users = request.turns.some(({ role, parts }) => role === 'user' && parts.some((part) => 'transcript' in part && part.transcript !== undefined));
      if (names.size > 0 && users) expect(speaks(made.notes, 'turns.parts.transcript')).toBe(true);
    });
    fc.assert(each, runs);
  });
  it('is written as the same bytes each time', () => {
    const each = fc.property(chatRequest({ dialect: 'acme' }).map(realRequest), MODELS, (request, model) => {
      const [first, second] = [1, 2].map(() => orRefused(() => stringifyJson(written(request, { model }).body)));
      expect(second).toBe(first);
    });
    fc.assert(each, { numRuns: 100 });
  });
  it('is taken by a service that wants roles to alternate, text that says something, words for ids and objects for input', () => {
    const each = fc.property(chatRequest({ dialect: 'acme' }).map(realRequest), MODELS, (request, model) => {
      const body = orRefused(() => written(request, { model }).body);
      if (body === undefined) return;
      const messages = body.messages as readonly {
        readonly role: string;
        readonly content: readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[];
      }[];
      messages.forEach(({ role, content }, i) => {
        expect(role).toBe(i % 2 === 0 ? 'user' : 'assistant');
        expect(content.length).toBeGreaterThan(0);
        const firstOther = content.findIndex((block) => block.toolResult === undefined && block.cachePoint === undefined);
        if (firstOther >= 0) expect(content.slice(firstOther).some((block) => block.toolResult !== undefined)).toBe(false);
        for (const block of content) {
          if (block.text !== undefined) expect(String(block.text).trim()).not.toBe('');
          const id = block.toolUse?.toolUseId ?? block.toolResult?.toolUseId;
          if (id !== undefined) expect(id).toMatch(model.startsWith('mistral') ? /^[a-zA-Z0-9]{9}$/ : /^[a-zA-Z0-9_-]{1,64}$/);
          if (block.toolUse !== undefined) expect(Array.isArray(block.toolUse.input) || typeof block.toolUse.input !== 'object').toBe(false);
        }
      });
      if (stringifyJson(messages).includes('"toolUse":{"toolUseId"')) expect(body.toolConfig).toBeDefined();
      expect(stringifyJson(body).split('"cachePoint"').length - 1).toBeLessThanOrEqual(4);
    });
    fc.assert(each, runs);
  });
});

/** An answer as this surface says it, thought out apart from the code that writes it. */
const FINISH: Readonly<Record<string, string>> = { refusal: 'filter', pause: 'stop' };
const inputValue = (input: Extract<Part, { kind: 'toolCall' }>['input']): string =>
  'text' in input ? stringifyJson({ input: input.text }) : input.json.trim() === '' ? '{}' : stringifyJson(parseJson(input.json));
const shownPart = (part: Part, streams: boolean): readonly Part[] => {
  if (part.kind === 'text' || part.kind === 'refusal') {
    const citations =
      part.kind === 'text' ? (part.citations ?? []).filter(({ url, title, quote }) => url !== undefined || title !== undefined || (quote ?? '') !== '') : [];
    const bare = citations.map(({ url, title, quote }) => ({
      ...(url === undefined ? {} : { url }),
      ...(title === undefined ? {} : { title }),
      ...((quote ?? '') === '' ? {} : { quote }),
    }));
    return part.text === '' && bare.length === 0 ? [] : [{ kind: 'text', text: part.text, ...(bare.length > 0 ? { citations: bare } : {}) }];
  }
  if (part.kind === 'thinking') return [{ kind: 'thinking', text: part.text, redacted: false }];
  if (part.kind === 'toolCall') return [{ kind: 'toolCall', id: part.id, name: part.name, input: { json: inputValue(part.input) } }];
  if (part.kind === 'image') return 'base64' in part.media ? [{ kind: 'image', media: part.media }] : [];
  return !streams && (part.kind === 'audio' || part.kind === 'video') && 'base64' in part.media ? [{ kind: part.kind, media: part.media }] : [];
};
const shown = (reply: ChatReply, streams: boolean): unknown => {
  const [choice] = reply.choices;
  const { raw: _raw, estimated: _estimated, reasoning: _reasoning, ...counts }: Usage = reply.usage;
  const parts = choice?.parts.flatMap((part) => shownPart(part, streams)) ?? [];
  const usage = { ...counts, reasoning: 0, estimated: false };
  return plain(
    normalReply({ id: '', model: '', choices: [{ index: 0, parts, finish: (FINISH[choice?.finish ?? 'stop'] ?? choice?.finish ?? 'stop') as never }], usage }),
  );
};
const withoutOrigins = (reply: ChatReply): ChatReply => ({
  ...reply,
  choices: reply.choices.map((choice) => ({
    ...choice,
    parts: choice.parts.map((part) =>
      part.kind === 'text' && part.citations !== undefined ? { ...part, citations: part.citations.map(({ origin: _origin, ...others }) => others) } : part,
    ),
  })),
});
const noted = (reply: ChatReply, notes: readonly Note[]): void => {
  const parts = reply.choices.slice(0, 1).flatMap(({ parts: all }) => all);
  const [choice] = reply.choices;
  expect(speaks(notes, 'choices')).toBe(
    speaks(notes, 'choices.parts') || speaks(notes, 'choices.finish') || speaks(notes, 'choices.stopSequence') || reply.choices.length > 1,
  );
  if (reply.choices.length > 1) expect(notes).toContainEqual({ kind: 'ignored', param: 'choices' });
  expect(notes.some(({ param }) => param === 'choices.finish')).toBe(choice?.finish === 'refusal' || choice?.finish === 'pause');
  expect(notes.some(({ param }) => param === 'choices.stopSequence')).toBe((choice?.stopSequence ?? '') !== '');
  expect(notes.some(({ param }) => param === 'created')).toBe(reply.created !== undefined);
  expect(notes.some(({ param }) => param === 'usage.reasoning')).toBe(reply.usage.reasoning > 0);
  expect(notes.some(({ param }) => param === 'choices.parts.refusal')).toBe(parts.some((part) => part.kind === 'refusal' && part.text !== ''));
};
const callFor = (): { readonly call: Call; readonly notes: readonly Note[] } => {
  const kept = ledger();
  return { call: callOf({ ledger: kept }), notes: kept.notes };
};
describe('a generated answer of another dialect', () => {
  it('is read as it was written, but for what the ledger names', () => {
    const each = fc.property(chatReply({ kept: false }), (reply) => {
      const { call, notes } = callFor();
      const body = answered(reply, { ledger: call.ledger });
      const again = provider.read(replyOf(body), call, undefined);
      expect(shown(withoutOrigins(again), false), stringifyJson(body)).toEqual(shown(reply, false));
      noted(reply, notes);
    });
    fc.assert(each, runs);
  });
  it('is read as it was streamed, whatever its pieces and however its choices are mixed', () => {
    const each = fc.property(streamedReply({ kept: false }), ({ reply, events }) => {
      const { call, notes } = callFor();
      const again = collect(readStream(writeStream(events, { ledger: call.ledger })));
      expect(shown(withoutOrigins(again), true)).toEqual(shown(reply, true));
      noted(reply, notes);
    });
    fc.assert(each, runs);
  });
  it('tells the same whole and streamed', () => {
    const each = fc.property(chatReply({ kept: false }), (reply) => {
      const whole = provider.read(replyOf(answered(reply)), callOf(), undefined);
      const streamed = collect(readStream(writeStream(eventsOf(reply))));
      expect(shown(streamed, true)).toEqual(shown(whole, true));
    });
    fc.assert(each, runs);
  });
});
