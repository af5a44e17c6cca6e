#!/usr/bin/env node
// Marks the rows of plugins/provider-*/src/facts.json whose price a second, independent collection says too:
//   node scripts/model-data-also.mjs NAME URL VIA DAY FILE
// FILE is JSON, USD per million tokens: { plugin: { model: [input, output] } }. Nothing of it is copied; what differs is printed.
import { readFileSync, writeFileSync } from 'node:fs';
import { written } from './model-data-file.mjs';

const [name, url, via, day, file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node scripts/model-data-also.mjs NAME URL VIA DAY FILE');
  process.exit(2);
}
const near = (a, b) => Math.abs(a - b) <= 1e-6 + 0.002 * Math.abs(b);
for (const [plugin, prices] of Object.entries(JSON.parse(readFileSync(file, 'utf8')))) {
  const path = new URL(`../plugins/provider-${plugin}/src/facts.json`, import.meta.url);
  const data = JSON.parse(readFileSync(path, 'utf8'));
  let same = 0;
  for (const [model, row] of Object.entries(data.models)) {
    const others = (row.also ?? []).filter((other) => other !== name);
    const said = prices[model];
    const agrees = row.price !== undefined && row.from !== name && said !== undefined && near(said[0], row.price.input) && near(said[1], row.price.output);
    if (agrees) same++;
    else if (said !== undefined && row.price !== undefined && row.from !== name)
      console.log(`${plugin} ${model}: ${row.price.input} / ${row.price.output} here, ${said.join(' / ')} there`);
    const also = agrees ? [...others, name] : others;
    const { also: _also, from, ...rest } = row;
    data.models[model] = { ...rest, from, ...(also.length === 0 ? {} : { also }) };
  }
  if (same > 0) data.sources[name] = { url, read: day, via };
  writeFileSync(path, written(data));
  console.log(`${plugin}: ${same} prices are said twice`);
}
