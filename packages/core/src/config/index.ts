export { type LoadOptions, loadGraph } from '../load-graph.ts';
export { addedText, type Pin, pinnedText, pinsOf } from '../plugins/pins.ts';
export { findConfigurationFile } from './find.ts';
export { ConfigurationError, formatProblem, isConfigurationError, type Problem, type ProblemCode } from './problem.ts';
export { type ConfigurationOption, configurationReference, schemaPaths } from './reference.ts';
export type { InstanceSettings, LimitSettings, ModelSettings, PolicySettings, Settings, TargetSettings, TlsSettings } from './schema.ts';
export { isLoopback } from './url.ts';
