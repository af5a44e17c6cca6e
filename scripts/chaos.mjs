// Runs the tests of faults, which carry the id of their case in their names, with every cut of every recorded stream in both ways on both paths.
import { runCases } from './cases.mjs';

const words = process.argv.slice(2);
const usage = `usage: pnpm chaos

Runs every test of a fault (F…) and prints each id with what became of it. Recorded streams of OpenAI's wire are cut at every byte by
FIN and by RST, on both paths (CUTS=all), which takes some minutes.
Exit code 1 when a test fails or a fault has none. Some need PostgreSQL and Redis: scripts/services start && pnpm chaos`;
if (words.length > 0) {
  const asked = words.includes('--help') || words.includes('-h');
  (asked ? console.log : console.error)(usage);
  process.exit(asked ? 0 : 2);
}
process.exit(runCases({ letters: 'F', whole: 'scripts/services start && pnpm chaos', env: { CUTS: 'all' } }));
