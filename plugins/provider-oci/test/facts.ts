import { generateKeyPairSync } from 'node:crypto';
import { type PluginFacts, secretOf } from '@llm-proxy-auth/contract-tests';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
export const TENANCY = 'ocid1.tenancy.oc1..aaaatenancy';
export const USER = 'ocid1.user.oc1..aaaauser';
export const FINGERPRINT = '20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34';
export const COMPARTMENT = 'ocid1.compartment.oc1..aaaacompartment';
/** A key that is made anew for each run. */
export const PRIVATE_KEY = PEM;
export const credentials = () => ({ type: 'api-key', tenancy: TENANCY, user: USER, fingerprint: FINGERPRINT, privateKey: secretOf(PEM, 'OCI_KEY') });

const reply = (status: number, code: string, message: string, headers: readonly string[] = []) => ({
  status,
  headers: ['content-type', 'application/json', ...headers],
  body: Buffer.from(JSON.stringify({ code, message })),
});
const incorrect = 'The required information to complete authentication was not provided or was incorrect.';
const lines = (...events: readonly object[]): Buffer => Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n`).join(''));

export const facts: PluginFacts = {
  dialects: {
    oci: {
      generic: {
        replies: [
          JSON.stringify({
            modelId: 'meta.llama-3.3-70b-instruct',
            modelVersion: '1.0.0',
            chatResponse: {
              apiFormat: 'GENERIC',
              timeCreated: '2026-01-01T00:00:00.000Z',
              choices: [{ index: 0, message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'Hi' }] }, finishReason: 'stop' }],
              usage: { promptTokens: 5, completionTokens: 2, totalTokens: 7 },
            },
          }),
        ],
        streams: [
          lines(
            { index: 0, message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'H' }] }, pad: 'aa' },
            { index: 0, message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'i' }] }, pad: 'a' },
            { finishReason: 'stop', pad: 'aaa' },
          ),
        ],
      },
      cohere: {
        replies: [
          JSON.stringify({
            modelId: 'cohere.command-r-08-2024',
            modelVersion: '1',
            chatResponse: { apiFormat: 'COHERE', text: 'Hi', finishReason: 'COMPLETE' },
          }),
        ],
        streams: [
          lines(
            { apiFormat: 'COHERE', text: 'Hel' },
            { apiFormat: 'COHERE', text: 'lo' },
            { apiFormat: 'COHERE', text: 'Hello', chatHistory: [], finishReason: 'COMPLETE' },
          ),
        ],
      },
      coherev2: {
        replies: [
          JSON.stringify({
            modelId: 'cohere.command-a-vision-07-2025',
            modelVersion: '1',
            chatResponse: { apiFormat: 'COHEREV2', id: 'x', message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'Hi' }] }, finishReason: 'COMPLETE' },
          }),
        ],
        streams: [
          lines(
            { apiFormat: 'COHEREV2', message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'Hi' }] } },
            { apiFormat: 'COHEREV2', message: { role: 'ASSISTANT', content: [] }, finishReason: 'COMPLETE' },
          ),
        ],
      },
      embed: {
        requests: ['{"inputs":["a"],"inputType":"SEARCH_DOCUMENT"}'],
        replies: ['{"id":"x","embeddings":[[0.5,-0.25]],"modelId":"cohere.embed-v4.0","modelVersion":"1"}'],
      },
      rerank: {
        requests: ['{"input":"q","documents":["a","b"]}'],
        replies: [
          '{"id":"x","documentRanks":[{"index":1,"relevanceScore":0.9},{"index":0,"relevanceScore":0.1}],"modelId":"cohere.rerank-v3.5","modelVersion":"1"}',
        ],
      },
    },
  },
  providers: {
    oci: {
      config: { region: 'us-chicago-1', compartmentId: COMPARTMENT, credentials: credentials() },
      native: [
        { method: 'POST', path: '/20231130/actions/chat', class: 'inference', bodyModel: 'meta.llama-3.3-70b-instruct' },
        { method: 'POST', path: '/20231130/actions/embedText', class: 'inference', bodyModel: 'cohere.embed-v4.0' },
        { method: 'POST', path: '/20231130/actions/rerankText', class: 'inference', bodyModel: 'cohere.rerank-v3-5' },
        { method: 'POST', path: '/20231130/actions/applyGuardrails', class: 'inference' },
        { method: 'POST', path: '/20231130/actions/v1/chat/completions', class: 'inference', bodyModel: 'openai.gpt-oss-120b' },
        { method: 'POST', path: '/openai/v1/responses', class: 'inference', bodyModel: 'openai.gpt-oss-120b' },
        { method: 'GET', path: '/openai/v1/files/file-1', class: 'stateful' },
        { method: 'POST', path: '/openai/v1/files', class: 'stateful' },
        { method: 'GET', path: '/20231130/models', query: `compartmentId=${COMPARTMENT}`, class: 'models' },
        { method: 'GET', path: '/20231130/endpoints', query: `compartmentId=${COMPARTMENT}`, class: 'control' },
      ],
      rejections: [
        { reply: reply(401, 'NotAuthenticated', incorrect), is: 'credential' },
        {
          reply: reply(
            401,
            'NotAuthenticated',
            "Date 'Sun, 11 Mar 2018 16:32:46 UTC' is not within allowed clock skew. Current 'Sun, 11 Mar 2018 16:39:04 UTC', valid datetime range: ['Sun, 11 Mar 2018 16:34:04 UTC', 'Sun, 11 Mar 2018 16:44:05 UTC']",
          ),
          is: 'clock',
        },
        { reply: reply(404, 'NotAuthorizedOrNotFound', 'Authorization failed or requested resource not found.'), is: undefined },
        { reply: reply(429, 'TooManyRequests', 'Too many requests'), is: undefined },
      ],
    },
  },
};
