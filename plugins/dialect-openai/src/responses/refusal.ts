import type { ErrorLike } from '@llm-proxy-auth/plugin';
import { BREAKPOINT, refusesMarks } from '../breakpoints.ts';
import { RESPONSES } from '../chat/yields.ts';
import { errorFields } from './failure.ts';

/**
 * What a model may be found to refuse of Responses: summaries (of an account that is not verified), reasoning that is handed out, and
 * reasoning that comes back and that another account sealed.
 */
export const SUMMARY = 'responses.summary';
export const SEALED = 'responses.sealed';
export const RETURNED = 'responses.returned';
/** Answers of a service, a region or a server that has the model in chat completions alone. */
const ABSENT: ReadonlySet<number> = new Set([404, 405]);
/** Asked for a client of another dialect, who wrote none of this. */
export const refusal = (error: ErrorLike): readonly string[] | undefined => {
  const { status, param } = error;
  if (refusesMarks(error)) return [BREAKPOINT];
  if (ABSENT.has(status) || param === 'model') return [RESPONSES];
  if (param === 'reasoning.summary') return [SUMMARY];
  if (errorFields(error).code === 'invalid_encrypted_content') return [RETURNED];
  return param === 'include' ? [SEALED] : undefined;
};
