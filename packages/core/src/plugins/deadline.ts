/** Thrown by `within` when the time is over. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}
/** The promise's outcome, or DeadlineError after `ms`; what comes later goes to `late`. */
export const within = async <T>(ms: number, work: Promise<T>, late: (value: T) => void = () => undefined): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      over = true;
      reject(new DeadlineError(`not done after ${ms} ms`));
    }, ms);
  });
  work.then(
    (value) => {
      if (over) late(value);
    },
    () => undefined,
  );
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
};
