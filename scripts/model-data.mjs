#!/usr/bin/env node
// Writes plugins/provider-*/src/facts.json from a copy of litellm's table of models (MIT), whose numbers name the vendors' own pages:
//   node scripts/model-data.mjs model_prices_and_context_window.json 1.110.2 2026-11-26
// Rows of facts.json that came from elsewhere stay as they are, and count before the table's; so do its families.
import { readFileSync, writeFileSync } from 'node:fs';
import { written } from './model-data-file.mjs';

const [file, release, today] = process.argv.slice(2);
if (today === undefined) {
  console.error('usage: node scripts/model-data.mjs FILE RELEASE DAY');
  process.exit(2);
}
const table = JSON.parse(readFileSync(file, 'utf8'));
const VIA = `litellm ${release}`;
const LICENSE = 'Numbers and dates by litellm, MIT License, Copyright (c) 2023 Berri AI; see LICENSE.litellm.';

/** Kinds of work that are paid by tokens of text. */
const MODES = new Set(['chat', 'completion', 'responses', 'embedding', 'rerank', 'moderation']);
/** Without what is not known. */
const plain = (fields) => JSON.parse(JSON.stringify(fields));
const perMillion = (n) => Number((n * 1e6).toFixed(6));
const rates = (row, after = '') => {
  const of = (name) => (typeof row[`${name}${after}`] === 'number' ? perMillion(row[`${name}${after}`]) : undefined);
  return {
    input: of('input_cost_per_token'),
    output: of('output_cost_per_token'),
    cacheRead: of('cache_read_input_token_cost'),
    cacheWrite: of('cache_creation_input_token_cost'),
  };
};
/** Rates of long input; what the table leaves out of them is that of short input. */
const longOf = (row, price) => {
  const above = Object.keys(row).flatMap((key) => /^input_cost_per_token_above_(\d+)k_tokens$/.exec(key)?.[1] ?? [])[0];
  if (above === undefined) return undefined;
  const long = { ...price, ...plain(rates(row, `_above_${above}k_tokens`)) };
  return { over: Number(above) * 1000, ...(long.cacheWrite < long.input ? plain({ ...long, cacheWrite: undefined }) : long) };
};
const priceOf = (row) => {
  const short = rates(row);
  if (row.mode === 'moderation' && short.input === 0) return { input: 0, output: 0 };
  // Sound and pictures are paid apart there, and usage does not tell them from text.
  if (row.output_cost_per_audio_token !== undefined || row.output_cost_per_image_token !== undefined) return undefined;
  // What is paid by the call, the page or the second has no price here; a 0 in the table mostly says the same.
  if (short.input === undefined || (short.input === 0 && !short.output)) return undefined;
  if (short.output === undefined && row.mode !== 'embedding') return undefined;
  const price = plain({ ...short, output: short.output ?? 0 });
  // Writing costs no less than what it saves reading; a smaller number is a slip of the table.
  if (price.cacheWrite !== undefined && price.cacheWrite < price.input) delete price.cacheWrite;
  const { long, ...all } = { ...price, long: longOf(row, price) };
  return long === undefined ? all : { ...all, long };
};
const scaled = (price, by) =>
  Object.fromEntries(
    Object.entries(price).map(([name, value]) => [
      name,
      name === 'over' ? value : typeof value === 'number' ? Number((value * by).toFixed(6)) : scaled(value, by),
    ]),
  );
/** Input and output together; where vendors of these sizes say how much of each, the table has the input alone. */
const INPUT_ALONE = new Set([272_000, 922_000]);
const contextOf = ({ max_input_tokens: input, max_output_tokens: output }) =>
  typeof input !== 'number' ? undefined : INPUT_ALONE.has(input) && typeof output === 'number' ? input + output : input;

/** Which rows of the table belong to a plugin, and under which name: `place/model` is what it costs there. */
const PLUGINS = {
  openai: (name, { litellm_provider: by }) => (by === 'openai' && !name.includes('/') && !name.startsWith('ft:') ? name : undefined),
  anthropic: (name, { litellm_provider: by }) => (by === 'anthropic' && !name.includes('/') ? name : undefined),
  bedrock(name, { litellm_provider: by }) {
    if (!['bedrock', 'bedrock_converse', 'bedrock_mantle'].includes(by) || /commitment|@/.test(name)) return undefined;
    return name.replace(/^bedrock_mantle\//, 'mantle/').replace(/^bedrock\//, '');
  },
  azure: (name, { litellm_provider: by }) => {
    if (by !== 'azure' && by !== 'azure_ai') return undefined;
    const plain = name.replace(/^azure(?:_ai)?\//, '').replace(/^global(?:-standard)?\//, '');
    return plain.includes('/') ? undefined : plain;
  },
  vertex: (name, { litellm_provider: by }) => (by?.startsWith('vertex_ai') ? name.replace(/^vertex_ai\//, '') : undefined),
  watsonx: (name, { litellm_provider: by }) => (by === 'watsonx' ? name.replace(/^watsonx\//, '') : undefined),
  oci: (name, { litellm_provider: by }) => (by === 'oci' ? name.replace(/^oci\//, '') : undefined),
};
/** Places where a model costs more by a factor that the table knows, and the member that has it. */
const PLACES = {
  openai: { eu: 'regional_processing_uplift_multiplier_eu', us: 'regional_processing_uplift_multiplier_us' },
  vertex: { regional: 'regional_endpoint_uplift_multiplier' },
};

/** Sources by name, as facts.json lists them; a name is made of the host and a number. */
const sourceBook = (kept) => {
  const names = new Map(Object.entries(kept).map(([name, { url, via }]) => [`${via} ${url}`, name]));
  const sources = { ...kept };
  return {
    sources,
    nameOf(url) {
      const key = `${VIA} ${url}`;
      const known = names.get(key);
      if (known !== undefined) return known;
      const host = new URL(url).hostname.replace(/^www\./, '');
      const same = Object.keys(sources).filter((name) => name.startsWith(`${host}#`)).length;
      const name = `${host}#${same + 1}`;
      names.set(key, name);
      sources[name] = { url, read: today, via: VIA };
      return name;
    },
  };
};
const TABLE = 'https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json';
/** Rows that contradict what the same model costs everywhere else by a factor: left out, and so without a price, until someone reads the page. */
const DOUBTED = /^oci\/(?:google\.gemini-2\.5-flash|xai\.grok-(?:4-fast|4\.1-fast|code-fast))/;
const isUrl = (text) => typeof text === 'string' && /^https:\/\/\S+$/.test(text) && !text.includes('/subscriptions/');
const rowOf = (row, book) => {
  const price = priceOf(row);
  const dated = typeof row.deprecation_date === 'string' && isUrl(row.deprecation_source);
  const facts = {
    context: contextOf(row),
    output: typeof row.max_output_tokens === 'number' && row.max_output_tokens > 0 ? row.max_output_tokens : undefined,
    price,
    retires: dated ? row.deprecation_date : undefined,
  };
  if (price === undefined && facts.retires === undefined) return undefined;
  return plain({ ...facts, from: book.nameOf(isUrl(row.source) ? row.source : TABLE), endFrom: dated ? book.nameOf(row.deprecation_source) : undefined });
};
/** A name and its dated ones are one row where they are told the same. */
const folded = (rows) => {
  const told = { ...rows };
  for (const [name, row] of Object.entries(rows)) {
    const base = /^(.+)-20\d\d-?\d\d-?\d\d$/.exec(name)?.[1];
    const same = rows[base];
    if (same === undefined || JSON.stringify([same.price, same.retires]) !== JSON.stringify([row.price, row.retires])) continue;
    delete told[name];
    told[`${base}-20*`] = same;
  }
  return told;
};
const sorted = (rows) => Object.fromEntries(Object.entries(rows).sort(([a], [b]) => (a < b ? -1 : 1)));

for (const [plugin, nameOf] of Object.entries(PLUGINS)) {
  const path = new URL(`../plugins/provider-${plugin}/src/facts.json`, import.meta.url);
  let before = { sources: {}, models: {} };
  try {
    before = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const own = (name) => before.sources[name]?.via?.startsWith('litellm ') !== true;
  const kept = Object.fromEntries(Object.entries(before.models).filter(([, { from, endFrom }]) => own(from) && (endFrom === undefined || own(endFrom))));
  const book = sourceBook(Object.fromEntries(Object.entries(before.sources).filter(([name]) => own(name))));
  const rows = {};
  for (const [name, row] of Object.entries(table)) {
    const id = MODES.has(row.mode) && !DOUBTED.test(name) ? nameOf(name, row) : undefined;
    const facts = id === undefined ? undefined : rowOf(row, book);
    if (facts === undefined || kept[id] !== undefined) continue;
    rows[id] ??= facts;
    for (const [place, member] of Object.entries(PLACES[plugin] ?? {})) {
      if (typeof row[member] === 'number' && facts.price !== undefined) rows[`${place}/${id}`] ??= { ...facts, price: scaled(facts.price, row[member]) };
    }
  }
  const models = sorted({ ...folded(rows), ...kept });
  // What a second collection said of a price holds as long as the price does.
  for (const [name, { price, also }] of Object.entries(before.models))
    if (also !== undefined && models[name] !== undefined && kept[name] === undefined && JSON.stringify(models[name].price) === JSON.stringify(price))
      models[name].also = also;
  const families = before.families ?? [];
  const used = new Set([...Object.values(models).flatMap(({ from, endFrom, also = [] }) => [from, endFrom, ...also]), ...families.flatMap(({ from }) => from)]);
  const sources = Object.fromEntries(Object.entries({ ...before.sources, ...book.sources }).filter(([name]) => used.has(name)));
  writeFileSync(path, written({ version: today, license: LICENSE, notes: before.notes, sources, families, models }));
  console.log(`${plugin}: ${Object.keys(models).length} models, ${Object.keys(sources).length} sources`);
}
