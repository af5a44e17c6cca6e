const OWN_WORDS = 'words of one vendor, which InvokeModel hands on as they are: other dialects ask its models by Converse';
const TOKENS = 'an answer of the token service, for which no client asks: tests/watsonx-credentials.test.ts';
/** What of the recordings is not played one way, and why. Everything else is played both ways. */
export const NEITHER: Readonly<Record<string, { readonly passing?: string; readonly translated?: string }>> = {
  'watsonx/token-plain-1908b2.json': { passing: TOKENS, translated: TOKENS },
  'watsonx/text-generation-stream-plain-m-d2760a.json': { translated: 'the template of a test server: %d stands where numbers do, which is no JSON' },
  'vertex/streamgeneratecontent-structured-gemini-2.0-flash-6e7923.json': {
    translated: 'grade C: members of typed objects in the spelling of another language, which the service never sends',
  },
  'gemini/models-servertool-a266c2.json': { passing: 'lists never pass: the gateway cuts them to what the caller may use' },
  'bedrock/apply-blocked-04c7fb.json': { translated: 'ApplyGuardrail judges a text and answers none, so that no dialect has it' },
  'bedrock/invoke-blocked-nova-lite-v1-5833ae.json': { translated: OWN_WORDS },
  'bedrock/invoke-error403-nova-micro-v1-fcac1d.json': { translated: OWN_WORDS },
  'bedrock/invoke-length-arn-aws-sagemaker-us-eas-94e8df.json': { translated: 'what an endpoint of SageMaker speaks is known to its owner alone' },
  'bedrock/invoke-plain-cohere.command-7a05ff.json': { translated: OWN_WORDS },
  'bedrock/invoke-plain-jamba-89cd75.json': { translated: OWN_WORDS },
  'bedrock/invoke-tools-nova-micro-v1-b14aa8.json': { translated: OWN_WORDS },
  'bedrock/invoke-with-response-stream-length-cohere.command-c3955a.json': { translated: OWN_WORDS },
  'bedrock/invoke-with-response-stream-plain-llama2-13-537ec9.json': { translated: OWN_WORDS },
};
