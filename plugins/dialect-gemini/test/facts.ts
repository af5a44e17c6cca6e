import type { PluginFacts, SurfaceSamples } from '@llm-proxy-auth/contract-tests';
import { type Recording, recordings } from '@llm-proxy-auth/simulators';
import { camelCased } from '../src/snake.ts';

/** What both of Google's APIs answered and clients sent. */
const good = (operation: string): readonly Recording[] =>
  ['gemini', 'vertex']
    .flatMap((provider) => recordings({ provider, operation }))
    .filter(({ response }) => response.status === 200 && response.body !== undefined);
const bodies = (list: readonly Recording[]): readonly string[] => list.flatMap(({ response }) => response.body ?? []);
/** Some clients write `stop_sequences`; we write what all others do. */
const sent = (list: readonly Recording[]): readonly string[] =>
  list.flatMap(({ request }) => (request.body === null ? [] : JSON.stringify(camelCased(request.body))));
/**
 * Two recorded streams say why they end in pieces that others follow, so that a cut between them is an end like any other: they are read
 * in the tests of streams.
 */
const SEVERAL_ENDS: ReadonlySet<string> = new Set([
  'vertex/streamgeneratecontent-blocked-model-3c79de.json',
  'vertex/streamgeneratecontent-plain-gemini-2.0-flash-df3a21.json',
]);
const recorded = (operation: string): SurfaceSamples => ({ requests: sent(good(operation)), replies: bodies(good(operation)) });
/** Clients that do not ask for events got one array, which is read in the tests of recordings. */
const isArray = ({ response }: Recording): boolean => response.body?.trimStart().startsWith('[') === true;
const streamed = good('streamGenerateContent').filter((one) => !SEVERAL_ENDS.has(one.file) && !isArray(one));

export const facts: PluginFacts = {
  dialects: {
    gemini: {
      generate: {
        requests: sent([...good('generateContent'), ...good('streamGenerateContent')]),
        replies: bodies(good('generateContent')),
        streams: bodies(streamed).map((body) => Buffer.from(body)),
      },
      count: recorded('countTokens'),
      embed: recorded('embedContent'),
      batch_embed: {
        ...recorded('batchEmbedContents'),
        // Each request names the model of the path again, which is the one that the laws call.
        requests: sent(good('batchEmbedContents')).map((body) => body.replaceAll(/"models\/[^"]*"/g, '"models/model-1"')),
      },
      predict: {
        // Of what Vertex answers only the answer is recorded; the request is what its reference documents.
        requests: [
          '{"instances":[{"content":"one","task_type":"RETRIEVAL_DOCUMENT","title":"t"}],"parameters":{"outputDimensionality":256,"autoTruncate":true}}',
        ],
        replies: bodies(good('predict')),
      },
      rank: {
        // As the reference of Discovery Engine documents them: the best first.
        requests: ['{"model":"semantic-ranker-default@latest","query":"q","records":[{"id":"0","content":"a"},{"id":"1","content":"b"}]}'],
        replies: ['{"records":[{"id":"1","score":0.98},{"id":"0","score":0.64}]}'],
      },
      models: {
        replies: [
          '{"models":[{"name":"models/gemini-2.5-flash","displayName":"gemini-2.5-flash","inputTokenLimit":1048576,"supportedGenerationMethods":["generateContent","countTokens"]}]}',
        ],
      },
    },
  },
};
