import { asText, type Fields, invalid } from '@llm-proxy-auth/plugin';

/** A member that is text; else 400. */
export const textMember = (body: Fields, name: string, param: string): string => {
  const value = asText(body[name]);
  if (value === undefined) throw invalid(param, `'${param}' must be a string.`);
  return value;
};
