import type { ErrorLike } from '@llm-proxy-auth/plugin';
import type { Memo } from './foreign-tools.ts';

/** What a model may be found to refuse. */
export const SCHEMAS = 'schemas';
export const FORCED = 'forced';
/**
 * `This model doesn't support the outputConfig field` · `output_config.format: Extra inputs are not permitted` ·
 * `tools.0.custom.strict: Extra inputs are not permitted`. A word on a schema that is wrong is none of these.
 */
const NO_SCHEMAS =
  /(?:n.t|\bnot) support\w* (?:the )?['"`]?(?:toolConfig\.tools\.\w+\.toolSpec\.strict|output_?config)|\b(?:output_?config|strict)[\w.]*: Extra inputs/i;
/** `This model doesn't support the toolConfig.toolChoice.any field` · `tool_choice: forcing tool use is not supported`. */
const NO_FORCE = /n.t support the toolConfig\.toolChoice|tool_choice[^:]*: forcing tool use is not supported/i;

/** What of a request of another dialect the model does not take, by its error; what was not asked of it is no reason. */
export const refusal = ({ message }: ErrorLike, memo: Memo | undefined): readonly string[] | undefined => {
  if (memo?.held === true && NO_SCHEMAS.test(message)) return [SCHEMAS];
  return memo?.forced === true && NO_FORCE.test(message) ? [FORCED] : undefined;
};
