/** What a JSON pointer names in a parsed value; a step `*` is every element or member. Absent places are left out. */
export const pointed = (value: unknown, pointer: string): readonly unknown[] => {
  let found: readonly unknown[] = [value];
  for (const step of pointer.slice(1).split('/')) {
    found = found.flatMap((one) => {
      if (one === null || typeof one !== 'object') return [];
      if (step === '*') return Object.values(one);
      return Object.prototype.propertyIsEnumerable.call(one, step) ? [(one as Record<string, unknown>)[step]] : [];
    });
  }
  return found;
};
