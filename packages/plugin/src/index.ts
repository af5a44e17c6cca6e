export * from './access.ts';
export * from './conversation.ts';
export * from './dialect.ts';
export * from './error.ts';
export * from './plugin.ts';
export * from './provider.ts';
export * from './schema.ts';
export * from './wire.ts';
