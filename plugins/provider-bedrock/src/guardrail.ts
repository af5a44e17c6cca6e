import { asList, asObject, type HeaderPairs, type Json, type Refusal } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';

export type Guardrail = NonNullable<Config['guardrail']>;
const IDENTIFIER = 'x-amzn-bedrock-guardrailidentifier';
const VERSION = 'x-amzn-bedrock-guardrailversion';
const TRACE = 'x-amzn-bedrock-trace';

/** The guardrail as headers, which every API but Converse takes. */
export const guardrailHeaders = (guardrail: Guardrail | undefined): readonly string[] =>
  guardrail === undefined
    ? []
    : [...[IDENTIFIER, guardrail.id, VERSION, guardrail.version], ...(guardrail.trace === undefined ? [] : [TRACE, guardrail.trace.toUpperCase()])];
/** The same in the body of Converse. */
export const guardrailBody = ({ id, version, trace }: Guardrail): Json => ({
  guardrailIdentifier: id,
  guardrailVersion: version,
  ...(trace === undefined ? {} : { trace }),
});

/** Member of every body but Converse's, by which a client may say what alone is looked at, and that a stream need not wait for it. */
const MEMBER = 'amazon-bedrock-guardrailConfig';

/** What no client may say of it beside headers. */
export const unsaid = (guardrail: Guardrail | undefined): { readonly without?: readonly string[] } => (guardrail === undefined ? {} : { without: [MEMBER] });

const weakened = (param: string, how: string): Refusal => ({
  refuse: 'operation_not_allowed',
  message: `Every call of this instance runs under its guardrail, which sees everything before the client does: ${how}.`,
  param,
});
/** A trace tells how the guardrail judges: what the operator does not show is not asked for. */
const refusedTrace = ({ trace = 'disabled' }: Guardrail, said: Json, param: string): Refusal | undefined => {
  if (said === undefined || said === null || [trace, 'disabled'].includes(String(said).toLowerCase())) return undefined;
  return weakened(param, `leave ${param} out or make it ${trace}`);
};
const refusal = ({ id, version }: Guardrail, param: string): Refusal => ({
  refuse: 'operation_not_allowed',
  message: `Every call of this instance runs under its guardrail, and what is sent here is not changed: name ${id} in version ${version} yourself.`,
  param,
});
/** Every line of a header counts: readers differ in which of several they take. */
const says = (headers: HeaderPairs, name: string, wanted: string): boolean => {
  const said = headers.filter((_, i) => i % 2 === 1 && headers[i - 1] === name);
  return said.length > 0 && said.every((value) => value === wanted);
};
/** Undefined: the headers name the guardrail, word for word, and no other. */
export const refusedByHead = (guardrail: Guardrail, headers: HeaderPairs): Refusal | undefined => {
  if (!says(headers, IDENTIFIER, guardrail.id)) return refusal(guardrail, 'X-Amzn-Bedrock-GuardrailIdentifier');
  if (!says(headers, VERSION, guardrail.version)) return refusal(guardrail, 'X-Amzn-Bedrock-GuardrailVersion');
  const traces = headers.flatMap((value, i) => (i % 2 === 1 && headers[i - 1] === TRACE ? [value] : []));
  return traces.flatMap((said) => refusedTrace(guardrail, said, 'X-Amzn-Bedrock-Trace') ?? [])[0];
};
/** Undefined: beside a guardrail in headers the body says nothing of it. */
export const refusedByMember = (body: Json): Refusal | undefined =>
  asObject(body)?.[MEMBER] === undefined ? undefined : weakened(MEMBER, `leave ${MEMBER} out`);
const marks = (list: Json): boolean => asList(list).some((block) => asObject(block)?.guardContent !== undefined);
/** Undefined: the body of Converse names the guardrail, word for word, and takes nothing out of its sight. */
export const refusedByBody =
  (guardrail: Guardrail) =>
  (body: Json): Refusal | undefined => {
    const named = asObject(asObject(body)?.guardrailConfig);
    if (named?.guardrailIdentifier !== guardrail.id) return refusal(guardrail, 'guardrailConfig.guardrailIdentifier');
    if (named.guardrailVersion !== guardrail.version) return refusal(guardrail, 'guardrailConfig.guardrailVersion');
    const mode = named.streamProcessingMode ?? 'sync';
    if (mode !== 'sync') return weakened('guardrailConfig.streamProcessingMode', 'a stream waits for it, in the mode sync');
    const whole = asObject(body);
    if (marks(whole?.system)) return weakened('system[].guardContent', 'send guardContent as a plain block');
    if (asList(whole?.messages).some((message) => marks(asObject(message)?.content)))
      return weakened('messages[].content[].guardContent', 'send guardContent as a plain block');
    return refusedTrace(guardrail, named.trace, 'guardrailConfig.trace');
  };
/** For what runs a model and takes no guardrail. */
export const refusedAlways = (guardrail: Guardrail): Refusal => ({
  ...refusal(guardrail, ''),
  message: 'Every call of this instance runs under its guardrail, and this operation takes none.',
  param: undefined,
});
