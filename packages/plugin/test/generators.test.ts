import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as generators from '../src/fixtures/generators.ts';
import { collect, eventsOf, normal, normalReply, parseJson, stringifyJson } from '../src/index.ts';
import { membersOf, pathsOf } from './members.ts';

/** Members no generator makes, each with its reason; a pattern over paths. */
const EXCLUDED: readonly { readonly path: RegExp; readonly why: string }[] = [
  { path: /^<error>\.error\.(param|retryAfterMs|retry|spent|tokens|vendor)/, why: 'errors are made by the tests of the dialects that read them' },
  { path: /^(\.inputs\.parts|<part>\.part|\.choices\.parts)<toolResult>/, why: 'a model does not answer with tool results, and nobody embeds them' },
  { path: /^(<part>\.part|\.choices\.parts)<(document|video)>/, why: 'no provider answers with documents or videos' },
  { path: /^\.inputs\.parts<(refusal|thinking|toolCall)>/, why: 'what only a model says is not embedded' },
  { path: /^\.inputs\.parts<text>\.(citations|logprobs)/, why: 'what only a model adds to its text is not embedded' },
  { path: /\.parts<toolResult>\.parts<(refusal|thinking|audio|video|toolCall|toolResult|opaque)>/, why: 'tool results hold text, images and documents' },
  { path: /\.parts<toolResult>\.parts<text>\.(citations|logprobs)/, why: 'a tool does not add what a model adds to its text' },
  { path: /<document>\.(pieces|found)$/, why: 'two vendors have a place for them; tests/document-texts.test.ts carries them to each' },
  { path: /\.usage\.(audio|image)(In|Out)$/, why: 'few surfaces count sound and images apart; tests/usage-details.test.ts carries them through each' },
  { path: /<(image|audio|video|document|toolCall|toolResult|opaque|thinking|refusal|text)>\.kind$/, why: 'always there; told by the angle brackets' },
];
const seen = (arbitrary: fc.Arbitrary<unknown>, runs: number): Set<string> => {
  const found = new Set<string>();
  for (const value of fc.sample(arbitrary, { numRuns: runs, seed: 20 })) pathsOf(value, '', found);
  return found;
};
describe('every member of the conversation model is made or excluded', () => {
  test.each<[string, fc.Arbitrary<unknown>]>([
    ['ChatRequest', generators.chatRequest()],
    ['ChatReply', generators.chatReply()],
    ['ChatEvent', generators.chatEvents()],
    ['EmbedRequest', generators.embedRequest()],
  ])('%s', (name, arbitrary) => {
    const wanted = [...membersOf(name)].filter((path) => !EXCLUDED.some((one) => one.path.test(path)));
    const found = seen(arbitrary, 1500);
    expect(wanted.length).toBeGreaterThan(15);
    expect(wanted.filter((path) => !found.has(path))).toEqual([]);
  });
  test('every exclusion still excludes something', () => {
    const all = ['ChatRequest', 'ChatReply', 'ChatEvent', 'EmbedRequest'].flatMap((name) => [...membersOf(name)]);
    for (const { path } of EXCLUDED)
      expect(
        all.some((member) => path.test(member)),
        String(path),
      ).toBe(true);
  });
  test('a member that a type gains is missed by the walk of the values', () => {
    expect(membersOf('Sampling')).toContain('.topK');
    expect(pathsOf({ topP: 1 })).not.toContain('.topK');
  });
});
test('options narrow what comes up', () => {
  fc.assert(
    fc.property(generators.chatRequest({ kept: false, kinds: ['text', 'toolCall'] }), (request) => {
      const paths = [...pathsOf(request)];
      expect(paths.filter((path) => /\.(origin|rest|cache)\b/.test(path))).toEqual([]);
      for (const turn of request.turns) for (const part of turn.parts) expect(['text', 'toolCall', 'toolResult']).toContain(part.kind);
    }),
  );
});
test('every tool call has an id of its own and is answered in the next turn', () => {
  fc.assert(
    fc.property(generators.turns(), (turns) => {
      const calls = turns.flatMap((turn) => turn.parts.filter((part) => part.kind === 'toolCall').map((part) => part.id));
      const answers = turns.flatMap((turn) => turn.parts.filter((part) => part.kind === 'toolResult').map((part) => part.id));
      expect(new Set(calls).size).toBe(calls.length);
      expect(answers).toEqual(calls);
    }),
  );
});
test('generated values survive JSON', () => {
  fc.assert(
    fc.property(generators.chatRequest(), (request) => {
      expect(stringifyJson(parseJson(stringifyJson(request)))).toBe(stringifyJson(request));
    }),
  );
});
describe('laws', () => {
  test('normal is idempotent', () => {
    fc.assert(
      fc.property(generators.chatRequest(), (request) => {
        const once = normal(request);
        expect(normal(once)).toStrictEqual(once);
      }),
      { numRuns: 300 },
    );
  });
  test('normalReply is idempotent', () => {
    fc.assert(
      fc.property(generators.chatReply(), (reply) => {
        const once = normalReply(reply);
        expect(normalReply(once)).toStrictEqual(once);
      }),
      { numRuns: 300 },
    );
  });
  test('a stream tells the reply, however it is cut and mixed', () => {
    fc.assert(
      fc.property(generators.streamedReply(), ({ reply, events }) => {
        expect(normalReply(collect(eventsOf(reply)))).toStrictEqual(normalReply(reply));
        expect(normalReply(collect(events))).toStrictEqual(normalReply(reply));
      }),
      { numRuns: 300 },
    );
  });
});
