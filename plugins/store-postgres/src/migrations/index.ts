import { initial } from './0001-initial.ts';

/** SQL of one step for a schema whose name is quoted already. */
export type Migration = (schema: string) => string;

/** Forward only: entry n brings a schema of version n to n + 1. An entry that was released never changes. */
export const MIGRATIONS: readonly Migration[] = Object.freeze([initial]);
