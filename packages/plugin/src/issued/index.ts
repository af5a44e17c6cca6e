/** What strategies share that give out credentials themselves: rights, records, their administration. */
export { type Argon, type ArgonLibrary, type Asker, argon, isAffordable, NOBODY } from './argon.ts';
export { type Book, type BookOptions, POLL, pollBook, recordBook, SILENT, STALE } from './book.ts';
export { type Bounds, globWithin, isPowerful } from './bounds.ts';
export { COMPROMISED, type Compromised, compromised } from './compromised.ts';
export { type Grant, grantOf, grantProperties, MODES, NAME, rangeOf, rangeWithin, restrictionOf, SCOPES, scopesOf } from './grant.ts';
export { type Guesses, guesses, latest } from './guesses.ts';
export { durationOf, futureOf, graceOf, isoOf, momentOf } from './moment.ts';
export { addressPrefix, networkOf } from './network.ts';
export { allRows, commitChange, type Described, jsonText, operations, type Run, sharedParts } from './operation.ts';
export { currentPair, findPair } from './pairs/find.ts';
export { type PairOperations, type PairParts, pairOperations } from './pairs/operations.ts';
export { isPairId, newPairId, PAIR, PAIRS, type PairEntry, type PairKind, type PairRecord, pairBook, pairObstacle, pairOf } from './pairs/record.ts';
export { type Replays, type ReplaysOptions, replays } from './pairs/replays.ts';
export { rowReader, rowValue } from './row.ts';
export { checksum, type TokenForm, tokenForm } from './token.ts';
export { type TurnsOptions, turns } from './turns.ts';
export { type Verified, verified } from './verified.ts';
