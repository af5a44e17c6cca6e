import { type Fields, isObject, type Json, some } from '@llm-proxy-auth/plugin';

/** Measurements that one cloud puts beside the end of an answer; they are not the vendor's. */
export const METRICS = 'amazon-bedrock-invocationMetrics';
/** Usage in them, for an answer that says none itself. */
export const measured = (metrics: Json): Fields | undefined => {
  if (!isObject(metrics)) return undefined;
  return {
    input_tokens: metrics.inputTokenCount,
    output_tokens: metrics.outputTokenCount,
    ...some('cache_read_input_tokens', metrics.cacheReadInputTokenCount),
    ...some('cache_creation_input_tokens', metrics.cacheWriteInputTokenCount),
  };
};
