import { type Fields, GatewayError, header, isObject, type Json, parseJson, type UpstreamReply, type Usage } from '@llm-proxy-auth/plugin';

const bad = (): GatewayError => new GatewayError('upstream_bad_response', 'Bedrock answered without embeddings.');

/** The answer as an object. Throws GatewayError `upstream_bad_response`. */
export const replyFields = (reply: UpstreamReply): Fields => {
  let body: Json;
  try {
    body = parseJson(Buffer.from(reply.body).toString());
  } catch (cause) {
    throw new GatewayError('upstream_bad_response', 'Bedrock answered with something that is no JSON.', { cause });
  }
  if (!isObject(body)) throw new GatewayError('upstream_bad_response', 'Bedrock answered with JSON that is no object.');
  return body;
};
export const fieldsOf = (v: Json): Fields => (isObject(v) ? v : {});
export const vectorOf = (v: Json): Float32Array => {
  if (!Array.isArray(v) || v.length === 0 || v.some((n) => typeof n !== 'number')) throw bad();
  return Float32Array.from(v as number[]);
};
export const vectorsOf = (v: Json): readonly Float32Array[] => {
  if (!Array.isArray(v)) throw bad();
  return v.map(vectorOf);
};
const numberOf = (v: Json): number | undefined => (typeof v === 'number' && Number.isFinite(v) ? v : undefined);
/** Tokens as the body says, else as the header says; Cohere's models say them there alone. */
export const usageOf = (inBody: Json, reply: UpstreamReply): Usage => {
  const said = numberOf(inBody) ?? numberOf(Number(header(reply.headers, 'x-amzn-bedrock-input-token-count') ?? Number.NaN));
  return { input: said ?? 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: said === undefined };
};
