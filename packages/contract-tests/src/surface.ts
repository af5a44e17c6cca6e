import { dialectSuite } from './dialect.ts';
import { type DialectSubject, needs, type SurfaceSubject } from './dialect-subject.ts';
import { type Rule, type Runner, runRules } from './runner.ts';
import { streamSuite } from './stream.ts';
import { generatedRules } from './surface-generated.ts';
import { lawRules } from './surface-laws.ts';
import { lossRules } from './surface-losses.ts';
import { tapSuite } from './tap.ts';

export const surfaceRules: readonly Rule<SurfaceSubject>[] = [...lawRules, ...lossRules, ...generatedRules];

/** Rules of one surface of a dialect: what it reads, writes and reports. */
export const surfaceSuite = (runner: Runner, subject: SurfaceSubject): void =>
  runRules(runner, `surface ${subject.dialect.name} ${subject.surface.name}`, surfaceRules, subject);

/** A dialect's own rules, then those of each of its surfaces, streams and taps. */
export const wholeDialectSuite = (runner: Runner, subject: DialectSubject): void => {
  dialectSuite(runner, subject);
  for (const surface of subject.dialect.surfaces) {
    const one: SurfaceSubject = { dialect: subject.dialect, surface, samples: subject.samples[surface.name] ?? {} };
    if (surface.client !== undefined || surface.provider !== undefined) surfaceSuite(runner, one);
    if (needs.reader(one) === undefined || needs.writer(one) === undefined) streamSuite(runner, one);
    if (surface.tap !== undefined) tapSuite(runner, one);
  }
};
