import { type Fields, isObject } from './json/members.ts';
import type { Json } from './wire.ts';

/** Input of a tool is an object: a schema that says nothing of its type is one. Undefined for a schema of anything else. */
export const inputSchema = (schema: Json): Fields | undefined => {
  const fields: Fields = isObject(schema) ? schema : {};
  if (fields.type === 'object') return fields;
  if (fields.type !== undefined && fields.type !== null) return undefined;
  return { ...fields, type: 'object', ...(fields.properties === undefined ? { properties: {} } : {}) };
};
/** Name of the tool whose input is the answer, where a model keeps to a schema in no other way. */
export const ANSWER_TOOL = 'json_answer';
const UNIONS = ['anyOf', 'oneOf', 'allOf', '$ref'] as const;
/** The same for a tool that stands for an answer: input that may be one of several things is none that every provider takes. */
export const answerSchema = (schema: Json): Fields | undefined => {
  const input = inputSchema(schema);
  return input === undefined || UNIONS.some((key) => input[key] !== undefined) ? undefined : input;
};
