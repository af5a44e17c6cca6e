/** Files that start a gateway which is not swept whole at level trace, and why. Every other one is (R11). */
export const UNSWEPT: Readonly<Record<string, string>> = Object.freeze({
  'tests/audit-heads.test.ts': 'What stands in the log at other levels is what it shows; it is swept at those.',
  'tests/costs.test.ts': 'Work and memory of the process are measured: its log at level trace is swept, what crossed its door is not noted.',
  'tests/fail-closed.test.ts': 'No gateway of it serves; each test looks through all that was said.',
  'tests/slow-readers.test.ts': 'Memory of the process is measured: its log at level trace is swept, what crossed its door is not noted.',
  'tests/support/effects/calls.ts': 'That log.level: silent writes nothing is what is shown.',
});
/** What starts a gateway past the pieces that sweep, in this process or another. */
const STARTS =
  /\bstartGateway\(|packages\/cli\/src\/main\.ts|scripts\/run\.mjs|setup-auth\.sh|'node_modules\/llm-proxy-auth\/bin\/|\brun\(\[?'(?:start|quick-start|demo)'/;
const SWEEPS = /\bsweepAll\(|\bwatched\(/;
/** What starts one by those pieces, and what is given to them to see less. */
const OPENS = /\bopen(?:Bench|Site|Replicas)?\(|\bserving\(|\bstartSwept\(|\bwatched\(/;
const LESS = /\blog: \{(?! level: 'trace')[^}]*\blevel\b|\bLOG_LEVEL: (?!'trace')|\bmeasured: true/;
/** Whether a file, by its text, needs a line above. */
export const isUnswept = (text: string): boolean => (OPENS.test(text) && LESS.test(text)) || (STARTS.test(text) && !SWEEPS.test(text));
