/** One piece of work for all who want the same at the same time, and so many pieces at most. */
export interface Flights<T> {
  /** The running work for the key, or that which `begin` begins; undefined when there are too many already. `begin` must not throw. */
  share(key: string, begin: () => Promise<T>): Promise<T> | undefined;
}
export const flights = <T>(most: number): Flights<T> => {
  const running = new Map<string, Promise<T>>();
  return {
    share(key, begin) {
      const other = running.get(key);
      if (other !== undefined || running.size >= most) return other;
      const flight = begin().finally(() => running.delete(key));
      running.set(key, flight);
      return flight;
    },
  };
};
