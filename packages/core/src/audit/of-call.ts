import type { Exchange } from '../call/exchange.ts';
import type { AuditRecord } from './record.ts';

/** What is known before the first byte goes to a provider. */
export const describeIntent = (record: AuditRecord, x: Exchange): void => {
  record.request = x.id;
  record.principal = x.principal?.id;
  record.credential = x.principal?.credential;
  record.strategy = x.principal?.strategy;
  record.address = x.address;
  record.mode = x.mode;
  record.operation = x.operation;
  record.instance = x.instance?.name;
  record.model = x.model;
  record.upstreamModel = x.upstreamModel;
};
/** How a call ended and what it used. */
export const describeEnd = (record: AuditRecord, x: Exchange, status: number): void => {
  describeIntent(record, x);
  record.status = status;
  record.code = x.code === '' ? undefined : x.code;
  record.stream = x.streamOutcome === 'none' ? undefined : x.streamOutcome;
  record.attempts = x.attempts;
  record.ms = Math.round(x.ended - x.started);
  record.cost = x.cost;
  const { usage } = x;
  if (usage === undefined) return;
  record.input = usage.input;
  record.output = usage.output;
  if (usage.cacheRead > 0) record.cached = usage.cacheRead;
  if (usage.cacheWrite > 0) record.cacheWrite = usage.cacheWrite;
  if (usage.reasoning > 0) record.reasoning = usage.reasoning;
  if (usage.estimated) record.estimated = true;
};
