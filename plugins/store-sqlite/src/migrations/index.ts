import { initial } from './0001-initial.ts';

/** Forward only: entry n brings a database of version n to n + 1. An entry that was released never changes. */
export const MIGRATIONS: readonly string[] = Object.freeze([initial]);
