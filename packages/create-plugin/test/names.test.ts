import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { filesOf, KINDS, type Kind, namedFrom } from '../src/index.ts';

const root = new URL('../../../', import.meta.url);
const named = (given: string, kind: Kind) => {
  const it = namedFrom(given, kind);
  if (it === undefined) throw new Error(`${given} is no name`);
  return it;
};
const fileOf = (given: string, kind: Kind, path: string): string => filesOf(named(given, kind)).find((file) => file.path === path)?.text ?? '';

it.each([
  ['acme', 'provider', 'acme', 'provider-acme'],
  ['provider-acme', 'provider', 'acme', 'provider-acme'],
  ['@big-corp/auth-sso-2', 'auth', 'sso-2', '@big-corp/auth-sso-2'],
  ['@big-corp/sso', 'auth', 'sso', '@big-corp/auth-sso'],
] as const)('%s as %s is %s of %s', (given, kind, name, whole) => {
  const folder = whole.split('/').at(-1);
  expect(namedFrom(given, kind)).toEqual({ kind, name, package: whole, folder });
});
it.each(['', '-a', 'A', 'a_b', 'a--b', '../a', '@a', '@a/b/c', 'provider-', 'provider-1', 'a'.repeat(65), "a'b"])('%j is no name of a plugin', (given) =>
  expect(namedFrom(given, 'provider')).toBeUndefined(),
);
it.each([
  ['@acme/provider-echo', 'provider', 'custom-provider'],
  ['@acme/auth-badge', 'auth', 'custom-auth'],
] as const)('%s is the example that the guide shows', (given, kind, example) => {
  for (const path of ['src/index.ts', 'test/facts.ts', 'test/contract.test.ts'])
    expect(fileOf(given, kind, path), path).toBe(readFileSync(new URL(`examples/${example}/${path}`, root), 'utf8'));
});
const LINES = { provider: 60, auth: 60, store: 70, factor: 90, dialect: 230 } as const satisfies Record<Kind, number>;
it.each(KINDS)('the source of a plugin of the kind %s is short, and no word of a template is left', (kind) => {
  expect(fileOf('acme', kind, 'src/index.ts').split('\n').length).toBeLessThan(LINES[kind]);
  for (const { path, text } of filesOf(named('acme', kind))) expect(text, path).not.toMatch(/\{\{|\}\}/);
});
it('a plugin is made with the versions that this workspace is made with', () => {
  const { catalog } = parse(readFileSync(new URL('pnpm-workspace.yaml', root), 'utf8')) as { readonly catalog: Readonly<Record<string, string>> };
  const { devDependencies: ours } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const { dependencies, devDependencies } = JSON.parse(fileOf('acme', 'auth', 'package.json')) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  const made = Object.entries({ ...dependencies, ...devDependencies }).filter(([name]) => !name.startsWith('@llm-proxy-auth/'));
  expect(made).toEqual(made.map(([name]) => [name, `^${catalog[name] ?? ours[name]}`]));
});
