import { ApiError, type GenerateContentResponse } from '@google/genai';
import { describe, expect, test } from 'vitest';
import { type Expectations, expectations, type Recording, recordedPath, recording, recordings } from '../src/index.ts';
import { claude, genai, useVertex } from './google-support.ts';

const simulator = useVertex();
const HOME = 'projects/my-project/locations/us-central1';
/** Grade C: typed objects of another SDK, whose members the service never spells so. */
const own = recordings({ provider: 'vertex' }).filter(({ grade, operation }) => grade !== 'C' && /generateContent$/i.test(operation));
const named = (all: readonly Recording[]) => all.map((one) => [one.file, one] as const);
const model = 'gemini-2.5-flash';

type Seen = Pick<Expectations, 'text' | 'finish'> & { readonly calls: readonly string[]; readonly signatures: number };
/** What the SDK makes of one answer, or of all events of a stream. */
const seenIn = (answers: readonly GenerateContentResponse[]): Seen => {
  const parts = answers.flatMap((answer) => answer.candidates?.[0]?.content?.parts ?? []);
  const reasons = answers.flatMap(({ candidates, promptFeedback }) => candidates?.[0]?.finishReason ?? promptFeedback?.blockReason ?? []);
  return {
    text: parts.flatMap(({ text = '', thought }) => (thought === true ? [] : [text])).join(''),
    calls: parts.flatMap(({ functionCall }) => functionCall?.name ?? []),
    signatures: parts.filter(({ thoughtSignature }) => thoughtSignature !== undefined).length,
    finish: reasons.at(-1),
  };
};
const asked = async ({ stream }: Recording): Promise<readonly GenerateContentResponse[]> => {
  const { models } = genai(simulator());
  const question = { model, contents: 'hi' };
  if (!stream) return [await models.generateContent(question)];
  const all: GenerateContentResponse[] = [];
  for await (const one of await models.generateContentStream(question)) all.push(one);
  return all;
};
/** Recorded without alt=sse: one list, which the SDK does not ask for. */
const isList = (one: Recording): boolean => one.stream && (one.response.body ?? '').trimStart().startsWith('[');

describe('every recording of Gemini on Vertex, read by the vendor SDK', () => {
  test.each(named(own.filter((one) => !isList(one))))('%s', async (_file, one) => {
    simulator().replay(one, { path: `/v1beta1/${HOME}/publishers/google/models/${model}:${one.operation}` });
    const expected = expectations(one);
    if (expected.errorStatus !== undefined) {
      const failure: unknown = await asked(one).catch((cause: unknown) => cause);
      // A page whose recorder calls it JSON is no error that the SDK can read.
      if (one.response.body?.startsWith('<') === true) return expect(failure).toBeInstanceOf(SyntaxError);
      expect(failure).toBeInstanceOf(ApiError);
      return expect((failure as ApiError).status).toBe(expected.errorStatus);
    }
    const { text, toolCalls, signatures, finish } = expected;
    expect(seenIn(await asked(one))).toEqual({ text, calls: toolCalls.map(({ name }) => name), signatures: signatures.length, finish });
  });
});

describe('every recording of Claude on Vertex, read by the vendor SDK', () => {
  test.each(named(recordings({ provider: 'vertex_claude' })))('%s', async (_file, one) => {
    simulator().replay(one, { path: recordedPath(one).replace(/projects\/[^/]+\/locations\/[^/]+/, HOME) });
    const { text, toolCalls, finish } = expectations(one);
    const { anthropic_version: _version, stream: _stream, ...body } = one.request.body as { max_tokens: number; messages: [] } & Record<string, unknown>;
    const { messages } = claude(simulator());
    const params = { ...body, model: one.model };
    const answer = one.stream ? await messages.stream(params).finalMessage() : await messages.create(params);
    const blocks = answer.content;
    expect(blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')).toBe(text);
    expect(blocks.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, arguments: JSON.stringify(block.input) }] : []))).toEqual(toolCalls);
    expect(answer.stop_reason).toBe(finish);
  });
});

// Written down by hand from the recordings, so that the reader is not its own witness.
describe('expectations of Vertex recordings', () => {
  const of = (file: string): Expectations => expectations(recording(`vertex/${file}.json`));
  test('parallel calls, of which the first is signed', () => {
    const { toolCalls, signatures, finish } = of('generatecontent-reasoning-gemini-2.5-pro-3062ca');
    expect([toolCalls, signatures.length, finish]).toEqual([
      [
        { name: 'add', arguments: '{"a":2,"b":3}' },
        { name: 'multiply', arguments: '{"a":2,"b":3}' },
      ],
      1,
      'STOP',
    ]);
  });
  test('arguments in pieces are one object', () => {
    const [call] = of('streamgeneratecontent-reasoning-gemini-3.1-pro-b79cb6').toolCalls;
    expect([call?.name, (JSON.parse(call?.arguments ?? '{}') as { recipe: { ingredients: unknown[] } }).recipe.ingredients[0]]).toEqual([
      'cookRecipe',
      { amount: '16 oz', name: 'Lasagna noodles' },
    ]);
  });
  test('a reason in a number, a later reason, a page', () => {
    expect(of('streamgeneratecontent-reasoning-gemini-2.5-flash-742e14').finish).toBe('STOP');
    expect(of('streamgeneratecontent-blocked-model-3c79de').finish).toBe('RECITATION');
    expect(of('generatecontent-error404-model-69ee0f').errorStatus).toBe(404);
  });
});
