import { asObject, type HeaderPairs, type Json, type Refusal } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';

export type Guardrail = NonNullable<Config['guardrail']>;
const IDENTIFIER = 'x-amzn-bedrock-guardrailidentifier';
const VERSION = 'x-amzn-bedrock-guardrailversion';

/** The guardrail as headers, which every API but Converse takes. */
export const guardrailHeaders = (guardrail: Guardrail | undefined): readonly string[] =>
  guardrail === undefined
    ? []
    : [
        ...[IDENTIFIER, guardrail.id, VERSION, guardrail.version],
        ...(guardrail.trace === undefined ? [] : ['x-amzn-bedrock-trace', guardrail.trace.toUpperCase()]),
      ];
/** The same in the body of Converse. */
export const guardrailBody = ({ id, version, trace }: Guardrail): Json => ({
  guardrailIdentifier: id,
  guardrailVersion: version,
  ...(trace === undefined ? {} : { trace }),
});

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
  return says(headers, VERSION, guardrail.version) ? undefined : refusal(guardrail, 'X-Amzn-Bedrock-GuardrailVersion');
};
/** Undefined: the body names the guardrail, word for word. */
export const refusedByBody =
  (guardrail: Guardrail) =>
  (body: Json): Refusal | undefined => {
    const named = asObject(asObject(body)?.guardrailConfig);
    if (named?.guardrailIdentifier !== guardrail.id) return refusal(guardrail, 'guardrailConfig.guardrailIdentifier');
    return named.guardrailVersion === guardrail.version ? undefined : refusal(guardrail, 'guardrailConfig.guardrailVersion');
  };
/** For what runs a model and takes no guardrail. */
export const refusedAlways = (guardrail: Guardrail): Refusal => ({
  ...refusal(guardrail, ''),
  message: 'Every call of this instance runs under its guardrail, and this operation takes none.',
  param: undefined,
});
