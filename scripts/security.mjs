// Runs the tests of attacks, bad input and faults, which carry the id of their case in their names, and prints each id with what became of it.
// --mutants: switches the rules off one after the other, and prints which case noticed; a case that noticed none fails, unless it is one of
// those of which there is nothing to switch off.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CASES, idsOf, inFolder, lineOf, runCases, vitest } from './cases.mjs';
import { root } from './packages.mjs';

const UNSWITCHED = JSON.parse(readFileSync(join(root, 'tests/support/security-unswitched.json'), 'utf8'));
const [option] = process.argv.slice(2);
if (option !== undefined && option !== '--mutants') {
  console.error('usage: pnpm test:security [--mutants]');
  process.exit(2);
}

const runMutants = (folder) => {
  const report = join(folder, 'mutants.json');
  const status = vitest(['--project', 'e2e', 'tests/mutants.test.ts'], { LPA_MUTANTS_REPORT: report });
  const found = JSON.parse(readFileSync(report, 'utf8'));
  let bad = 0;
  for (const id of Object.keys(CASES)) {
    const rules = found.filter(({ noticed }) => noticed.some((name) => idsOf(name).includes(id))).map(({ rule }) => rule);
    const isLeftOut = found.some(({ leftOut, named }) => leftOut && idsOf(named).includes(id));
    if (rules.length > 0) console.log(lineOf(id, `fails without: ${rules.join('; ')}`));
    else if (UNSWITCHED[id] !== undefined) console.log(lineOf(id, `nothing to switch off: ${UNSWITCHED[id]}`));
    else if (isLeftOut) console.log(lineOf(id, 'left out: this machine does not have what its test needs'));
    else {
      bad++;
      console.log(lineOf(id, 'NOTICED NOTHING'));
    }
  }
  const others = found.filter(({ noticed }) => noticed.length > 0 && !noticed.some((name) => idsOf(name).length > 0));
  console.log(
    `${found.length} rules switched off, ${found.filter(({ noticed }) => noticed.length > 0).length} noticed, ${others.length} by tests without an id`,
  );
  console.log(`${bad} cases noticed nothing`);
  return bad === 0 ? status : 1;
};

process.exit(option === '--mutants' ? inFolder(runMutants) : runCases({ letters: 'AF', whole: 'scripts/services start && pnpm test:security' }));
