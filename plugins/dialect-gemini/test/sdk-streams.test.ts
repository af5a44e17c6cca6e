import { valuesOf } from '@llm-proxy-auth/contract-tests/vendor-types';
import { asList, asObject, type Json } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { candidatesOf } from '../src/candidates.ts';
import { holds, sdkType } from './sdk-types.ts';
import { eventsOf, type Fields, payloads, sse, streamed } from './support.ts';

/** Adjacent texts of one kind are one; an empty one without a signature says nothing, and one with a signature signs what stands before it. */
const joined = (parts: readonly Fields[]): readonly Fields[] => {
  const out: Fields[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    const plain = Object.keys(part).every((key) => ['text', 'thought', 'thoughtSignature'].includes(key)) && typeof part.text === 'string';
    const grows =
      plain &&
      last !== undefined &&
      typeof last.text === 'string' &&
      (last.thought === true) === (part.thought === true) &&
      last.thoughtSignature === undefined;
    const text = grows ? `${String(last.text)}${String(part.text)}` : part.text;
    if (plain && grows && (part.thoughtSignature === undefined || part.text === '')) out[out.length - 1] = { ...last, ...part, text };
    else if (!(plain && part.text === '' && part.thoughtSignature === undefined)) out.push(part);
  }
  // That something is no thought goes without saying.
  return out.map(({ thought, ...part }) => (thought === true ? { ...part, thought } : part));
};
/** What the pieces of a stream add up to. */
const sum = (pieces: readonly Fields[]): Fields => {
  let whole: Fields = {};
  const candidates = new Map<number, Fields>();
  for (const piece of pieces) {
    whole = { ...whole, ...piece };
    for (const [index, candidate] of candidatesOf(piece)) {
      const { content, ...rest } = candidate;
      const before = candidates.get(index) ?? {};
      const parts = [...asList(before.parts), ...asList(asObject(content)?.parts)] as readonly Fields[];
      candidates.set(index, { ...before, ...rest, index, parts: joined(parts) });
    }
  }
  return { ...whole, candidates: [...candidates].sort(([a], [b]) => a - b).map(([, candidate]) => candidate) };
};
const carried = (body: Json): Fields => sum(payloads(streamed(eventsOf([sse([body])]))));
const IN_PIECES = 'calls that come in pieces are read in tests of their own, and written whole';
const CLASS = 'a class, whose members are tried with those of requests';
holds({
  type: 'Answer',
  carried,
  expected: (body) => sum([body]),
  decisions: {
    exclude: {
      'Part.functionResponse': { why: CLASS, as: valuesOf(sdkType('Result'), {}) },
      'Part.toolResponse': { why: CLASS, as: valuesOf(sdkType('ServerResult'), {}) },
      'Candidate.index': { why: 'candidates have numbers of their own, from 0', as: fc.constant(0) },
      'FunctionCall.partialArgs': { why: IN_PIECES },
      'FunctionCall.willContinue': { why: IN_PIECES },
      'Candidate.logprobsResult': { why: 'tokens lose their numbers in a stream; the tests of answers carry the rest' },
      'Answer.createTime': { why: 'it is a time', as: fc.constantFrom('2026-05-04T20:01:02.264968Z', '2026-01-01T00:00:00Z') },
      'Answer.modelVersion': { why: 'a piece without a model is the asked one’s', as: fc.constantFrom('gemini-3-pro-preview', 'g') },
      'Answer.responseId': { why: 'an answer without an id gets one', as: fc.constantFrom('R', 'r1') },
    },
    fit: {
      Answer: {
        why: 'a stream ends with a reason, and says which answer of which model it is',
        fit: ({ candidates, ...more }) => ({
          modelVersion: 'g',
          responseId: 'R',
          ...more,
          candidates: [{ finishReason: 'STOP', ...((candidates as readonly object[])[0] ?? {}) }],
        }),
      },
      FunctionCall: { why: 'a call without a name is a piece of another, and arguments are an object', fit: (call) => ({ name: 'f', args: {}, ...call }) },
      UsageMetadata: { why: 'a stream that counts nothing has no usage', fit: (usage) => ({ promptTokenCount: 1, ...usage }) },
    },
  },
});
