import { ANSWER_TOOL, answerSchema, type Call, type ChatRequest, type Fields, fitSchema, type Json, type Lost } from '@llm-proxy-auth/plugin';
import type { Family } from '../families.ts';
import { OUTPUT_NAME } from './params.ts';

/** How a JSON answer is got: by a parameter, by a tool that must be called, or by asking for it. */
export interface Output {
  readonly schema?: Json | undefined;
  readonly tool?: Fields | undefined;
  readonly instruction?: string | undefined;
}
const JSON_ONLY = 'Reply with a single JSON object only, without any text around it.';

const asking = (instruction: string, lost: Lost): Output => {
  lost('turns', 'the prompt asks for the form of the answer', 'emulated');
  return { instruction };
};
const labels = (output: Exclude<ChatRequest['output'], 'json' | undefined>, lost: Lost): void => {
  if (output.name !== OUTPUT_NAME) lost('output.name', 'a schema has no name here', 'emulated');
  if (output.description !== undefined) lost('output.description', 'a schema has no description here');
};
/**
 * First what the model and the endpoint have themselves; else a tool, where the model may be made to call one and has no others; else
 * an instruction. The endpoint says what it has (`jsonSchema`).
 */
export const fitOutput = (r: ChatRequest, family: Family, thinks: boolean, { endpoint }: Call, lost: Lost): Output => {
  const { output } = r;
  if (output === undefined) return {};
  if (output === 'json') {
    lost('output', 'the model is asked for JSON', 'emulated');
    return asking(JSON_ONLY, lost);
  }
  labels(output, lost);
  const { jsonSchema, forcedTool } = endpoint.capabilities;
  if (family.structured && jsonSchema !== 'tool' && jsonSchema !== 'none') {
    const { schema, changed } = fitSchema(output.schema);
    if (changed) lost('output.schema', 'keywords that the provider refuses stand in descriptions', 'clamped');
    if (!output.strict) lost('output.strict', 'the answer always follows the schema', 'emulated');
    return { schema };
  }
  const input = answerSchema(output.schema);
  lost('output', 'the answer follows the schema by another way', 'emulated');
  if (input !== undefined && jsonSchema !== 'none' && family.forced && forcedTool !== false && !thinks && r.tools.length === 0) {
    lost('tools', 'a tool stands for the answer', 'emulated');
    return { tool: { name: ANSWER_TOOL, description: 'Gives the answer.', input_schema: input } };
  }
  return asking(`${JSON_ONLY} It follows this JSON schema: ${JSON.stringify(output.schema)}`, lost);
};
