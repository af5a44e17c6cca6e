import type { PluginFacts, SurfaceSamples } from '@llm-proxy-auth/contract-tests';
import { type Recording, recordings } from '@llm-proxy-auth/simulators';

/** What Bedrock answered and clients sent, for one operation; bytes as they were, or JSON that the recorder wrote again. */
const good = (operation: string): readonly Recording[] =>
  recordings({ provider: 'bedrock', operation }).filter(({ response, grade }) => response.status === 200 && grade.startsWith('A'));
const requests = (list: readonly Recording[]): readonly string[] => list.flatMap(({ request }) => (request.body === null ? [] : JSON.stringify(request.body)));
const replies = (list: readonly Recording[]): readonly string[] => list.flatMap(({ response }) => response.body ?? []);
const converse: SurfaceSamples = {
  requests: [...requests(good('converse')), ...requests(good('converse-stream'))],
  replies: replies(good('converse')),
  streams: good('converse-stream').flatMap(({ response }) => (response.body_base64 === undefined ? [] : Buffer.from(response.body_base64, 'base64'))),
  usageLast: true,
};
const countTokens: SurfaceSamples = { requests: requests(good('count-tokens')), replies: replies(good('count-tokens')) };

export const facts: PluginFacts = { dialects: { converse: { converse, 'count-tokens': countTokens } } };
