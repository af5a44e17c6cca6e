import {
  asObject,
  type Call,
  type ChatRequest,
  type Fields,
  type Ledger,
  type Part,
  parseJson,
  some,
  unknownFields,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { formOf, withForm } from '../form.ts';
import { isEmpty } from '../wire.ts';

const CONFIG = 'guardrailConfig';
const WHY = 'a guardrail of the instance sees everything, as its operator wants it';

/** What a client says of a guardrail goes as far as it is what the instance says anyway. */
const withoutConfig = (r: ChatRequest, wanted: Fields, ledger: Ledger): ChatRequest => {
  if (r.rest?.fields[CONFIG] === undefined) return r;
  const said = asObject(r.rest.fields[CONFIG]) ?? {};
  if (Object.entries(said).some(([name, value]) => value !== null && value !== wanted[name])) ledger.note('ignored', `rest.fields.${CONFIG}`, WHY);
  return { ...r, rest: { from: r.rest.from, fields: unknownFields(r.rest.fields, [CONFIG]) ?? {} } };
};
/** Marks of what alone is to be seen. A block that cannot be unmarked is refused. */
const unmarked = (part: Part, ledger: Ledger): Part => {
  if (part.kind === 'opaque' && asObject(parseJson(part.origin.payload.json))?.guardContent !== undefined)
    throw unsupported('turns.parts', 'A guardrail of this instance sees the whole conversation; send guardContent as a plain block.');
  if (part.kind === 'toolResult') return { ...part, parts: part.parts.map((inner) => unmarked(inner, ledger)) };
  if (part.rest?.guardContent === undefined) return part;
  ledger.note('ignored', 'turns.parts.rest.guardContent', WHY);
  const { rest, ...others } = part;
  const left = unknownFields(rest ?? {}, ['guardContent']) ?? {};
  return withForm({ ...others, ...some('rest', isEmpty(left) ? undefined : left) } as Part, { ...formOf(part), left: undefined });
};
/**
 * A request that no client can take out of the guardrail that an instance wants: neither by another one, nor by streams that run
 * ahead of it, nor by marks of what alone it is to see. What is left out is noted.
 */
export const guarded = (r: ChatRequest, { endpoint, ledger }: Call): ChatRequest => {
  const wanted = asObject(endpoint.members?.[CONFIG]);
  if (wanted === undefined) return r;
  const turns = r.turns.map((turn) => ({ ...turn, parts: turn.parts.map((part) => unmarked(part, ledger)) }));
  return withoutConfig({ ...r, turns }, wanted, ledger);
};
