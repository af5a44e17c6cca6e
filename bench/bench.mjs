#!/usr/bin/env node
/**
 * Measures the gateway against its targets and prints a table.
 *
 *   node bench/bench.mjs [--nice=-10] [--runs=1] [--only=small,stream]     all figures; writes docs/reference/performance.md
 *   node bench/bench.mjs --check [--tolerance=0.3]                         compares a short run with bench/figures.json
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EFFORT, measure } from './measure.mjs';
import { page, shown, table } from './report.mjs';
import { figures } from './targets.mjs';

const COMMITTED = path.join(import.meta.dirname, 'figures.json');
const PAGE = path.join(import.meta.dirname, '..', 'docs', 'reference', 'performance.md');
const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    nice: { type: 'string', default: '0' },
    only: { type: 'string' },
    port: { type: 'string', default: '9800' },
    runs: { type: 'string', default: '1' },
    tolerance: { type: 'string', default: '0.3' },
  },
});
const only = options.only?.split(',');
const note = (group) => process.stderr.write(`measuring ${group} …\n`);
const measured = (effort) => figures(measure(effort, { nice: options.nice, port: Number(options.port), only, note }));

/** The better of two measurements: other work on the machine only ever makes a figure worse. */
const better = (one, other) =>
  one.map((figure, i) => {
    const second = other[i];
    return second?.value !== undefined && (figure.value === undefined || second.value < figure.value) ? second : figure;
  });

/** Says what failed and ends with 1; what is left of such a run is no measurement. */
const failed = (found) => {
  const reasons = new Set(found.filter((figure) => figure.failed).map(({ why }) => why));
  for (const reason of reasons) console.error(`failed: ${reason}`);
  if (reasons.size > 0) process.exitCode = 1;
  return reasons.size > 0;
};

const check = () => {
  const committed = new Map(JSON.parse(fs.readFileSync(COMMITTED, 'utf8')).map((figure) => [figure.id, figure.value]));
  const tolerance = Number(options.tolerance);
  const found = measured(EFFORT.short);
  failed(found);
  const worse = found.filter(({ id, value }) => {
    const before = committed.get(id);
    if (before === undefined || value === undefined) return false;
    const bad = value > before * (1 + tolerance);
    console.log(`${id.padEnd(5)} ${shown(before)} → ${shown(value)}${bad ? '  worse' : ''}`);
    return bad;
  });
  if (worse.length > 0) process.exitCode = 1;
};

const bench = () => {
  let found = measured(EFFORT.full);
  for (let run = 1; run < Number(options.runs); run++) found = better(found, measured(EFFORT.full));
  console.log(table(found).join('\n'));
  if (failed(found) || only !== undefined) return;
  fs.writeFileSync(
    COMMITTED,
    `${JSON.stringify(
      found.map(({ id, value }) => ({ id, value: value === undefined ? undefined : Number(value.toPrecision(3)) })),
      null,
      2,
    )}\n`,
  );
  fs.writeFileSync(PAGE, page(found));
};

if (options.check) check();
else bench();
