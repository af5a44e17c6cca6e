import type { PluginFacts, SurfaceSamples } from '@llm-proxy-auth/contract-tests';
import { type Recording, recordings } from '@llm-proxy-auth/simulators';

const good = (operation: string): readonly Recording[] =>
  recordings({ provider: 'anthropic', operation }).filter(({ response }) => response.status === 200 && response.body !== undefined);
const bodies = (list: readonly Recording[]): readonly string[] => list.flatMap(({ response }) => response.body ?? []);
/** What Anthropic's service answered and clients sent, for one operation. */
const recorded = (operation: string): SurfaceSamples => ({
  requests: good(operation).flatMap(({ request }) => (request.body === null ? [] : JSON.stringify(request.body))),
  replies: bodies(good(operation).filter(({ stream }) => !stream)),
  streams: bodies(good(operation).filter(({ stream }) => stream)).map((body) => Buffer.from(body)),
});
/** No list of models is recorded: this is what the service's reference documents. */
const models: SurfaceSamples = {
  replies: [
    '{"data":[{"type":"model","id":"claude-opus-4-6","display_name":"claude-opus-4-6","created_at":"2026-02-04T00:00:00Z","lifecycle":"active","line":"opus","max_input_tokens":200000}],"has_more":false,"first_id":"claude-opus-4-6","last_id":"claude-opus-4-6"}',
  ],
};

export const facts: PluginFacts = {
  dialects: { anthropic: { messages: recorded('messages'), count_tokens: recorded('messages/count_tokens'), models } },
};
