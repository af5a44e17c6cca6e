// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration itself
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readDocument } from '../src/config/document.ts';
import { GOOD, makeWorld, type World } from './world.ts';

const codes = (text: string) => readDocument(text).problems.map((p) => `${p.place?.line}:${p.place?.column} ${p.code}`);

describe('YAML is read without its surprises', () => {
  test('anchors, aliases and merge keys are refused where they stand', () => {
    expect(codes('a: &x { b: 1 }\nc: *x\nd: { <<: *x }\n')).toEqual(['1:7 config_alias', '2:4 config_alias', '3:6 config_alias']);
  });
  test('an anchor on a key or a whole list is refused too', () => {
    expect(codes('&k a: 1\nb: &l\n  - 1\n')).toEqual(['1:4 config_alias', '3:3 config_alias']);
  });
  test('tags are refused, also those of the core schema', () => {
    expect(codes('a: !secret x\nb: !!str 2\nc: !<tag:yaml.org,2002:js/function> "x"\n').map((c) => c.split(' ')[1])).toEqual([
      'config_tag',
      'config_tag',
      'config_tag',
    ]);
  });
  test('a key written twice is refused at the second one', () => {
    expect(codes('a: 1\nb: 2\na: 3\n')).toEqual(['3:1 config_syntax']);
  });
  test.each(['__proto__', 'constructor', 'prototype'])('the key %s is refused at any depth', (key) => {
    expect(codes(`a:\n  b:\n    - ${key}: { polluted: true }\n`)).toEqual(['3:7 forbidden_key']);
    expect(codes(`"${key}": 1\n`)).toEqual(['1:1 forbidden_key']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
  test('32 levels are read, 33 are not', () => {
    const nested = (n: number) => `a: ${'['.repeat(n)}1${']'.repeat(n)}\n`;
    expect(codes(nested(31))).toEqual([]);
    expect(codes(nested(32)).map((c) => c.split(' ')[1])).toEqual(['config_depth']);
    const block = (n: number) =>
      Array.from({ length: n }, (_, i) => `${' '.repeat(i)}k${i}:`)
        .join('\n')
        .concat(' 1\n');
    expect(codes(block(32))).toEqual([]);
    expect(codes(block(34)).map((c) => c.split(' ')[1])).toContain('config_depth');
  });
  test('a megabyte of brackets is refused in well under a second', () => {
    const began = process.cpuUsage();
    expect(readDocument('['.repeat(1_000_000)).problems.map((p) => p.code)).toEqual(['config_depth']);
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1000).toBeLessThan(1_000);
  });
  test('brackets inside text do not count as nesting', () => {
    expect(codes(`a: "${'['.repeat(100)}"\nb: |\n  ${'['.repeat(100)}\nc: |\n  [\n`)).toEqual([]);
  });
  test('more than 1 MiB is refused unread', () => {
    expect(readDocument(`a: "${'x'.repeat(1_048_576)}"`).problems.map((p) => p.code)).toEqual(['config_size']);
  });
  test('several documents, tabs and half a file are syntax problems with a place', () => {
    expect(codes('a: 1\n---\nb: 2\n')).toEqual(['2:1 config_syntax']);
    expect(codes('a:\n\t- b\n')[0]).toBe('2:1 config_syntax');
    expect(codes('a: "x\n').every((c) => c.endsWith('config_syntax'))).toBe(true);
    expect(codes('a: "x\n').length).toBeGreaterThan(0);
  });
  test('a list or a word at the top is no configuration', () => {
    expect(codes('- a\n')).toEqual(['1:1 wrong_type']);
    expect(codes('hello')).toEqual(['1:1 wrong_type']);
  });
  test('a reference in a key is refused', () => {
    expect(codes('"${NAME}": 1\n')).toEqual(['1:1 bad_reference']);
  });
  test('text stays what YAML 1.2 core says: yes and 0o14 are no booleans and octals of YAML 1.1', () => {
    const { root } = readDocument('a: yes\nb: 012\nc: 0x1F\nd: ~\n');
    const values = [...(root?.entries.values() ?? [])].map((e) => (e.node.is === 'scalar' ? e.node.value : undefined));
    expect(values).toEqual(['yes', 12, 31, null]);
  });
});

describe('problems of the document and of the settings are told together', () => {
  let world: World;
  beforeEach(() => {
    world = makeWorld();
  });
  afterEach(() => world.dispose());

  test('an alias, an unknown key and a wrong value of one file', async () => {
    const problems = await world.problems(`${GOOD}x: &a 1\nfidelity: maybe\nfidelitty: report\n`);
    expect(problems.map((p) => [p.line, p.column, p.code])).toEqual([
      [6, 1, 'unknown_key'],
      [6, 7, 'config_alias'],
      [7, 11, 'wrong_value'],
      [8, 1, 'unknown_key'],
    ]);
  });
  test('a file that is not there', async () => {
    await expect(world.problems('', { file: `${world.folder}/none.yaml` })).resolves.toMatchObject([
      { code: 'config_missing', file: `${world.folder}/none.yaml` },
    ]);
  });
});
