import { type ChatReply, collect, sameJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { expectations, type Recording, recordings } from '@llm-proxy-auth/simulators';
import { describe, expect, it } from 'vitest';
import { camelCased } from '../src/snake.ts';
import { answered, eventsOf, type Fields, read, sse, streamed, through } from './support.ts';

const all = ['gemini', 'vertex'].flatMap((provider) => recordings({ provider })).filter(({ operation }) => /generateContent$/i.test(operation));
const good = all.filter(({ response }) => response.status === 200);
const named = (list: readonly Recording[]) => list.map((one) => [one.file, one] as const);
/** Typed objects in the spelling of another language are put in the service's. */
const ofService = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ofService);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), ofService(inner)]),
  );
};
const bodyOf = ({ response }: Recording): Buffer => {
  if (response.body !== undefined) return Buffer.from(response.body);
  return sse((response.chunks ?? []).map((chunk) => (typeof chunk === 'string' ? (JSON.parse(chunk) as Fields) : ofService(chunk))));
};
/** Clients that do not ask for events get one array. */
const framingOf = ({ response }: Recording): 'sse' | 'json-array' => (response.body?.trimStart().startsWith('[') === true ? 'json-array' : 'sse');
const replyOf = (one: Recording): ChatReply =>
  one.stream ? collect(eventsOf([bodyOf(one)], framingOf(one))) : read(JSON.parse(bodyOf(one).toString()) as Fields);
const told = (reply: ChatReply) => {
  const parts = reply.choices[0]?.parts ?? [];
  return {
    text: parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''),
    calls: parts.flatMap((part) => (part.kind === 'toolCall' && 'json' in part.input ? [[part.name, JSON.parse(part.input.json)]] : [])),
    signatures: stringifyJson(parts.flatMap((part) => (part.origin === undefined ? [] : [part.origin.payload.json]))),
    usage: reply.usage.raw === undefined ? undefined : JSON.parse(reply.usage.raw.json),
  };
};

describe('a recorded answer', () => {
  it.each(named(good))('%s says what an independent reader finds in it', (_file, one) => {
    const { text, toolCalls, signatures, usage } = expectations(one);
    const found = told(replyOf(one));
    expect({ text: found.text, calls: found.calls }).toEqual({ text, calls: toolCalls.map(({ name, arguments: args }) => [name, JSON.parse(args)]) });
    for (const signature of signatures) expect(found.signatures).toContain(signature);
    // Objects of another language say which counts there are none of.
    if (one.grade !== 'C') expect(found.usage).toEqual(usage);
  });
  it.each(named(good.filter(({ stream }) => !stream)))('%s is written as it came', (_file, one) => {
    const body = JSON.parse(bodyOf(one).toString()) as Fields;
    expect(sameJson(stringifyJson(answered(read(body))), stringifyJson(body))).toBe(true);
  });
  it.each(named(good.filter(({ stream }) => stream)))('%s says the same when its stream is written again, in both framings', (_file, one) => {
    const events = eventsOf([bodyOf(one)], framingOf(one));
    for (const framing of ['sse', 'json-array'] as const)
      expect(told(collect(eventsOf([Buffer.from(streamed(events, { framing }))], framing)))).toEqual(told(collect(events)));
  });
});
describe('a recorded request', () => {
  const asked = all.filter(({ request, grade }) => request.body !== null && grade !== 'C');
  it.each(named(asked))('%s is written as it was sent', (_file, { request }) => {
    const body = camelCased(request.body);
    expect(sameJson(stringifyJson(through(body)), stringifyJson(body))).toBe(true);
  });
  it('covers calls and results, media, schemas, thinking and tools of the vendor', () => {
    const text = stringifyJson(asked.map(({ request }) => request.body));
    for (const word of [
      'functionCall',
      'functionResponse',
      'inlineData',
      'fileData',
      'thoughtSignature',
      'thinkingConfig',
      'responseMimeType',
      'safetySettings',
      'googleSearch',
    ])
      expect([word, text.includes(word)]).toEqual([word, true]);
  });
});
