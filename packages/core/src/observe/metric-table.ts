/** One metric as it is exposed; the reference page is generated from these. */
export interface MetricEntry {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram's buckets, in seconds. */
  readonly buckets?: readonly number[];
  /** Most label combinations kept apart; what comes after them is counted under `other`. */
  readonly most: number;
}

/** Nine bounds: from a cached answer to the longest call that timeouts allow. */
const CALL_SECONDS = Object.freeze([0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300]);
const FIRST_TOKEN_SECONDS = Object.freeze([0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 15, 60]);
const OVERHEAD_SECONDS = Object.freeze([0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25]);

const entry = (name: string, type: MetricEntry['type'], labels: readonly string[], most: number, help: string, buckets?: readonly number[]): MetricEntry =>
  Object.freeze({ name, type, labels: Object.freeze([...labels]), help, most, ...(buckets === undefined ? {} : { buckets }) });

const OUTCOME = ['instance', 'operation', 'outcome'];
/** Every metric of this build (contract.md §6). */
export const METRICS = Object.freeze({
  http: entry('http_requests_total', 'counter', ['method', 'route', 'status'], 300, 'Requests answered, by method, route pattern and status.'),
  health: entry('health_check_status', 'gauge', ['instance'], 200, '1 while the instance answers its probe, else 0.'),
  requests: entry(
    'llm_proxy_requests_total',
    'counter',
    ['instance', 'dialect', 'mode', 'operation', 'status'],
    500,
    'Calls to providers, by the status the client got.',
  ),
  tokens: entry('llm_proxy_tokens_total', 'counter', ['instance', 'type'], 250, 'Tokens by type: input, output, cached, cache_write, reasoning.'),
  cost: entry('llm_proxy_cost_usd_total', 'counter', ['instance'], 200, 'US dollars of what was used, where a price is known.'),
  auth: entry('llm_proxy_auth_total', 'counter', ['strategy', 'result'], 60, 'Authentications: ok, denied, unavailable, missing.'),
  rateLimited: entry('llm_proxy_rate_limited_total', 'counter', ['reason'], 10, 'Calls refused by a limit, by error code.'),
  retries: entry('llm_proxy_retries_total', 'counter', [], 1, 'Further tries at the same target.'),
  fallbacks: entry('llm_proxy_fallbacks_total', 'counter', [], 1, 'Tries at another target.'),
  truncated: entry('llm_proxy_stream_truncated_total', 'counter', [], 1, 'Streams that a provider cut.'),
  fidelity: entry('llm_proxy_fidelity_total', 'counter', ['param'], 130, 'Fields of requests and answers that could not be carried over.'),
  thinkingLost: entry('llm_proxy_thinking_lost_total', 'counter', [], 1, 'Calls whose history lacks signed thinking that was issued and cannot be found.'),
  duration: entry('llm_proxy_request_duration_seconds', 'histogram', OUTCOME, 150, 'From the request head to the end of the answer.', CALL_SECONDS),
  firstToken: entry(
    'llm_proxy_time_to_first_token_seconds',
    'histogram',
    OUTCOME,
    150,
    'From the request head to the first content sent.',
    FIRST_TOKEN_SECONDS,
  ),
  upstream: entry(
    'llm_proxy_upstream_duration_seconds',
    'histogram',
    OUTCOME,
    150,
    "From the last dispatch to the end of the provider's answer.",
    CALL_SECONDS,
  ),
  overhead: entry(
    'llm_proxy_overhead_seconds',
    'histogram',
    ['mode'],
    2,
    'Work of the gateway itself until its head is sent, waiting excluded.',
    OVERHEAD_SECONDS,
  ),
  degraded: entry('llm_proxy_degraded', 'gauge', ['component'], 5, '1 while a component does without what it shares with other replicas.'),
  inflight: entry('llm_proxy_inflight', 'gauge', ['instance'], 200, 'Calls open now.'),
  breaker: entry(
    'llm_proxy_breaker_state',
    'gauge',
    ['instance'],
    200,
    '0 while calls go to the instance, 1 while one is let through to see, 2 while it is left alone.',
  ),
  credentialExpires: entry(
    'llm_proxy_credential_expires_seconds',
    'gauge',
    ['instance'],
    200,
    'Seconds until the credential in use ends; negative once it has.',
  ),
  audit: entry(
    'llm_proxy_audit_records_total',
    'counter',
    ['result'],
    5,
    'Records of the audit log: written, spilled, dropped, refused because it took no more.',
  ),
  reload: entry('llm_proxy_config_reload_success', 'gauge', [], 1, '1 when the last configuration was taken, 0 when it was refused and the one before serves.'),
  info: entry('llm_proxy_instance_info', 'gauge', ['instance', 'provider', 'region'], 200, 'Always 1; joins provider and region to an instance.'),
});
export type MetricKey = keyof typeof METRICS;

export const OTHER = 'other';
/** Series of all metrics together, whatever the traffic; a histogram counts its buckets, sum and count. */
export const MAX_SERIES = 2000;

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));
export const METHODS = set('GET HEAD POST PUT PATCH DELETE OPTIONS');
export const MODES = set('protocol transparent');
export const OPERATIONS = set('chat embeddings rerank countTokens models opaque');
export const TOKEN_TYPES = set('input output cached cache_write reasoning');
export const OUTCOMES = set('ok error client');
export const AUTH_RESULTS = set('ok denied unavailable missing');
export const LIMIT_REASONS = set(
  'rate_limit_exceeded too_many_concurrent_requests budget_exceeded upstream_rate_limited upstream_overloaded overloaded draining',
);
/** Fields of requests and answers that get a label of their own; callers choose names, so everything else is `other`. */
export const PARAMS = set(
  [
    'temperature top_p top_k top_a min_p n best_of seed stop max_tokens max_completion_tokens max_output_tokens presence_penalty frequency_penalty repetition_penalty',
    'logit_bias logprobs top_logprobs echo suffix user safety_identifier prompt_cache_key prompt_cache_retention store metadata service_tier verbosity truncation',
    'tools tool_choice parallel_tool_calls functions function_call custom_tools strict response_format json_schema modalities audio prediction reasoning reasoning_effort thinking',
    'stream stream_options include include_usage web_search_options previous_response_id conversation instructions background max_tool_calls dimensions encoding_format input_type',
    'system messages images image image_detail documents files video cache_control citations annotations container mcp_servers context_management guardrail',
    'safety_settings safetySettings generationConfig candidateCount responseMimeType responseSchema cachedContent labels name refusal developer_role tool_names',
    'stop_sequences output_config inferenceConfig toolConfig outputConfig additionalModelRequestFields contents systemInstruction toolChoice',
    'choices choices[].finish_reason choices[].message choices[].message.annotations choices[].logprobs content content[].citations content[].input',
    'output output[].content output.message candidates candidates[].finishReason candidates[].citationMetadata',
    'stop_reason stop_sequence stopReason status incomplete_details created usage usage.reasoning usage.estimated metrics.latencyMs tier opaque',
  ].join(' '),
);
/** The field of the closed set that `param` is or stands in: `messages[].content[].id` is `messages`; else `other`. */
export const paramLabel = (param: string): string => {
  for (let name = param; name !== ''; name = name.slice(0, Math.max(name.lastIndexOf('.'), name.lastIndexOf('['), 0))) if (PARAMS.has(name)) return name;
  return OTHER;
};
