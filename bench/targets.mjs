/** The targets that are measured, each with how its figure follows from the rows of `measure`. */

const row = (rows, group, scenario, target) => {
  const found = rows[group]?.[scenario]?.[target];
  return found?.failed === undefined ? found : undefined;
};
/** Why a group has no figures or not all: it did not run, or requests of one of its rows failed. */
const failure = (group = {}) =>
  group.failed ??
  Object.values(group)
    .flatMap((scenario) => Object.values(scenario))
    .find(({ failed }) => failed !== undefined)?.failed;
const cpuRatio = (rows, group, scenario, target, base) => {
  const [one, other] = [row(rows, group, scenario, target), row(rows, group, scenario, base)];
  return one === undefined || other === undefined ? undefined : one.minCpu / other.minCpu;
};
/** p50 that a target adds to the direct call. */
const added = (rows, target) => {
  const [one, direct] = [row(rows, 'latency', 'small-c1', target), row(rows, 'latency', 'small-c1', 'direct')];
  return one === undefined || direct === undefined ? undefined : one.p50 - direct.p50;
};
const latency = (rows) => {
  const [ours, base] = [added(rows, 'gateway-transparent'), added(rows, 'http-dispatch')];
  return ours === undefined || base === undefined ? undefined : ours / base;
};
const EVENT_EVERY_MS = 50;

/** `must` and `aim` are upper bounds of the figure. */
export const TARGETS = Object.freeze([
  {
    id: 'P1',
    what: 'transparent, small JSON: CPU / http-dispatch',
    must: 1.6,
    aim: 1.25,
    of: (r) => cpuRatio(r, 'small', 'small-c16', 'gateway-transparent', 'http-dispatch'),
  },
  { id: 'P2', what: 'the same / nginx', needs: 'nginx', must: 4.5, aim: 3, of: (r) => cpuRatio(r, 'small', 'small-c16', 'gateway-transparent', 'nginx') },
  {
    id: 'P3',
    what: 'OpenAI to OpenAI, small JSON, protocol mode: CPU / Portkey',
    needs: 'portkey',
    must: 1 / 8,
    aim: 1 / 10,
    of: (r) => cpuRatio(r, 'protocol', 'small-c16', 'gateway', 'portkey'),
  },
  { id: 'P4', what: 'added p50 at one connection / that of http-dispatch', must: 1.5, aim: 1.2, of: latency },
  {
    id: 'P5a',
    what: 'stream flat out, transparent: CPU per event / http-dispatch',
    must: 0.9,
    aim: 0.65,
    of: (r) => cpuRatio(r, 'stream', 'stream200-c16', 'gateway-transparent', 'http-dispatch'),
  },
  {
    id: 'P5b',
    what: 'stream flat out, protocol mode passing: CPU per event / http-dispatch',
    must: 0.9,
    aim: 0.65,
    of: (r) => cpuRatio(r, 'stream', 'stream200-c16', 'gateway', 'http-dispatch'),
  },
  ...['anthropic', 'bedrock'].map((api, i) => ({
    id: `P6${'ab'[i]}`,
    what: `translated stream, ${api}: CPU per event / http-dispatch passing the same events`,
    must: 1.6,
    aim: 1.15,
    of: (r) => cpuRatio(r, 'translated', `${api}-stream200-c16`, 'gateway-translating', 'http-dispatch-vendors'),
  })),
  ...['anthropic', 'bedrock'].map((api, i) => ({
    id: `P7${'ab'[i]}`,
    what: `translated JSON, ${api}: CPU / Portkey`,
    needs: 'portkey',
    must: 1 / 4,
    aim: 1 / 6,
    of: (r) => cpuRatio(r, 'whole', `${api}-small-c16`, 'gateway-translating', 'portkey'),
  })),
  ...['anthropic', 'bedrock'].map((api, i) => ({
    id: `P7${'cd'[i]}`,
    what: `translated stream, ${api}: CPU / Portkey`,
    needs: 'portkey',
    must: 1 / 4,
    aim: 1 / 6,
    of: (r) => cpuRatio(r, 'flowing', `${api}-stream200-c16`, 'gateway-translating', 'portkey'),
  })),
  {
    id: 'P8a',
    what: '500 slow streams: CPU per event / nginx',
    needs: 'nginx',
    must: 3,
    aim: 2.5,
    of: (r) => cpuRatio(r, 'slow', 'slow500', 'gateway', 'nginx'),
  },
  {
    id: 'P8b',
    what: '500 slow streams: median gap error, ms',
    must: 2,
    aim: 1,
    of: (r) => {
      const gap = row(r, 'slow', 'slow500', 'gateway')?.gap50;
      return gap === undefined ? undefined : Math.abs(gap - EVENT_EVERY_MS);
    },
  },
  {
    id: 'P9',
    what: 'memory per open stream, fresh process, 500 streams, KiB',
    must: 120,
    aim: 80,
    of: (r) => row(r, 'memory', 'slow500', 'gateway')?.kibPerStream,
  },
  {
    id: 'P10a',
    what: '10 MB image, transparent: CPU / http-dispatch collected',
    must: 1,
    aim: 0.82,
    of: (r) => cpuRatio(r, 'image', 'image10m-c2', 'gateway-transparent', 'http-dispatch'),
  },
  {
    id: 'P10b',
    what: '10 MB image, two at once: peak RSS over idle, MiB',
    must: 60,
    aim: 40,
    of: (r) => {
      const ours = row(r, 'image', 'image10m-c2', 'gateway-transparent');
      return ours === undefined ? undefined : ours.peak - ours.rss0;
    },
  },
  { id: 'P13', what: 'SigV4 of a 1 KB body, µs', must: 12, aim: 6, of: (r) => row(r, 'signing', 'signing', 'gateway')?.us },
]);

/** Targets of the design that this bench does not measure. */
export const NOT_MEASURED = Object.freeze([
  ['P11', 'longest event-loop stall at a 10 MB image in protocol mode: 6.4 ms, the worst of 30 41.8 ms, in a bench of its own, `node bench/stall.mjs`'],
  [
    'P12',
    'warm key check and a flood of wrong keys: 0.71 µs and 0.47 of a good call (aim 0.5) in a bench of its own, `node --conditions=@llm-proxy-auth/source bench/keys.mjs`',
  ],
  ['P14', 'idle RSS and start to ready, of what is built: 109 MiB and 0.57 s, in a bench of its own, `node bench/idle.mjs`'],
  ['P15', '10,000 keys, 1,000 policies, 500 models / one of each: 1.01 in a bench of its own, `node --conditions=@llm-proxy-auth/source bench/scale.mjs`'],
]);

const groupOf = (id) =>
  ({
    P1: 'small',
    P2: 'small',
    P3: 'protocol',
    P4: 'latency',
    P5: 'stream',
    P6: 'translated',
    P7: 'whole',
    P7c: 'flowing',
    P7d: 'flowing',
    P8: 'slow',
    P9: 'memory',
    P10: 'image',
    P13: 'signing',
  })[id.replace(/[ab]$/, '')];

/** The figures of a run: `value`, or `why` there is none, with `failed` where that is an error and not a comparison missing here. */
export const figures = ({ rows, missing }) =>
  TARGETS.map(({ id, what, needs, must, aim, of }) => {
    const value = of(rows);
    if (value !== undefined && !Number.isNaN(value)) return { id, what, must, aim, value };
    if (needs !== undefined && missing[needs] !== undefined) return { id, what, must, aim, why: missing[needs] };
    const failed = failure(rows[groupOf(id)]);
    return failed === undefined ? { id, what, must, aim, why: 'the scenario did not run' } : { id, what, must, aim, failed: true, why: failed };
  });

export const verdict = ({ value, must, aim }) => (value === undefined ? 'not measured' : value <= aim ? 'ok, aim reached' : value <= must ? 'ok' : 'missed');
