/** Ms since `at`, both epoch ms. Endless where `at` lies ahead: a clock that was set back says nothing of what was before. */
export const since = (at: number, now: number): number => (now < at ? Number.POSITIVE_INFINITY : now - at);
