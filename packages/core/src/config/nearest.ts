/** Levenshtein distance with transpositions of neighbours counted once; both texts are short names. */
const distance = (a: string, b: string): number => {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
};

/** The known name that is most like the written one, when it is like it at all. */
const nearest = (written: string, known: Iterable<string>): string | undefined => {
  const text = written.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let least = Math.max(2, Math.floor(text.length / 3)) + 1;
  for (const name of known) {
    const d = distance(text, name.toLowerCase().slice(0, 64));
    if (d >= least || d >= name.length) continue;
    least = d;
    best = name;
  }
  return best;
};

/** `, did you mean "x"?`, or the list of a short set of names, or nothing. */
export const suggestion = (written: string, known: Iterable<string>): string => {
  const names = [...known];
  const near = nearest(written, names);
  if (near !== undefined) return `, did you mean "${near}"?`;
  if (names.length > 0 && names.length <= 8) return `; known: ${names.map((n) => `"${n}"`).join(', ')}`;
  return '';
};
