import { ANSWER_TOOL, answerSchema, type ChatRequest, type Fields, some, stringifyJson } from '@llm-proxy-auth/plugin';
import type { Writing } from './foreign-blocks.ts';
import { keptTo } from './foreign-tools.ts';

/** How a JSON answer is got: by a parameter, by a tool that must be called, or by asking for it. */
export interface Output {
  /** `outputConfig.textFormat`. */
  readonly config?: Fields | undefined;
  /** The specification of the tool whose input is the answer. */
  readonly tool?: Fields | undefined;
  /** What the model is told. */
  readonly told?: string | undefined;
}
const JSON_ONLY = 'Reply with a single JSON value and nothing else.';

/**
 * First what the model has itself; else a tool, where the model may be made to call one, does not reason and has no others; else words.
 * `reasons`: it was asked to.
 */
export const fitOutput = ({ output, tools, turns }: ChatRequest, reasons: boolean, { family, lost }: Writing): Output => {
  if (output === undefined) return {};
  if (output === 'json') {
    lost('output', 'the model is asked for JSON in words', 'emulated');
    return { told: JSON_ONLY };
  }
  const { schema, name, strict, description } = output;
  if (family.schemas) {
    if (!strict) lost('output.strict', 'the provider always keeps to the schema', 'emulated');
    const kept = stringifyJson(keptTo(schema, 'output.schema', lost));
    return { config: { type: 'json_schema', structure: { jsonSchema: { schema: kept, name, ...some('description', description) } } } };
  }
  const label = `(${name}${description === undefined ? '' : `: ${description}`})`;
  const input = answerSchema(schema);
  // A family that is not told which tool it has to call must not find those of earlier calls beside it.
  const alone = family.names || turns.every(({ parts }) => parts.every(({ kind }) => kind !== 'toolCall' && kind !== 'toolResult'));
  if (input !== undefined && family.answers && !reasons && alone && tools.length === 0) {
    lost('output', 'the answer is the input of a tool that the model must call', 'emulated');
    return { tool: { name: ANSWER_TOOL, description: `Gives the answer ${label}.`, inputSchema: { json: input } } };
  }
  lost('output', 'the model is asked for the schema in words', 'emulated');
  return { told: `${JSON_ONLY} It follows this JSON Schema ${label}: ${stringifyJson(schema)}` };
};
