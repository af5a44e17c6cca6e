import { type PluginFacts, secretOf } from '@llm-proxy-auth/contract-tests';

const reply = (status: number, type: string, message: string) => ({
  status,
  headers: ['content-type', 'application/json', 'x-amzn-errortype', `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/`],
  body: Buffer.from(JSON.stringify({ message })),
});
const ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456';

export const facts: PluginFacts = {
  dialects: {
    'bedrock-invoke': {
      'titan-embed': {
        requests: ['{"inputText":"hello","dimensions":256,"normalize":true}'],
        replies: ['{"embedding":[0.5,-0.25],"embeddingsByType":{"float":[0.5,-0.25]},"inputTextTokenCount":5}'],
      },
      'nova-embed': {
        requests: ['{"taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{"embeddingPurpose":"GENERIC_INDEX","text":{"truncationMode":"END","value":"a"}}}'],
        replies: ['{"embeddings":[{"embeddingType":"TEXT","embedding":[0.5,-0.25]}],"inputTokenCount":5}'],
      },
      'cohere-embed': {
        requests: ['{"texts":["a","b"],"input_type":"search_document","embedding_types":["float"]}'],
        replies: ['{"id":"x","texts":["a"],"embeddings":{"float":[[0.5,-0.25]]},"response_type":"embeddings_by_type"}'],
      },
    },
  },
  providers: {
    bedrock: {
      config: {
        credentials: {
          type: 'static',
          accessKeyId: 'AKIDEXAMPLE',
          secretAccessKey: secretOf('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', 'AWS_SECRET_ACCESS_KEY'),
        },
      },
      native: [
        { method: 'POST', path: '/model/amazon.nova-lite-v1%3A0/converse', class: 'inference', model: 'amazon.nova-lite-v1:0' },
        { method: 'POST', path: '/model/us.anthropic.claude-opus-5-5/converse-stream', class: 'inference', model: 'us.anthropic.claude-opus-5-5' },
        { method: 'POST', path: `/model/${encodeURIComponent(ARN)}/invoke`, class: 'inference', model: ARN },
        {
          method: 'POST',
          path: '/model/meta.llama3-8b-instruct-v1%3A0/invoke-with-response-stream',
          class: 'inference',
          model: 'meta.llama3-8b-instruct-v1:0',
        },
        { method: 'POST', path: '/model/anthropic.claude-opus-5-5/count-tokens', class: 'inference', model: 'anthropic.claude-opus-5-5' },
        { method: 'POST', path: '/guardrail/gr-1/version/1/apply', class: 'inference' },
        { method: 'POST', path: '/openai/v1/chat/completions', bodyModel: 'openai.gpt-oss-20b-1:0', class: 'inference' },
        { method: 'GET', path: '/foundation-models', query: 'byProvider=amazon', class: 'models' },
        { method: 'GET', path: '/inference-profiles/us.amazon.nova-lite-v1%3A0', class: 'models', model: 'us.amazon.nova-lite-v1:0' },
        { method: 'POST', path: '/async-invoke', class: 'stateful' },
        {
          method: 'GET',
          path: `/async-invoke/${encodeURIComponent('arn:aws:bedrock:us-east-1:123456789012:async-invoke/abc123')}`,
          class: 'stateful',
        },
        { method: 'GET', path: '/guardrails', class: 'control' },
      ],
      rejections: [
        { reply: reply(403, 'ExpiredTokenException', 'The security token included in the request is expired'), is: 'credential' },
        {
          reply: reply(
            403,
            'InvalidSignatureException',
            'Signature expired: 20261123T000000Z is now earlier than 20261123T000500Z (20261123T001000Z - 5 min.)',
          ),
          is: 'clock',
        },
        { reply: reply(403, 'AccessDeniedException', "You don't have access to the model with the specified model ID."), is: undefined },
        {
          reply: reply(
            403,
            'AccessDeniedException',
            'User: arn:aws:sts::123456789012:assumed-role/gw/s is not authorized to perform: bedrock:InvokeModel on resource: x',
          ),
          is: 'credential',
        },
      ],
    },
  },
};
