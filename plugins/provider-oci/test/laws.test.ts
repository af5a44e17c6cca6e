import { type ChatRequest, isGatewayError, type Part, stringifyJson } from '@llm-proxy-auth/plugin';
import { chatRequest } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { models } from 'oci-generativeaiinference';
import { describe, expect, it } from 'vitest';
import { type Fields, FORMATS, type Format, type Made, type Note, written } from './support.ts';

type Media = Extract<Part, { readonly media: unknown }>;
const TYPES: Readonly<Record<Media['kind'], string>> = { image: 'image/png', audio: 'audio/wav', video: 'video/mp4', document: 'text/plain' };
const realPart = (part: Part): Part => {
  if (part.kind === 'toolResult') return { ...part, parts: part.parts.map(realPart) };
  return 'media' in part ? ({ ...part, media: { base64: 'd29yZHM=', type: TYPES[part.kind] } } as Part) : part;
};
/** A request as clients send it: bytes instead of addresses, one answer, what the format refuses by name left out. */
const realRequest = (request: ChatRequest): ChatRequest => ({
  ...request,
  choices: 1,
  logprobs: undefined,
  turns: [...request.turns.map((turn) => ({ ...turn, parts: turn.parts.map(realPart) })), { role: 'user', parts: [{ kind: 'text', text: 'and now?' }] }],
});
const orRefused = (f: () => Made): Made | undefined => {
  try {
    return f();
  } catch (failure) {
    if (isGatewayError(failure) && failure.code === 'unsupported_parameter' && failure.param !== undefined) return undefined;
    throw failure;
  }
};
/** Whether a note speaks of a place in the conversation: of it, of what holds it, or of what it holds. */
const speaks = (notes: readonly Note[], path: string): boolean =>
  notes.some(({ param }) => param === path || param.startsWith(`${path}.`) || path.startsWith(`${param}.`));
/** What each parameter is called in the formats; where it has no name, the ledger must speak. */
const NAMES: Readonly<Record<Format, Readonly<Record<string, string>>>> = {
  generic: { topK: 'topK', logitBias: 'logitBias', stop: 'stop', effort: 'reasoningEffort', tier: 'serviceTier', parallelTools: 'isParallelToolCalls' },
  cohere: { topK: 'topK', stop: 'stopSequences' },
  coherev2: { topK: 'topK', stop: 'stopSequences', effort: 'thinking' },
};
const COMMON: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  topP: 'topP',
  seed: 'seed',
  frequencyPenalty: 'frequencyPenalty',
  presencePenalty: 'presencePenalty',
  maxTokens: 'maxTokens',
};
const params = (r: ChatRequest): readonly (readonly [path: string, name: string, value: unknown])[] => [
  ...Object.entries(r.sampling ?? {}).map(([name, value]) => [`sampling.${name}`, name, value] as const),
  ['stop', 'stop', r.stop],
  ['maxTokens', 'maxTokens', r.maxTokens],
  ['reasoning.effort', 'effort', r.reasoning?.off === true ? undefined : r.reasoning?.effort],
  ['tier', 'tier', r.tier],
  ['user', 'user', r.user],
  ['parallelTools', 'parallelTools', r.tools.some(({ kind }) => kind !== 'server') ? r.parallelTools : undefined],
];
const same = (a: unknown, b: unknown): boolean => stringifyJson((a ?? null) as object) === stringifyJson((b ?? null) as object);
/** All texts that stand somewhere in a body, as one. */
const textsIn = (value: unknown): string => {
  if (typeof value === 'string') return `${value}\n`;
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value).map(textsIn).join('');
};
const saidIn = (r: ChatRequest): readonly string[] =>
  r.turns.flatMap(({ role, parts }) =>
    parts.flatMap((part) => {
      if (part.kind === 'text' || (part.kind === 'refusal' && role !== 'system')) return [part.text];
      return part.kind === 'toolResult' ? part.parts.flatMap((inner) => (inner.kind === 'text' ? [inner.text] : [])) : [];
    }),
  );
const runs = { numRuns: 200 } as const;
describe.each(FORMATS)('a generated request in the format %s', (format) => {
  const requests = chatRequest({ kept: false }).map(realRequest);
  const each = (law: (request: ChatRequest, made: Made) => void): number => {
    let count = 0;
    fc.assert(
      fc.property(requests, (request) => {
        const made = orRefused(() => written(format, request));
        if (made === undefined) return;
        count += 1;
        law(request, made);
      }),
      runs,
    );
    return count;
  };
  it('says all that was said', () => {
    const count = each((request, { chat, notes }) => {
      const texts = textsIn(chat);
      for (const text of saidIn(request)) if (!texts.includes(text)) expect(speaks(notes, 'turns'), `${text} of ${stringifyJson(chat)}`).toBe(true);
    });
    expect(count).toBeGreaterThan(10);
  });
  it('has every parameter, or the ledger names it', () => {
    each((request, { chat, notes }) => {
      for (const [path, name, value] of params(request)) {
        const at = COMMON[name] ?? NAMES[format][name];
        if (value === undefined || (at !== undefined && (same(chat[at], value) || (chat[at] !== undefined && /effort|tier/.test(name))))) continue;
        expect(speaks(notes, path), `${path} of ${stringifyJson(chat)}`).toBe(true);
      }
    });
  });
  it('has every tool by name, schema and choice, or the ledger speaks of it', () => {
    each((request, { chat, notes }) => {
      const texts = textsIn(chat.tools);
      for (const tool of request.tools) {
        if (tool.kind === 'server' || request.toolChoice === 'none') continue;
        if (!texts.includes(tool.name)) expect(speaks(notes, 'tools'), tool.name).toBe(true);
        if (tool.description !== undefined && !texts.includes(tool.description)) expect(speaks(notes, 'tools'), tool.description).toBe(true);
        if (tool.kind === 'function' && tool.strict === true && chat.isStrictToolsEnabled !== true) expect(speaks(notes, 'tools.strict')).toBe(true);
      }
    });
  });
  it('names the calls that its results answer', () => {
    each((_request, { chat }) => {
      const messages = (chat.messages ?? []) as readonly Fields[];
      const known = new Set(messages.flatMap(({ toolCalls }) => ((toolCalls ?? []) as readonly Fields[]).map(({ id }) => id)));
      for (const { role, toolCallId } of messages) if (role === 'TOOL') expect(known.has(toolCallId)).toBe(true);
      for (const { call } of (chat.toolResults ?? []) as readonly Fields[]) expect(Object.keys(call as Fields)).toEqual(['name', 'parameters']);
    });
  });
  it('is what the SDK of the vendor would send of it', () => {
    each((_request, { chat }) => {
      const body = { compartmentId: 'c', servingMode: { servingType: 'ON_DEMAND', modelId: 'm' }, chatRequest: chat } as unknown as models.ChatDetails;
      const sent = JSON.parse(stringifyJson(models.ChatDetails.getJsonObj(body) as object)) as { readonly chatRequest: object };
      // The SDK leaves null out, which its own documentation asks for in answers that are calls alone.
      const present = (key: string, value: unknown): unknown => (key === 'content' && value === null ? undefined : value);
      expect(sent.chatRequest).toEqual(JSON.parse(stringifyJson(chat), present));
    });
  });
  it('is written as the same bytes each time', () => {
    each((request, { chat }) => expect(stringifyJson(written(format, request).chat)).toBe(stringifyJson(chat)));
  });
});
