export * from './config/index.ts';
export type { AdminEntry, Graph, GraphOptions, Instance, LoadedPlugin, Strategy } from './graph.ts';
export { RESERVED_SEGMENTS } from './http/route.ts';
export { METRICS } from './observe/metric-table.ts';
export { readInput, runOperation } from './operation.ts';
export { type Running, type RuntimeOptions, startGateway } from './runtime.ts';
