import { type Static, Type } from 'typebox';

/** Wrong codes until the enrolment is locked. */
const FREE = 5;
const FIRST_LOCK = 30_000;
const LONGEST_LOCK = 15 * 60_000;
const DAY = 86_400_000;
/** Wrong codes of one day that an operator is told of. */
export const ALARM = 20;

export const attempts = Type.Object({
  wrong: Type.Integer({ minimum: 0, description: 'Since the last lock or right code.' }),
  locks: Type.Integer({ minimum: 0, description: 'Since the last right code.' }),
  until: Type.Integer({ minimum: 0, description: 'Locked until, epoch ms.' }),
  day: Type.Integer({ minimum: 0, description: 'Days since 1970, UTC.' }),
  today: Type.Integer({ minimum: 0, description: 'Wrong codes of that day.' }),
});
export type Attempts = Static<typeof attempts>;
export const NONE: Attempts = Object.freeze({ wrong: 0, locks: 0, until: 0, day: 0, today: 0 });

/** How long the enrolment stays locked, ms; 0 = not locked. */
export const lockedFor = ({ until }: Attempts, now: number): number => Math.max(0, until - now);

/** After a wrong code: five lock for 30 s, five more for twice as long each time, 15 minutes at most. */
export const afterWrong = (before: Attempts, now: number): Attempts => {
  const day = Math.floor(now / DAY);
  const today = (day === before.day ? before.today : 0) + 1;
  if (before.wrong + 1 < FREE) return { ...before, wrong: before.wrong + 1, day, today };
  const lock = Math.min(FIRST_LOCK * 2 ** before.locks, LONGEST_LOCK);
  return { wrong: 0, locks: before.locks + 1, until: now + lock, day, today };
};
/** After a right code: no lock and nothing counted, but what the day has seen stays. */
export const afterRight = ({ day, today }: Attempts): Attempts => ({ ...NONE, day, today });
