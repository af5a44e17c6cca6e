import type { ParameterTable } from './sample.ts';

/** Parameters of legacy completions. */
export const completions: ParameterTable = {
  title: 'Completions (`/openai/{instance}/v1/completions`)',
  path: (instance) => `/openai/${instance}/v1/completions`,
  base: (model) => ({ model, prompt: 'Hello', max_tokens: 100 }),
  samples: {
    best_of: { value: 2 },
    echo: { value: true },
    frequency_penalty: { value: 0.5 },
    logit_bias: { value: { 50256: -100 } },
    logprobs: { value: 2 },
    max_tokens: { value: 300 },
    n: { value: 2 },
    presence_penalty: { value: 0.5 },
    'prompt: several': { body: { prompt: ['Hello', 'World'] }, name: 'prompt', unchanged: 'a call each' },
    'prompt: tokens': { body: { prompt: [15339, 11] }, name: 'prompt' },
    seed: { value: 7 },
    stop: { value: ['END'] },
    stream: { value: true },
    stream_options: { with: { stream: true }, value: { include_usage: true }, unchanged: 'by the gateway' },
    suffix: { value: ' world' },
    temperature: { value: 0.4 },
    top_p: { value: 0.9 },
    user: { value: 'ann' },
  },
};
