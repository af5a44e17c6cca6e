import { epochText, jsonLine, memberOf, quoted } from '../json-text.ts';
import { AuditRecord } from './record.ts';

/** Writes `,"name":1`. */
const numberOf = (name: string): ((value: number | undefined) => string) => {
  const before = `,"${name}":`;
  return (value) => (value === undefined ? '' : before + (Number.isFinite(value) ? `${value}` : 'null'));
};
/** Of texts that no two records share. */
const uniqueOf = (name: string): ((value: string | undefined) => string) => {
  const before = `,"${name}":`;
  return (value) => (value === undefined ? '' : before + quoted(value));
};
const address = memberOf('address', '{');
const attempts = numberOf('attempts');
const cacheWrite = numberOf('cacheWrite');
const cached = numberOf('cached');
const code = memberOf('code');
const cost = numberOf('cost');
const count = numberOf('count');
const credential = memberOf('credential');
const input = numberOf('input');
const instance = memberOf('instance');
const kind = memberOf('kind');
const mode = memberOf('mode');
const model = memberOf('model');
const ms = numberOf('ms');
const n = numberOf('n');
const operation = memberOf('operation');
const output = numberOf('output');
const principal = memberOf('principal');
const reason = memberOf('reason');
const reasoning = numberOf('reasoning');
const request = uniqueOf('request');
const status = numberOf('status');
const strategy = memberOf('strategy');
const stream = memberOf('stream');
const target = uniqueOf('target');
const upstreamModel = memberOf('upstreamModel');

/** Members that follow one another and are mostly those of the record before: as long as they are, their text is used again. */
const placeOf = (r: AuditRecord) => ({
  instance: r.instance,
  kind: r.kind,
  mode: r.mode,
  model: r.model,
  text: instance(r.instance) + kind(r.kind) + mode(r.mode) + model(r.model),
});
let place = placeOf(new AuditRecord('call', 0));
const placeText = (r: AuditRecord): string => {
  if (r.instance !== place.instance || r.kind !== place.kind || r.mode !== place.mode || r.model !== place.model) place = placeOf(r);
  return place.text;
};
/** The same of those that end a record. */
const endOf = (r: AuditRecord) => ({
  status: r.status,
  strategy: r.strategy,
  stream: r.stream,
  target: r.target,
  upstreamModel: r.upstreamModel,
  text: status(r.status) + strategy(r.strategy) + stream(r.stream) + target(r.target) + upstreamModel(r.upstreamModel),
});
let end = endOf(new AuditRecord('call', 0));
const endText = (r: AuditRecord): string => {
  if (r.status !== end.status || r.strategy !== end.strategy || r.stream !== end.stream || r.target !== end.target || r.upstreamModel !== end.upstreamModel)
    end = endOf(r);
  return end.text;
};

/**
 * JSON of a record on its way into the log, its members sorted by name; those that are undefined are left out. Without its last brace:
 * a long text that was joined is copied whole by whoever takes a part of it.
 */
export const recordText = (r: AuditRecord): string =>
  (r.address === undefined ? '{"at":' : `${address(r.address)},"at":`) +
  (Number.isFinite(r.at) ? epochText(r.at) : 'null') +
  attempts(r.attempts) +
  cacheWrite(r.cacheWrite) +
  cached(r.cached) +
  code(r.code) +
  cost(r.cost) +
  count(r.count) +
  credential(r.credential) +
  (r.estimated === undefined ? '' : `,"estimated":${r.estimated}`) +
  input(r.input) +
  placeText(r) +
  ms(r.ms) +
  n(r.n) +
  operation(r.operation) +
  output(r.output) +
  principal(r.principal) +
  reason(r.reason) +
  reasoning(r.reasoning) +
  request(r.request) +
  endText(r);
/** The same of a record that was read. */
export const canonicalOf = (record: object): string => {
  const sorted = Object.keys(record).sort();
  return jsonLine(Object.fromEntries(sorted.map((name) => [name, (record as Readonly<Record<string, unknown>>)[name]])));
};
